import IPMI

/// What a sensor is: everything its SDR tells. IPMI v2.0, sections 42 and 43.
public struct SensorDescription: Sendable {
  /// How a sensor reports.
  public enum Kind: Sendable {
    /// A reading, compared with thresholds: event type 01h.
    case threshold(ThresholdCharacteristics)
    /// Up to 15 states: any other event type.
    case discrete(DiscreteCharacteristics)
  }

  /// Sensor number, `0...FEh`, one per sensor.
  public var number: UInt8
  /// Name in the SDR; ASCII, cut at 16 bytes.
  public var name: FixedBytes<16>
  /// What the sensor measures.
  public var type: SensorType
  /// The part of the system it watches.
  public var entity: Entity
  /// How it reports.
  public var kind: Kind

  public init(
    number: UInt8, name: StaticString, type: SensorType, entity: Entity = .systemBoard, kind: Kind
  ) {
    self.init(number: number, name: FixedBytes(text: name), type: type, entity: entity, kind: kind)
  }

  public init(number: UInt8, name: FixedBytes<16>, type: SensorType, entity: Entity, kind: Kind) {
    self.number = number
    self.name = name
    self.type = type
    self.entity = entity
    self.kind = kind
  }

  /// The BMC's watchdog, "Watchdog": follows the watchdog timer.
  public static func watchdog(number: UInt8) -> SensorDescription {
    SensorDescription(
      number: number, name: "Watchdog", type: .watchdog2, entity: .managementController,
      kind: .discrete(DiscreteCharacteristics(states: 0b1_0000_1111)))
  }

  /// The event log, "SEL": follows the SEL.
  public static func eventLog(number: UInt8) -> SensorDescription {
    SensorDescription(
      number: number, name: "SEL", type: .eventLoggingDisabled, entity: .managementController,
      kind: .discrete(DiscreteCharacteristics(states: 0b0_0011_0100)))
  }

  /// The host's power, "Host Power": follows ``ManagementController/powerIsOn``.
  public static func hostPower(number: UInt8) -> SensorDescription {
    SensorDescription(
      number: number, name: "Host Power", type: .systemACPIPowerState,
      kind: .discrete(DiscreteCharacteristics(states: 0b0_0010_0001)))
  }

  /// Event/reading type: 01h threshold, 6Fh sensor-specific, others generic.
  var eventType: UInt8 {
    switch kind {
    case .threshold: 0x01
    case .discrete(let characteristics): characteristics.eventType
    }
  }

  /// The event offsets whose assertion can be an event, one bit each.
  var assertionEvents: UInt16 {
    switch kind {
    case .threshold(let characteristics): characteristics.assertionEvents
    case .discrete(let characteristics): characteristics.assertionEvents
    }
  }

  /// The event offsets that the sensor can deassert with an event, one bit each.
  var deassertionEvents: UInt16 {
    switch kind {
    case .threshold(let characteristics): characteristics.deassertionEvents
    case .discrete(let characteristics): characteristics.deassertionEvents
    }
  }
}

/// Sensor type code. IPMI v2.0, table 42-3.
public struct SensorType: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// 01h: temperature.
  public static let temperature = SensorType(rawValue: 0x01)
  /// 02h: voltage.
  public static let voltage = SensorType(rawValue: 0x02)
  /// 03h: current.
  public static let current = SensorType(rawValue: 0x03)
  /// 04h: fan.
  public static let fan = SensorType(rawValue: 0x04)
  /// 10h: event logging disabled.
  public static let eventLoggingDisabled = SensorType(rawValue: 0x10)
  /// 22h: system ACPI power state.
  public static let systemACPIPowerState = SensorType(rawValue: 0x22)
  /// 23h: watchdog 2.
  public static let watchdog2 = SensorType(rawValue: 0x23)
}

/// Entity ID and instance: a part of the system. IPMI v2.0, section 43.14.
public struct Entity: Hashable, Sendable {
  /// Entity ID, table 43-13.
  public var id: UInt8
  /// Entity instance, 7 bits, from 1.
  public var instance: UInt8

  public init(id: UInt8, instance: UInt8) {
    self.id = id
    self.instance = instance
  }

  /// 7.1: system board.
  public static let systemBoard = Entity(id: 0x07, instance: 1)
  /// 46.1: management controller firmware.
  public static let managementController = Entity(id: 0x2E, instance: 1)
}

/// The states of a discrete sensor.
public struct DiscreteCharacteristics: Sendable {
  /// Event/reading type: 6Fh sensor-specific, 02h–0Ch generic. Table 42-1.
  public var eventType: UInt8
  /// The offsets that the sensor has, one bit each; bit 15 is reserved.
  public var states: UInt16
  /// The offsets whose assertion is an event.
  public var assertionEvents: UInt16
  /// The offsets whose deassertion is an event too.
  public var deassertionEvents: UInt16

