import IPMI

/// SDR: one sensor data record, generated from what it describes. IPMI v2.0, section 43.
///
/// Every name is at most 16 bytes, so a record is at most 64.
public struct SensorDataRecord: Sendable {
  /// The record, from its ID to the last byte of its name.
  public private(set) var bytes: FixedBytes<64>

  /// The record of a sensor: full (01h) with thresholds, compact (02h) without.
  public init(_ sensor: SensorDescription, id: UInt16 = 0) {
    switch sensor.kind {
    case .threshold(let characteristics):
      self.init(sensor, characteristics, id: id)
    case .discrete(let characteristics):
      self.init(sensor, characteristics, id: id)
    }
  }

  /// Full sensor record, section 43.1.
  private init(_ sensor: SensorDescription, _ threshold: ThresholdCharacteristics, id: UInt16) {
    self.init(id: id, type: 0x01)
    // Re-arms itself, hysteresis and thresholds settable, events enabled one by one.
    appendKey(sensor, capabilities: 0b0110_1000)
    let present = UInt16(threshold.thresholds.present)
    bytes.append(littleEndian: sensor.assertionEvents | (present & 0b000_111) << 12)
    bytes.append(littleEndian: sensor.deassertionEvents | (present & 0b111_000) << 9)
    bytes.append(littleEndian: present | present << 8)
    append([threshold.format.rawValue << 6, threshold.unit, 0x00, 0x00])
    let fields = threshold.conversion.fields
    for index in fields.indices {
      bytes.append(fields[index])
    }
    append([0b111, threshold.nominal, threshold.normalMaximum, threshold.normalMinimum])
    append([threshold.format.highest, threshold.format.lowest])
    for index in (0..<Thresholds.count).reversed() {
      bytes.append(threshold.thresholds[index])
    }
    append([threshold.positiveHysteresis, threshold.negativeHysteresis, 0, 0, 0])
    appendName(sensor.name)
  }

  /// Compact sensor record, section 43.2.
  private init(_ sensor: SensorDescription, _ discrete: DiscreteCharacteristics, id: UInt16) {
    self.init(id: id, type: 0x02)
    // Re-arms itself, no hysteresis, no thresholds, events enabled one by one.
    appendKey(sensor, capabilities: 0b0100_0000)
    bytes.append(littleEndian: discrete.assertionEvents)
    bytes.append(littleEndian: discrete.deassertionEvents)
    bytes.append(littleEndian: discrete.states)
    append([0xC0, 0, 0, 1, 0])
    append([0, 0, 0, 0, 0, 0])
    appendName(sensor.name)
  }

  /// FRU device locator of a logical FRU device, section 43.8.
  public init(fru name: FixedBytes<16>, device: UInt8 = 0, id: UInt16 = 0) {
    self.init(id: id, type: 0x11)
    append([0x20, device, 0x80, 0x00, 0x00])
    append([0x10, 0x00, Entity.systemBoard.id, Entity.systemBoard.instance, 0])
    appendName(name)
  }

  /// Management controller device locator, section 43.9.
  public init(controller name: FixedBytes<16>, id: UInt16 = 0) {
    self.init(id: id, type: 0x12)
    append([0x20, 0x00, 0x00, ManagementController.deviceSupport, 0, 0, 0])
    append([Entity.managementController.id, Entity.managementController.instance, 0])
    appendName(name)
  }

  /// The header, with a length that ``appendName(_:)`` completes.
  private init(id: UInt16, type: UInt8) {
    bytes = FixedBytes()
    bytes.append(littleEndian: id)
    append([0x51, type, 0])
  }

  private mutating func appendKey(_ sensor: SensorDescription, capabilities: UInt8) {
    append([0x20, 0x00, sensor.number])
    append([sensor.entity.id, sensor.entity.instance])
    // Settable; events and scanning are on from start, without an initialisation agent.
    append([0b1000_0011, capabilities, sensor.type.rawValue, sensor.eventType])
  }

  /// Type/length code for 8-bit ASCII, then the name; closes the record.
  private mutating func appendName(_ name: FixedBytes<16>) {
    bytes.append(0xC0 | UInt8(truncatingIfNeeded: name.count))
    bytes.append(contentsOf: name)
    bytes[4] = UInt8(truncatingIfNeeded: bytes.count - 5)
  }

  private mutating func append<let count: Int>(_ values: [count of UInt8]) {
    for index in values.indices { bytes.append(values[index]) }
  }
}
