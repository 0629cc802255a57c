import Foundation
import Testing

/// Who may be on a link together, and what is kept of it.
extension StockQEMUTests {
  @Suite struct LinkRuleTests {
    /// Devices of one machine, the last of which is refused.
    struct Refusal: Sendable, CustomTestStringConvertible {
      var testDescription: String
      var emulator = "qemu-system-arm"
      var machine = "npcm750-evb"
      /// LINK is the link.
      var devices: [String]
      var message: String

      static let all = [
        Refusal(
          testDescription: "a message's host beside a link",
          devices: ["ipmi-host-link,link=LINK", "ipmi-host-extern,chardev=a,responder=kcs1"],
          message: "the host is at the other end of an ipmi-host-link: leave this device out, or "
            + "that one"),
        Refusal(
          testDescription: "a link beside a message's host",
          devices: ["ipmi-host-extern,chardev=a,responder=kcs1", "ipmi-host-link,link=LINK"],
          message: "the BMC has an ipmi-host-link, ipmi-host-extern or ipmi-host-post-codes "
            + "already: a link takes all of its channels, once"),
        Refusal(
          testDescription: "two links of one BMC",
          devices: ["ipmi-host-link,link=LINK", "ipmi-host-link,link=LINK.2"],
          message: "the BMC has an ipmi-host-link, ipmi-host-extern or ipmi-host-post-codes "
            + "already: a link takes all of its channels, once"),
        Refusal(
          testDescription: "one interrupt for two channels", emulator: "qemu-system-x86_64",
          machine: "pc",
          devices: ["lpc-kcs,link=LINK,channel=1,irq=10", "lpc-bt,link=LINK,irq=10"],
          message: "irq 10 is already another channel's"),
        Refusal(
          testDescription: "a delay that is no time", emulator: "qemu-system-x86_64",
          machine: "pc", devices: ["lpc-kcs,link=LINK,channel=1,odr-delay=soon"],
          message: "odr-delay 'soon' is no time: give 0 to 1000000 microseconds"),
        Refusal(
          testDescription: "a trace of no format", emulator: "qemu-system-x86_64",
          machine: "pc", devices: ["lpc-kcs,link=LINK,channel=1,trace=kcs.txt"],
          message: "trace 'kcs.txt': a name that ends in .vcd, .pcapng or .jsonl is expected"),
        Refusal(
          testDescription: "a trace in no folder", emulator: "qemu-system-x86_64",
          machine: "pc", devices: ["lpc-bt,link=LINK,trace=/no/such/bt.vcd"],
          message: "trace '/no/such/bt.vcd' could not be made: No such file or directory"),
      ]
    }

    @Test(arguments: StockQEMU.all, Refusal.all)
    func whatDoesNotGoTogetherIsRefused(_ qemu: StockQEMU, _ refusal: Refusal) async throws {
      let link = "/tmp/ipmi-host-bridge-link-\(UUID().uuidString)"
      let root = URL(fileURLWithPath: qemu.root)
      defer {
        for file in [link, "\(link).2"] {
          for suffix in ["", ".bmc", ".host"] {
            try? FileManager.default.removeItem(at: root.appending(path: file + suffix))
          }
        }
      }
      let devices = refusal.devices.map { $0.replacing("LINK", with: link) }
      let outcome = try await qemu.run(
        [
          refusal.emulator, "-M", refusal.machine, "-accel", "tcg", "-nodefaults", "-display",
          "none", "-S", "-chardev", "null,id=a",
        ] + devices.flatMap { ["-device", $0] })
      #expect(outcome.status == 1)
      #expect(
        outcome.errors == ["\(refusal.emulator): -device \(devices.last!): \(refusal.message)"])
    }

