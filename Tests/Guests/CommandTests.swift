import EmulatedPair
import Foundation
import Testing

/// Every command that people use first, from ipmitool, FreeIPMI and OpenIPMI on a real Linux to our
/// firmware: what it prints, in one boot and in this order.
extension PairTests {
  /// A command, its exit status, and what its output must contain.
  struct Expectation: Sendable {
    var command: String
    var status: Int = 0
    var parts: [String]

    init(_ command: String, status: Int = 0, _ parts: String...) {
      (self.command, self.status, self.parts) = (command, status, parts)
    }
  }

  static let expectations = [
    Expectation("ipmitool mc info", "Product ID                : 1872 (0x0750)", "IPMI Version"),
    Expectation("ipmitool mc selftest", "Selftest: passed"),
    Expectation("ipmitool mc guid", "d6053f1c-7a2b-474d-8a9c-504eb0e10750"),
    Expectation("ipmitool mc getenables", "System Event Logging                     : enabled"),
    Expectation("ipmitool mc watchdog get", "Watchdog Timer Is:      Stopped"),
    Expectation("ipmitool mc watchdog reset", status: 1, "uninitialized watchdog"),
    // Use SMS/OS, no action, 10 s.
    Expectation("ipmitool raw 6 0x24 4 0 0 0x10 100 0", ""),
    Expectation("ipmitool mc watchdog reset", "countdown restarted"),
    Expectation("ipmitool mc watchdog get", "Started/Running", "SMS/OS"),
    Expectation("ipmitool mc watchdog off", "Watchdog Timer Shutoff successful"),
    Expectation("ipmitool mc watchdog get", "Stopped"),
    Expectation("ipmitool chassis status", "System Power         : on"),
    Expectation("ipmitool chassis power status", "Chassis Power is on"),
    Expectation("ipmitool chassis power on", "Chassis Power Control: Up/On"),
    Expectation("ipmitool chassis power cycle", "Chassis Power Control: Cycle"),
    Expectation("ipmitool chassis power reset", "Chassis Power Control: Reset"),
    Expectation("ipmitool chassis power soft", "Chassis Power Control: Soft"),
    Expectation("ipmitool chassis power diag", "Chassis Power Control: Diag"),
    Expectation("ipmitool chassis power off", "Chassis Power Control: Down/Off"),
    Expectation("ipmitool chassis policy list", "always-off"),
    Expectation("ipmitool chassis restart_cause", "System restart cause:"),
    Expectation("ipmitool chassis poh", "POH Counter"),
    Expectation("ipmitool sel clear", "Clearing SEL"),
    // 60000000h seconds are a morning in January 2021.
    Expectation("ipmitool raw 0x0a 0x49 0 0 0 0x60", ""),
    Expectation("ipmitool sel time get", "01/14/21"),
    Expectation(
      "printf '0x04 0x01 0x30 0x01 0x59 0x00 0x00\\n' >/tmp/sel && ipmitool sel add /tmp/sel",
      "Temperature #0x30"),
    Expectation("ipmitool sel list", "01/14/21", "Log area reset/cleared", "Temperature"),
    Expectation("ipmitool sel info", "Entries          : 2", "Version          : 1.5"),
    Expectation("ipmitool sdr list", "ADC0", "Watchdog", "Host Power", "SEL"),
    Expectation("ipmitool sensor list", "ADC0", "Volts", "1.600", "discrete"),
    Expectation("ipmitool sensor get ADC0", "Upper Critical        : 1.800"),
    Expectation("ipmitool fru print", "Product Name          : npcm750-evb"),
    Expectation("ipmitool channel info 0xf", "Channel Medium Type   : System Interface"),
    Expectation("ipmitool channel info 0", "IPMB"),
    // Event message buffer: enabled, filled by a platform event, read once.
    Expectation("ipmitool raw 6 0x2e 0x0e", ""),
    Expectation("ipmitool event 1", "Sending SAMPLE event: Temperature"),
    Expectation("ipmi-sel --output-manufacturer-id", "Temperature"),
    Expectation("ipmi-sensors", "ADC0", "Watchdog"),
    Expectation("ipmi-fru", "npcm750-evb"),
    Expectation("bmc-info --get-device-id", "Product ID            : 1872"),
    // OpenIPMI's own: address, LUN, NetFn and command; then the same of the response and its data.
    Expectation("openipmicmd -k '0f 00 06 01' smi 0", "0f 07 00 01 00 20 01 00 01 02 8f"),
  ]

  @Test func `everyday commands are answered by the firmware`() throws {
    // Some are about the host's power, which the host is still to have afterwards.
    let pair = try makePair(controlsHost: false)
    try pair.start()
    let problems = try Self.expectations.compactMap { try pair.problem(with: $0) }
    #expect(problems == [])
  }

  /// The voltage is what the board's converter measures, and the watchdog really expires.
  @Test func `sensors change, and their events are logged`() throws {
    let pair = try makePair()
    try pair.start()
    #expect(try pair.run("ipmitool sensor reading ADC0").lines == ["ADC0             | 0"])

    let monitor = try pair.monitorBMC()
    try monitor.set("adci[0]", of: "/machine/soc/adc", to: 1_500_000)
    try pair.waitForHost("ipmitool sensor reading ADC0", toPrint: "1.5")
    try monitor.set("adci[0]", of: "/machine/soc/adc", to: 1_900_000)
    try pair.waitForHost("ipmitool sel elist", toPrint: "Upper Critical going high")
    let reading = try pair.run("ipmitool sensor get ADC0").lines.joined(separator: "\n")
    #expect(reading.contains("Upper Critical"), "\(reading)")
    #expect(reading.contains("1.896"), "\(reading)")

    // SMS/OS, no action, 200 ms.
    #expect(try pair.run("ipmitool raw 6 0x24 4 0 0 0x10 2 0 && ipmitool raw 6 0x22").status == 0)
    try pair.waitForHost("ipmitool sel elist", toPrint: "Watchdog2 Watchdog | Timer expired")
  }
}

extension EmulatedPair {
  /// What is not as it should be when a command is run on the host; nil where nothing is.
  func problem(with expectation: PairTests.Expectation) throws -> String? {
    let result = try run(expectation.command, timeout: 60)
    let text = result.lines.joined(separator: "\n")
    let isMet =
      result.status == expectation.status
      && expectation.parts.allSatisfy { $0.isEmpty || text.contains($0) }
    return isMet ? nil : "\(expectation.command) ended with \(result.status): \(text)"
  }

  /// Repeats a command until it prints `text`, for at most 15 s.
  func waitForHost(_ command: String, toPrint text: String) throws {
    let deadline = Date(timeIntervalSinceNow: 15)
    while true {
      let lines = try run(command).lines
      if lines.contains(where: { $0.contains(text) }) { return }
      try #require(Date() < deadline, "\(command) never printed \(text): \(lines)")
    }
  }
}
