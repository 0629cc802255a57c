import Testing

/// What a user of a stock QEMU sees of the device before the machine runs.
extension StockQEMUTests {
  @Suite struct CommandLineTests {
    @Test(
      arguments: StockQEMU.all,
      [
        """
        ipmi-host-extern options:
          chardev=<string>       - id of the chardev that leads to the host's ipmi-bmc-extern
          nmi-gpio=<string>      - pin by which the BMC sends the host an NMI (active low)
          odr-delay=<string>     - microseconds for which the host leaves a full ODR unread, of KCS
          pgood-gpio=<string>    - pin that tells the BMC that the host is there (active high)
          pltrst-gpio=<string>   - pin that tells the BMC that the host is in reset (active low)
          power-gpio=<string>    - pin by which the BMC presses the host's power button (active low)
          reset-gpio=<string>    - pin by which the BMC resets the host (active low)
          responder=<string>     - interface of the BMC that answers the host: kcs1 to kcs4, or ibt
          trace=<string>         - file to trace messages and registers to: .vcd, .pcapng or .jsonl

        """,
        """
        ipmi-host-post-codes options:
          chardev=<string>       - id of the chardev from which the codes come, a byte each
          port=<string>          - I/O port that the host wrote them to (default 0x80)

        """,
        """
        ipmi-host-link options:
          link=<string>          - file that both sides share; made where it does not exist

        """,
      ])
    func theHelpListsTheOptionsWithTheirDescriptions(
      _ qemu: StockQEMU, _ help: String
    ) async throws {
      let type = try #require(help.split(separator: " ").first)
      let outcome = try await qemu.run(
        ["qemu-system-arm", "-M", "npcm750-evb", "-device", "\(type),help"])
      #expect(outcome.status == 0)
      #expect(outcome.errors == [])
      #expect(outcome.output == help)
    }

    @Test(arguments: StockQEMU.all)
    func theListOfDevicesDescribesTheDevice(_ qemu: StockQEMU) async throws {
      let outcome = try await qemu.run(["qemu-system-arm", "-device", "help"])
      #expect(outcome.status == 0)
      let misc = try #require(outcome.output.split(separator: "Misc devices:").last)
      #expect(
        misc.split(separator: "\n\n").first?.contains(
          "name \"ipmi-host-extern\", desc \"IPMI host, reached through a chardev\"") == true)
    }

    /// A command line that is refused, and the one line that says why.
    struct Refusal: Sendable, CustomTestStringConvertible {
      var testDescription: String
      var emulator = "qemu-system-arm"
      var machine = "npcm750-evb"
      var type = "ipmi-host-extern"
      /// What follows the type, of several `-device`; the last one is refused.
      var devices: [String]
      var message: String

      private static let levels = ", with :low or :high for where it is active"