  /// - Parameter assertionEvents: `nil` for all of `states`.
  public init(
    eventType: UInt8 = 0x6F, states: UInt16, assertionEvents: UInt16? = nil,
    deassertionEvents: UInt16 = 0
  ) {
    self.eventType = eventType & 0x7F
    self.states = states & 0x7FFF
    self.assertionEvents = (assertionEvents ?? states) & states & 0x7FFF
    self.deassertionEvents = deassertionEvents & states & 0x7FFF
  }
}

/// The unit, conversion, range and thresholds of a threshold sensor.
public struct ThresholdCharacteristics: Sendable {
  /// How a raw reading is a number.
  public var format = ReadingFormat.unsigned
  /// Base unit code: 01h °C, 04h V, 05h A, 06h W, 12h RPM. Table 43-15.
  public var unit: UInt8
  /// From the raw reading to the unit.
  public var conversion: LinearConversion
  /// Raw reading in normal operation.
  public var nominal: UInt8
  /// The lowest raw reading in normal operation.
  public var normalMinimum: UInt8
  /// The highest raw reading in normal operation.
  public var normalMaximum: UInt8
  /// Thresholds at start, and which exist.
  public var thresholds: Thresholds
  /// Counts by which a reading falls below an upper threshold before the event ends.
  public var positiveHysteresis: UInt8
  /// Counts by which a reading rises above a lower threshold before the event ends.
  public var negativeHysteresis: UInt8
  /// The event offsets whose assertion is an event; at first those of the thresholds that exist.
  public var assertionEvents: UInt16
  /// The event offsets whose deassertion is an event; at first those of the thresholds that exist.
  public var deassertionEvents: UInt16

  public init(
    unit: UInt8, conversion: LinearConversion, nominal: UInt8, normal: ClosedRange<UInt8>,
    thresholds: Thresholds, hysteresis: UInt8 = 0
  ) {
    self.unit = unit
    self.conversion = conversion
    self.nominal = nominal
    normalMinimum = normal.lowerBound
    normalMaximum = normal.upperBound
    self.thresholds = thresholds
    positiveHysteresis = hysteresis
    negativeHysteresis = hysteresis
    assertionEvents = thresholds.events
    deassertionEvents = thresholds.events
  }
}

/// Six thresholds, in the order of the specification's masks. IPMI v2.0, section 35.8.
///
/// | Index | Threshold             | Event offset   |
/// |------:|-----------------------|----------------|
/// |     0 | lower non-critical    | 0, going low   |
/// |     1 | lower critical        | 2, going low   |
/// |     2 | lower non-recoverable | 4, going low   |
/// |     3 | upper non-critical    | 7, going high  |
/// |     4 | upper critical        | 9, going high  |
/// |     5 | upper non-recoverable | 11, going high |
public struct Thresholds: Sendable {
  /// The number of thresholds.
  static let count = 6
  /// Raw values; 0 for those that do not exist.
  private var values: [6 of UInt8]
  /// Which thresholds exist, one bit each.
  public let present: UInt8

  public init(
    lowerNonCritical: UInt8? = nil, lowerCritical: UInt8? = nil, lowerNonRecoverable: UInt8? = nil,
    upperNonCritical: UInt8? = nil, upperCritical: UInt8? = nil, upperNonRecoverable: UInt8? = nil
  ) {
    let given: [6 of UInt8?] = [
      lowerNonCritical, lowerCritical, lowerNonRecoverable,
      upperNonCritical, upperCritical, upperNonRecoverable,
    ]
    values = .init(repeating: 0)
    var mask: UInt8 = 0
    for index in 0..<Self.count {
      guard let value = given[index] else { continue }
      values[index] = value
      mask |= 1 << UInt8(index)
    }
    present = mask
  }

  /// Thresholds from their raw values, all six, and a mask of those that exist.
  init(_ values: [6 of UInt8], present: UInt8) {
    self.values = values
    self.present = present & 0x3F
  }

  /// The event offsets of the thresholds that exist: lower ones going low, upper ones going high.
  var events: UInt16 {
    var mask: UInt16 = 0
    for index in 0..<Self.count where present & 1 << UInt8(index) != 0 {
      mask |= 1 << Self.eventOffset(of: index)
    }
    return mask
  }

  /// The raw value of a threshold.
  subscript(index: Int) -> UInt8 {
    get { values[index] }
    set { values[index] = newValue }
  }

  /// The event offset of a threshold. Table 42-2.
  static func eventOffset(of index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: 2 * index + index / 3)
  }
}
