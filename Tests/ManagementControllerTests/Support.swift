import IPMI
import ManagementController
import Testing

/// One second in nanoseconds.
let second: UInt64 = 1_000_000_000

/// The numbers of the sensors on ``makeController(powerIsOn:)``.
enum SensorNumber {
  static let voltage: UInt8 = 0x10
  static let watchdog: UInt8 = 0x20
  static let eventLog: UInt8 = 0x21
  static let hostPower: UInt8 = 0x22
}

let identity = DeviceIdentity(
  firmwareMajor: 1, firmwareMinor: 0x23, auxiliaryRevision: 0x0A0B_0C0D, manufacturer: 0xABCDE,
  product: 0x1234, guid: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])

/// A FRU inventory that says nothing.
let emptyFRU = FRUDescription(
  chassis: ["", ""], board: ["", "", "", "", ""], product: ["", "", "", "", "", "", ""])

let voltage = ThresholdCharacteristics(
  unit: 0x04, conversion: LinearConversion(multiplier: 63, resultExponent: -3),
  nominal: 190, normal: 181...200,
  thresholds: Thresholds(
    lowerNonCritical: 180, lowerCritical: 170, lowerNonRecoverable: 160,
    upperNonCritical: 200, upperCritical: 210, upperNonRecoverable: 220),
  hysteresis: 2)

/// A controller with one sensor of each kind.
func makeController(
  _ identity: DeviceIdentity = identity, powerIsOn: Bool = true, now: UInt64 = 0
) -> ManagementController {
  var sensors = SensorTable()
  sensors.append(
    SensorDescription(
      number: SensorNumber.voltage, name: "P12V", type: .voltage, kind: .threshold(voltage)))
  sensors.append(.watchdog(number: SensorNumber.watchdog))
  sensors.append(.eventLog(number: SensorNumber.eventLog))
  sensors.append(.hostPower(number: SensorNumber.hostPower))
  return ManagementController(
    identity: identity,
    sensors: sensors,
    fru: FRUDescription(
      chassis: ["CH-1", "CHS0001"],
      board: ["Example", "Test Board", "BRD0001", "B", ""],
      product: ["Example", "Test Server", "TS-1", "1.0", "SRV0001", "asset", ""]),
    powerIsOn: powerIsOn, now: now)
}

extension Message {
  /// A request for `command` with `data`.
  init(_ command: Command, _ data: [UInt8], lun: LUN = .bmc) {
    self.init(command, lun: lun)
    let fits = append(contentsOf: data.span)
    precondition(fits)
  }

  /// The data bytes, without the completion code.
  var payload: [UInt8] { (0..<dataCount).map { data($0)! } }
}

extension ManagementController {
  /// The response to `command` with `data`.
  mutating func ask(_ command: Command, _ data: [UInt8] = [], now: UInt64 = 0) -> Message {
    respond(to: Message(command, data), now: now)
  }

  /// The response data, where the command succeeds.
  mutating func data(_ command: Command, _ data: [UInt8] = [], now: UInt64 = 0) throws -> [UInt8] {
    let response = ask(command, data, now: now)
    try #require(response.completionCode == .success, "\(command): \(response.bytes[2])")
    return response.payload
  }

  /// The completion code.
  mutating func code(_ command: Command, _ data: [UInt8] = [], now: UInt64 = 0) -> UInt8? {
    ask(command, data, now: now).completionCode?.rawValue
  }

  /// Every action the board has yet to take.
  mutating func takeActions() -> [BoardAction] {
    var actions: [BoardAction] = []
    while let action = takeAction() { actions.append(action) }
    return actions
  }

  /// Every SDR, read whole along the links.
  mutating func readRepository() throws -> [[UInt8]] {
    var records: [[UInt8]] = []
    var id: UInt16 = 0
    while id != 0xFFFF {
      let answer = try data(.getSDR, [0, 0, UInt8(id & 0xFF), UInt8(id >> 8), 0, 0xFF])
      records.append(Array(answer[2...]))
      id = word(answer, 0)
    }
    return records
  }

  /// Every SEL record, read with Get SEL Entry along the next-record links.
  mutating func readLog(now: UInt64 = 0) throws -> [[UInt8]] {
    var records: [[UInt8]] = []
    var id: UInt16 = 0
    guard word(try data(.getSELInfo, now: now), 1) > 0 else { return [] }
    while id != 0xFFFF {
      let entry = try data(
        .getSELEntry, [0, 0, UInt8(id & 0xFF), UInt8(id >> 8), 0, 0xFF], now: now)
      id = word(entry, 0)
      records.append(Array(entry[2...]))
    }
    return records
  }
}

/// The bytes of a 16-bit field.
func littleEndian(_ value: Int) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }

/// The little-endian 16-bit field at `index`.
func word(_ bytes: [UInt8], _ index: Int) -> UInt16 {
  UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8
}

/// The little-endian 32-bit field at `index`.
func longWord(_ bytes: [UInt8], _ index: Int) -> UInt32 {
  UInt32(word(bytes, index)) | UInt32(word(bytes, index + 2)) << 16
}

/// A small random generator with a seed that a failing test prints.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    // SplitMix64.
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