      static let all = [
        Refusal(
          testDescription: "trace of no known kind",
          devices: ["chardev=a,responder=kcs1,trace=/tmp/trace.txt"],
          message:
            "trace '/tmp/trace.txt': a name that ends in .vcd, .pcapng or .jsonl is expected"),
        Refusal(
          testDescription: "trace that cannot be made",
          devices: ["chardev=a,responder=kcs1,trace=/no/such/folder/a.vcd"],
          message:
            "trace '/no/such/folder/a.vcd' could not be made: No such file or directory"),
        Refusal(
          testDescription: "chardev missing", devices: ["responder=kcs1"],
          message: "chardev is missing: give the id of the -chardev that leads to the host"),
        Refusal(
          testDescription: "chardev unknown", devices: ["chardev=nope,responder=kcs1"],
          message: "chardev 'nope' does not exist"),
        Refusal(
          testDescription: "chardev taken twice",
          devices: ["chardev=a,responder=kcs1", "chardev=a,responder=kcs2"],
          message: "chardev 'a' is already in use"),
        Refusal(
          testDescription: "responder missing", devices: ["chardev=a"],
          message: "responder is missing: choose one of kcs1, kcs2, kcs3"),
        Refusal(
          testDescription: "responder unknown", devices: ["chardev=a,responder=kcs9"],
          message: "responder 'kcs9' is unknown: choose one of kcs1, kcs2, kcs3"),
        Refusal(
          testDescription: "responder of another SoC", devices: ["chardev=a,responder=ibt"],
          message: "responder 'ibt' is not on npcm750, which has kcs1, kcs2, kcs3"),
        Refusal(
          testDescription: "responder of another SoC, by another board", machine: "quanta-gsj",
          devices: ["chardev=a,responder=kcs4"],
          message: "responder 'kcs4' is not on npcm730, which has kcs1, kcs2, kcs3"),
        Refusal(
          testDescription: "responder taken twice",
          devices: ["chardev=a,responder=kcs1", "chardev=b,responder=kcs1"],
          message: "responder 'kcs1' already has an ipmi-host-extern"),
        Refusal(
          testDescription: "a delay that is no number",
          devices: ["chardev=a,responder=kcs1,odr-delay=1s"],
          message: "odr-delay '1s' is no time: give 0 to 1000000 microseconds"),
        Refusal(
          testDescription: "a delay that is too long",
          devices: ["chardev=a,responder=kcs1,odr-delay=1000001"],
          message: "odr-delay '1000001' is no time: give 0 to 1000000 microseconds"),
        Refusal(
          testDescription: "a delay of BT", machine: "ast2600-evb",
          devices: ["chardev=a,responder=ibt,odr-delay=100"],
          message: "odr-delay is of KCS, and responder ibt has no ODR"),
        Refusal(
          testDescription: "machine without a SoC", machine: "virt",
          devices: ["chardev=a,responder=kcs1"],
          message: "machine virt-VERSION has no BMC that is supported: choose one of npcm750-evb, "
            + "quanta-gsj, quanta-gbs-bmc, kudo-bmc, mori-bmc, palmetto-bmc, ast2500-evb, "
            + "romulus-bmc, ast2600-evb"),
        Refusal(
          testDescription: "machine with another SoC", machine: "raspi2b",
          devices: ["chardev=a,responder=kcs1"],
          message: "machine raspi2b has no BMC that is supported: choose one of npcm750-evb, "
            + "quanta-gsj, quanta-gbs-bmc, kudo-bmc, mori-bmc, palmetto-bmc, ast2500-evb, "
            + "romulus-bmc, ast2600-evb"),
        Refusal(
          testDescription: "responder unknown on ASPEED", machine: "ast2600-evb",
          devices: ["chardev=a,responder=kcs9"],
          message: "responder 'kcs9' is unknown: choose one of kcs1, kcs2, kcs3, kcs4, ibt"),
        Refusal(
          testDescription: "responder taken twice, on a board built on an AST2500",
          machine: "witherspoon-bmc",
          devices: ["chardev=a,responder=ibt", "chardev=b,responder=ibt"],
          message: "responder 'ibt' already has an ipmi-host-extern"),
        Refusal(
          testDescription: "a pin that is not there",
          devices: ["chardev=a,responder=kcs1,reset-gpio=256"],
          message: "reset-gpio '256' is no GPIO of npcm750: give one from 0 to 255" + levels),
        Refusal(
          testDescription: "a pin of another SoC", machine: "ast2600-evb",
          devices: ["chardev=a,responder=kcs1,pgood-gpio=100"],
          message: "pgood-gpio '100' is no GPIO of ast2600-a3: give one from A0 to X7"
            + levels),
        Refusal(
          testDescription: "a pin past the last", machine: "ast2500-evb",
          devices: ["chardev=a,responder=kcs1,power-gpio=Y0"],
          message: "power-gpio 'Y0' is no GPIO of ast2500-a1: give one from A0 to X7"
            + levels),
        Refusal(
          testDescription: "a level that is none",
          devices: ["chardev=a,responder=kcs1,nmi-gpio=7:up"],
          message: "nmi-gpio '7:up' is no GPIO of npcm750: give one from 0 to 255"
            + levels),
        Refusal(
          testDescription: "a pin without a number",
          devices: ["chardev=a,responder=kcs1,pltrst-gpio=:low"],
          message: "pltrst-gpio ':low' is no GPIO of npcm750: give one from 0 to 255"
            + levels),
        Refusal(
          testDescription: "POST codes from nowhere", type: "ipmi-host-post-codes",
          devices: ["port=0x80"],
          message: "chardev is missing: give the id of the -chardev that leads to the host"),
        Refusal(
          testDescription: "POST codes to no port", type: "ipmi-host-post-codes",
          devices: ["chardev=a,port=0x10000"],
          message: "port '0x10000' is no I/O port: give a number from 0 to 0xffff"),
        Refusal(
          testDescription: "POST codes to what is no number", type: "ipmi-host-post-codes",
          devices: ["chardev=a,port=80h"],
          message: "port '80h' is no I/O port: give a number from 0 to 0xffff"),
        Refusal(
          testDescription: "POST codes by a chardev that is taken", type: "ipmi-host-post-codes",
          devices: ["chardev=a", "chardev=a,port=0x81"],
          message: "chardev 'a' is already in use"),
        Refusal(
          testDescription: "a link to nowhere", type: "ipmi-host-link", devices: [""],
          message: "link is missing: give the path of the file that both sides share"),
        Refusal(
          testDescription: "a link to what is none", type: "ipmi-host-link",
          devices: ["link=/dev/null"],
          message: "link '/dev/null': something else is there: give the path of a link, or one "
            + "where nothing is"),
        Refusal(
          testDescription: "a link in no directory", type: "ipmi-host-link",
          devices: ["link=/nonexistent/link"],
          message: "link '/nonexistent/link': it cannot be opened: No such file or directory"),
        Refusal(
          testDescription: "a link of a machine without a BMC", machine: "virt",
          type: "ipmi-host-link", devices: ["link=/nonexistent/link"],
          message: "machine virt-VERSION has no BMC that is supported: choose one of npcm750-evb, "
            + "quanta-gsj, quanta-gbs-bmc, kudo-bmc, mori-bmc, palmetto-bmc, ast2500-evb, "
            + "romulus-bmc, ast2600-evb"),
        Refusal(
          testDescription: "a PC's device on a BMC's machine", type: "lpc-kcs",
          devices: ["link=/nonexistent/link,channel=1"],
          message: "machine npcm750-evb has no ISA bus: this is a device of PCs, of "
            + "qemu-system-x86_64"),
        Refusal(
          testDescription: "a BMC's device on a PC", emulator: "qemu-system-x86_64", machine: "pc",
          type: "ipmi-host-link", devices: ["link=/nonexistent/link"],
          message: "machine pc-i440fx-VERSION has no BMC that is supported: choose one of "
            + "npcm750-evb, quanta-gsj, quanta-gbs-bmc, kudo-bmc, mori-bmc, palmetto-bmc, "
            + "ast2500-evb, romulus-bmc, ast2600-evb"),
        Refusal(
          testDescription: "no channel", emulator: "qemu-system-x86_64", machine: "pc",
          type: "lpc-kcs", devices: ["link=/nonexistent/link"],
          message: "channel is missing: give the number of the BMC's, 1 to 4"),
        Refusal(
          testDescription: "a channel that is none", emulator: "qemu-system-x86_64", machine: "pc",
          type: "lpc-kcs", devices: ["link=/nonexistent/link,channel=5"],
          message: "channel '5' is none: give 1 to 4"),
        Refusal(
          testDescription: "a port that is none", emulator: "qemu-system-x86_64", machine: "pc",
          type: "lpc-bt", devices: ["link=/nonexistent/link,ioport=e4"],
          message: "ioport 'e4' is no I/O port: give a number from 0 to 0xffff"),
        Refusal(
          testDescription: "an interrupt that is the bus's own", emulator: "qemu-system-x86_64",
          machine: "pc", type: "lpc-bt", devices: ["link=/nonexistent/link,irq=2"],
          message: "irq '2' is no ISA interrupt: give 1, 3 to 7, 9 to 12, 14 or 15, 0 for none, or "
            + "leave it out for the one that the BMC has chosen"),
        Refusal(
          testDescription: "a host's link in no directory", emulator: "qemu-system-x86_64",
          machine: "pc", type: "lpc-post-codes", devices: ["link=/nonexistent/link"],
          message: "link '/nonexistent/link': it cannot be opened: No such file or directory"),
      ]

