import Testing

@testable import ControllerContent

/// Each error names the line, what was found, and what was expected.
@Suite struct ErrorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let yaml: String
    let line: Int?
    let message: String

    init(_ yaml: String, line: Int?, _ message: String) {
      (self.yaml, self.line, self.message) = (yaml, line, message)
    }

    var testDescription: String { yaml }
  }

  private static let sensor = "sdr:\n- sensor: A\n  number: 1\n  type: fan\n"

  static let cases: [Case] = [
    Case("", line: 1, "the file is empty"),
    Case("- a", line: 1, "expected a mapping with keys out of identity"),
    Case("identity: {device-di: 1}", line: 1, "unknown key 'device-di'; did you mean 'device-id'?"),
    Case("\n\nidentty: {}", line: 3, "did you mean 'identity'?"),
    Case("identity: {firmware: 1.5}", line: 1, "'1.5' is not a firmware revision"),
    Case("identity: {firmware: 128.00}", line: 1, "expected 0 to 127"),
    Case("identity: {guid: 1234}", line: 1, "'1234' is not a GUID"),
    Case("identity: {product: 0x10000}", line: 1, "0x10000 is outside 0 to 65535"),
    Case("identity: {product: -1}", line: 1, "-1 is outside 0 to 65535"),
    Case("identity: {product: ten}", line: 1, "'ten' is not a whole number, as 16 or 0x10"),
    Case("identity: {product: [1]}", line: 1, "expected a text or a number"),
    Case("identity: {device-sdrs: yes}", line: 1, "'yes' is neither true nor false"),
    Case("power: {restore: prevous}", line: 1, "did you mean 'previous'?"),
    Case("power: {restore: 3}", line: 1, "expected off, previous or on"),
    Case("identity: {}\nidentity: {}", line: 1, "a key is given twice: 'identity'"),
    Case("a: [", line: 2, "not YAML"),
    Case("a: \"\n", line: 2, "not YAML"),
    Case("a: &x [*x]", line: nil, "not YAML"),
    Case("sdr: 1", line: 1, "expected a list"),
    Case("sdr:\n- 1", line: 2, "expected a mapping that begins with one of sensor"),
    Case("sdr:\n- {number: 1}", line: 2, "an SDR without a kind"),
    Case("sdr:\n- {sensor: A, type: fan}", line: 2, "a sensor needs a number"),
    Case("sdr:\n- {sensor: A, number: 1}", line: 2, "a sensor needs a type"),
    Case("sdr:\n- {sensor: A, number: 255, type: fan}", line: 2, "255 is outside 0 to 254"),
    Case(
      "sdr:\n- {sensor: A, number: 1, type: fann}", line: 2,
      "unknown sensor type 'fann'; did you mean 'fan'?"),
    Case("sdr:\n- {sensor: A, number: 1, type: 256}", line: 2, "256 is outside 0 to 255"),
    Case(
      "sdr:\n- {sensor: A name that is too long, number: 1, type: fan}", line: 2,
      "has 23 characters; at most 16"),
    Case("sdr:\n- {sensor: ☃, number: 1, type: fan}", line: 2, "is not a character of 8-bit ASCII"),
    Case(sensor + "  entity: 3", line: 5, "'3' is not an entity; expected its ID and instance"),
    Case(sensor + "  unit: RMP", line: 5, "did you mean 'RPM'?"),
    Case(sensor + "  thresholds: {upper: 1}", line: 5, "did you mean 'upper-critical'?"),
    Case(
      sensor + "  thresholds: {upper-critical: 300}", line: 5,
      "300 is outside what the conversion reaches, 0 to 255"),
    Case(sensor + "  reading: warm", line: 5, "'warm' is not a number"),
    Case(sensor + "  reading: nan", line: 5, "'nan' is not a number"),
    Case(sensor + "  reading: 1e999", line: 5, "'1e999' is not a number"),
    Case(sensor + "  conversion: {multiplier: 0}", line: 5, "a multiplier of 0"),
    Case(sensor + "  conversion: {multiplier: 512}", line: 5, "512 is outside -512 to 511"),
    Case(sensor + "  normal: [1]", line: 5, "expected the lowest and the highest"),
    Case(sensor + "  normal: [1, 2, 3]", line: 5, "3 entries; at most 2"),
    Case(sensor + "  asserted: [0]", line: 5, "asserted is of a sensor with states"),
    Case(sensor + "  record: {capability: 1}", line: 5, "did you mean 'capabilities'?"),
    Case(sensor + "  record: {tolerance: 64}", line: 5, "64 is outside 0 to 63"),
    Case(
      sensor + "  states: [0]\n  reading: 1", line: 6, "reading is of a sensor with thresholds"),
    Case(sensor + "  states: [15]", line: 5, "15 is outside 0 to 14"),
    Case(sensor + "  states: [0]\n  asserted: [1]", line: 6, "an offset that states does not have"),
    Case(sensor + "- {sensor: B, number: 1, type: fan}", line: 5, "described before, in line 2"),
    Case("sdr:\n- bytes: 51 C0 02 00", line: 2, "says that 2 bytes follow it; 1 do"),
    Case("sdr:\n- bytes: 51 C", line: 2, "'C' is not a byte"),
    Case("sdr:\n- bytes: 51 C0", line: 2, "2 bytes; expected 3 to 247"),
    Case("sdr:\n- {bytes: 51 C0 00, reading: 1}", line: 2, "describes no sensor"),
    Case("fru-area-size: 7", line: 1, "7 is outside 8 to 8192"),
    Case(
      "fru-area-size: 64\nfru:\n- board: {product: \(String(repeating: "A", count: 63))}",
      line: 3, "fru-area-size is 64"),
    Case("fru:\n- {bytes: 01, board: {}}", line: 2, "go with no area"),
    Case("fru:\n- board: {made: 2026-02-30 00:00}", line: 2, "is not a date from 1996"),
    Case("fru:\n- board: {made: 1995-12-31 23:59}", line: 2, "is not a date from 1996"),
    Case("fru:\n- board: {serial: \(String(repeating: "A", count: 64))}", line: 2, "at most 63"),
    Case("fru: [{}, {}, {}, {}, {}, {}, {}, {}, {}]", line: 1, "9 entries; at most 8"),
    Case("fru-area-size: 2048\nfru: [{}, {}, {}, {}, {}]", line: 2, "make fru-area-size smaller"),
    Case("log:\n- {sensor: 1}", line: 2, "an event needs a sensor and its type"),
    Case("log:\n- {sensor: 1, type: fan, data: 00}", line: 2, "1 bytes; expected 3"),
    Case("log:\n- {sensor: 1, type: fan, time: 1-2-3}", line: 2, "'1-2-3' is not a time"),
    Case("log:\n- bytes: 00 00 03 \(String(repeating: "00 ", count: 13))", line: 2, "type 0x03"),
  ]

  @Test(arguments: cases)
  func `a wrong file is refused with its line and what was expected`(_ wrong: Case) throws {
    let error = #expect(throws: ContentError.self) {
      try ControllerContent(yaml: wrong.yaml, file: "bmc.yaml")
    }
    #expect(error?.file == "bmc.yaml")
    if let line = wrong.line { #expect(error?.line == line, "\(error?.description ?? "")") }
    #expect(error?.message.contains(wrong.message) == true, "\(error?.description ?? "")")
    #expect(error?.description.hasPrefix("bmc.yaml:") == true)
  }

  @Test func `what is too much is refused`() throws {
    let sensors = (0..<200).map { "- {sensor: S, number: \($0), type: fan}\n" }.joined()
    let tooMany = #expect(throws: ContentError.self) {
      try ControllerContent(yaml: "sdr:\n" + sensors, file: "")
    }
    #expect(tooMany?.message.contains("one sensor too many") == true)
    let record = "- bytes: 51 C0 F4\(String(repeating: " 00", count: 244))\n"
    let noRoom = #expect(throws: ContentError.self) {
      try ControllerContent(yaml: "sdr:\n" + String(repeating: record, count: 66), file: "")
    }
    #expect(noRoom?.line == 67)
    let long = #expect(throws: ContentError.self) {
      try ControllerContent(
        yaml: String(repeating: " ", count: ControllerContent.fileLimit + 1), file: "")
    }
    #expect(long?.message == "more than 1048576 bytes")
  }

  /// An sdrfile, and what is wrong with it.
  @Test(
    arguments: [
      ([0, 0, 0x51], "record 0 at byte 0 ends in its header: 3 of 5 bytes are there"),
      (
        [0, 0, 0x51, 0xC0, 0, 0, 0, 0x51, 0xC0, 2, 9],
        "record 1 at byte 5 is cut short: its header tells of 7 bytes, 6 are there"
      ),
      ([0, 0, 0x51, 0xC0, 251], "record 0 at byte 0 has 256 bytes; at most 249 can be read"),
      (
        [UInt8](repeating: 0, count: 16_390), "16390 bytes of records; at most 16384 fit"
      ),
    ] as [([UInt8], String)])
  func `a wrong sdrfile is refused`(file: [UInt8], message: String) {
    var content = ControllerContent()
    let error = #expect(throws: ContentError.self) { try content.read(sdrFile: file, named: "f") }
    #expect(error?.description == "f: \(message)")
    #expect(content == ControllerContent())
  }

  @Test func `a frudatafile of too much is refused`() {
    var content = ControllerContent()
    let file = [UInt8](repeating: 1, count: 8193)
    let error = #expect(throws: ContentError.self) {
      try content.read(fruFile: file, named: "f", areaSize: 1024)
    }
    #expect(
      error?.description == "f: 8193 bytes are 9 FRU devices of 1024; at most 8 devices and 8192 "
        + "bytes fit")
  }
}