    @Test(arguments: StockQEMU.all)
    func aSecondBMCIsRefusedWhileTheFirstRuns(_ qemu: StockQEMU) async throws {
      let directory = "/tmp/ipmi-host-bridge-\(UUID().uuidString)"
      let here = URL(fileURLWithPath: qemu.root).appending(path: directory)
      try FileManager.default.createDirectory(at: here, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: here) }
      let device = "ipmi-host-link,link=\(directory)/link"
      let command = ["qemu-system-arm", "-M", "ast2600-evb", "-accel", "tcg", "-nodefaults"]
      let first = try QTestMachine(
        qemu, in: (here, directory), machine: "ast2600-evb",
        interruptController: "/machine/soc/a7mpcore/gic", options: ["-device", device])
      let outcome = try await qemu.run(
        command + ["-display", "none", "-S", "-device", device])
      #expect(
        outcome.errors == [
          "qemu-system-arm: -device \(device): link '\(directory)/link': "
            + "another emulator has joined it as the BMC"
        ])
      first.kill()
      let second = try QTestMachine(
        qemu, in: (here, directory), machine: "ast2600-evb",
        interruptController: "/machine/soc/a7mpcore/gic", options: ["-device", device])
      _ = try second.readByte(0)
    }

    @Test(
      arguments: StockQEMU.all,
      [
        """
        lpc-kcs options:
          channel=<string>       - number of the BMC's channel, 1 to 4
          ioport=<string>        - data port (default 0xca2)
          irq=<string>           - ISA interrupt, 0 for none (default the one that the BMC has chosen)
          link=<string>          - file that both sides share; made where it does not exist
          odr-delay=<string>     - microseconds for which the host does not see that ODR is full
          status-port=<string>   - status and command port (default the one after ioport)
          trace=<string>         - file to trace messages and registers to: .vcd, .pcapng or .jsonl

        """,
        """
        lpc-bt options:
          ioport=<string>        - first of the three ports (default 0xe4)
          irq=<string>           - ISA interrupt, 0 for none (default the one that the BMC has chosen)
          link=<string>          - file that both sides share; made where it does not exist
          trace=<string>         - file to trace messages and registers to: .vcd, .pcapng or .jsonl

        """,
        """
        lpc-post-codes options:
          ioport=<string>        - port that the host writes them to (default 0x80)
          link=<string>          - file that both sides share; made where it does not exist

        """,
      ])
    func theHelpOfThePCsDevices(_ qemu: StockQEMU, _ help: String) async throws {
      let type = try #require(help.split(separator: " ").first)
      let outcome = try await qemu.run(["qemu-system-x86_64", "-device", "\(type),help"])
      #expect(outcome.status == 0)
      #expect(outcome.output == help)
    }

    /// Registers of the BMC's own come back, and so what they mean for its host.
    @Test(arguments: StockQEMU.all)
    func aSnapshotKeepsWhatIsNotOnTheLink(_ qemu: StockQEMU) async throws {
      try await qemu.withTemporaryDirectory { here, inside in
        func bmc(_ options: [String] = []) throws -> QTestMachine {
          try QTestMachine(
            qemu, in: (here, inside), machine: "ast2600-evb",
            interruptController: "/machine/soc/a7mpcore/gic",
            options: ["-device", "ipmi-host-link,link=\(inside)/link"] + options)
        }
        let base = AspeedTests.base
        let before = try bmc()
        try before.writeWord(0x0C, to: base + 0x14)
        try before.writeWord(0xA2, to: base + 0x18)
        try before.writeWord(0x04, to: base + 0x10)
        try before.writeWord(0x80, to: base + 0x00)
        _ = try before.monitor(
          "migrate \"exec:cat >\(inside)/part && mv \(inside)/part \(inside)/state\"")
        // Whole only when it has its name.
        let state = here.appending(path: "state").path
        let began = ContinuousClock.now
        while !FileManager.default.fileExists(atPath: state) {
          try #require(ContinuousClock.now - began < .seconds(20))
        }
        before.kill()
        let after = try bmc(["-incoming", "exec:cat \(inside)/state"])
        while try after.monitor("info status").contains("inmigrate") {
          try #require(ContinuousClock.now - began < .seconds(40))
        }
        let host = try QTestMachine(
          qemu, in: (here, inside), emulator: "qemu-system-x86_64", machine: "pc",
          interruptController: "ioapic",
          options: ["-device", "lpc-kcs,link=\(inside)/link,channel=3"])
        _ = try after.monitor("cont")
        let start = ContinuousClock.now
        while try host.command("inb 0xca3") != ["OK", "0x0000"] {
          try #require(ContinuousClock.now - start < .seconds(20))
        }
        #expect(try after.read("readl", base + 0x18) == 0xA2)
      }
    }
  }
}