      var commandLine: [String] {
        [
          emulator, "-M", machine, "-accel", "tcg", "-nodefaults", "-display", "none", "-S",
        ]
          + ["-chardev", "null,id=a", "-chardev", "null,id=b"]
          + devices.flatMap { ["-device", $0.isEmpty ? type : "\(type),\($0)"] }
      }
    }

    @Test(arguments: StockQEMU.all, Refusal.all)
    func oneLineSaysWhatIsWrong(_ qemu: StockQEMU, _ refusal: Refusal) async throws {
      let outcome = try await qemu.run(refusal.commandLine)
      let device = try #require(refusal.devices.last)
      let message = refusal.message.replacing("VERSION", with: qemu.version)
      #expect(outcome.status == 1)
      #expect(
        outcome.errors == [
          "\(refusal.emulator): -device \(refusal.type)\(device.isEmpty ? "" : ",")\(device): \(message)"
        ])
      #expect(outcome.output == "")
    }

    // MARK: Other QEMUs

    private static let minimal = Refusal(
      testDescription: "", devices: ["responder=kcs1"], message: "")

    @Test(arguments: StockQEMU.all)
    func aVersionThatIsNotTestedIsRefused(_ qemu: StockQEMU) async throws {
      let outcome = try await qemu.run(
        Self.minimal.commandLine,
        preloadedFirst: { try OtherQEMU.compile(changing: "qdict_get_int", in: ($0, $1)) })
      #expect(outcome.status == 1)
      #expect(
        outcome.errors == [
          "qemu-system-arm: -device ipmi-host-extern,responder=kcs1: QEMU 9.9 is untested, "
            + "7.2 and 10.0 are supported; IPMI_HOST_BRIDGE_ANY_QEMU=1 in the environment tries it "
            + "all the same"
        ])
    }

    @Test(arguments: StockQEMU.all)
    func aVersionThatIsNotTestedIsTriedOnRequest(_ qemu: StockQEMU) async throws {
      let outcome = try await qemu.run(
        Self.minimal.commandLine,
        preloadedFirst: { try OtherQEMU.compile(changing: "qdict_get_int", in: ($0, $1)) },
        environment: ["IPMI_HOST_BRIDGE_ANY_QEMU=1"])
      #expect(outcome.status == 1)
      #expect(outcome.errors.count == 1)
      #expect(outcome.errors.first?.contains("chardev is missing") == true)
    }

    @Test(arguments: StockQEMU.all)
    func aQEMUThatLacksAFunctionSaysWhich(_ qemu: StockQEMU) async throws {
      let outcome = try await qemu.run(
        Self.minimal.commandLine,
        preloadedFirst: { try OtherQEMU.compile(changing: "qemu_set_irq", in: ($0, $1)) })
      #expect(outcome.status == 1)
      #expect(
        outcome.errors.first == "qemu-system-arm: -device ipmi-host-extern is not available: "
          + "this QEMU does not export 'qemu_set_irq'")
    }

    // MARK: Preloading

    @Test(arguments: StockQEMU.all)
    func programsOnTheWayToQEMUAreLeftAlone(_ qemu: StockQEMU) async throws {
      let outcome = try await qemu.run(
        [
          "timeout", "60", "sh", "-c",
          "echo $LD_PRELOAD; qemu-system-arm -device ipmi-host-extern,help",
        ])
      #expect(outcome.status == 0)
      #expect(outcome.errors == [])
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.first?.hasSuffix("/libipmi-host-bridge-qemu.so") == true)
      #expect(lines.dropFirst().first == "ipmi-host-extern options:")
    }

    @Test(arguments: StockQEMU.all)
    func whatQEMUStartsDoesNotLoadTheLibrary(_ qemu: StockQEMU) async throws {
      try await qemu.withTemporaryDirectory { here, inside in
        // The other library stays: this one takes out only itself.
        let other = try OtherQEMU.compile(changing: "", in: (here, inside))
        let machine = try QTestMachine(
          qemu, in: (here, inside), responders: [], preloadedFirst: other)
        let printed = try machine.monitor("migrate \"exec:echo $LD_PRELOAD > \(inside)/preload\"")
        let preload = try? String(
          contentsOf: here.appending(path: "preload"), encoding: .utf8)
        #expect(preload == "\(other)\n", "\(printed)")
      }
    }
  }
}
