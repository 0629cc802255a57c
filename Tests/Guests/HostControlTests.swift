import EmulatedPair
import Foundation
import Testing

/// A BMC that controls its host by GPIO pins, and sees it go: power, reset and NMI really happen.
extension PairTests {
  struct Firmware: Sendable, CustomTestStringConvertible {
    var board: String
    var responder: String

    var testDescription: String { "\(responder) of \(board)" }
  }

  /// One of Nuvoton's GPIO controllers, and one of ASPEED's.
  static let controllers = [
    Firmware(board: "npcm750-evb", responder: "kcs1"),
    Firmware(board: "palmetto-bmc", responder: "ibt"),
  ]

  @Test(arguments: controllers)
  func `ipmitool on the host resets it and turns it off`(_ firmware: Firmware) throws {
    let board = try #require(Board.named(firmware.board))
    let pair = try EmulatedPair(
      EmulatedPair.Configuration(
        bmc: .firmware(board, responder: firmware.responder),
        hostKernel: try Artifacts.hostKernel(), hostInitrd: try Artifacts.hostInitrd()))
    try pair.start()
    let bmc = try #require(pair.bmc)
    try pair.waitForHost("ipmitool chassis power status", toPrint: "Chassis Power is on")

    // Linux says of an NMI that it does not know the reason.
    #expect(try pair.run("ipmitool chassis power diag").status == 0)
    try pair.waitForHost("dmesg", toPrint: "NMI received for unknown reason")

    for (command, action) in [("reset", "hard reset"), ("off", "power down")] {
      var cursor = bmc.lines.count
      let host = try #require(pair.host)
      // While the NMI is still asserted: what is asked for then was lost once.
      try host.begin("ipmitool chassis power diag; ipmitool chassis power \(command)")
      // Its emulator ends at a reset, too: -no-reboot.
      #expect(try host.process.waitForExit(timeout: 60) == .exited(0), "\(command)")
      for line in ["action: \(action)", "host power off"] {
        try bmc.wait(for: line, from: &cursor, timeout: 10) { $0 == line }
      }
      try pair.startHost()
    }
    try pair.waitForHost("ipmitool sel elist", toPrint: "Host Power | S5/G2: soft-off")
    try pair.waitForHost("ipmitool chassis power status", toPrint: "Chassis Power is on")
  }

  @Test func `Linux on the BMC resets the host by a pin, and sees it go by another`() throws {
    let pair = try EmulatedPair(
      EmulatedPair.Configuration(
        bmc: .linux(#require(Board.named("ast2600-evb")), responder: "kcs3"),
        hostKernel: try Artifacts.hostKernel(), hostInitrd: try Artifacts.hostInitrd()))
    try pair.start()
    let console = try #require(pair.bmcConsole)
    func bmc(_ command: String) throws -> [String] {
      let result = try console.run(command)
      try #require(result.status == 0, "\(command): \(result.lines)")
      return result.lines
    }
    // Pins I1 and I3, by the numbers that sysfs gives them.
    let base = try bmc(
      "cd /sys/class/gpio; grep -l 1e780000 gpiochip*/label | sed 's/[^0-9]//g' | "
        + "while read chip; do cat gpiochip$chip/base; done")
    let first = try #require(base.first.flatMap { Int($0) }) + 8 * 8
    let reset = "/sys/class/gpio/gpio\(first + 1)"
    let powerGood = "/sys/class/gpio/gpio\(first + 3)/value"
    _ = try bmc("for pin in 1 3; do echo $((\(first) + pin)) >/sys/class/gpio/export; done")
    // QEMU's controller drops what is written before the pin is an output, as Linux does it.
    _ = try bmc("echo high >\(reset)/direction; echo 1 >\(reset)/value")
    #expect(try bmc("cat \(powerGood)") == ["0"], "active low")
    _ = try bmc("echo 0 >\(reset)/value; echo 1 >\(reset)/value")
    #expect(try #require(pair.host).process.waitForExit(timeout: 60) == .exited(0))
    _ = try bmc("until grep -q 1 \(powerGood); do :; done")
    try pair.startHost()
    _ = try bmc("until grep -q 0 \(powerGood); do :; done")
    #expect(try pair.run("ipmitool mc info").status == 0)
  }
}
