import IPMI

extension SensorDescription {
  /// The sensor of a full or a compact record, sections 43.1 and 43.2; `nil` for another record,
  /// one that is cut short, and a sensor of another controller or LUN.
  ///
  /// A compact record may stand for several sensors: ``sharing(_:)`` says for how many.
  public init?<let size: Int>(record: FixedBytes<size>) {
    let isFull = record.byte(at: 3) == 0x01
    guard isFull || record.byte(at: 3) == 0x02, record.count >= (isFull ? 47 : 31),
      record[5] == 0x20, record[6] & 0x03 == 0
    else { return nil }
    let eventType = record[13] & 0x7F
    let kind: Kind =
      if isFull, eventType == 0x01 {
        .threshold(ThresholdCharacteristics(record: record))
      } else {
        .discrete(DiscreteCharacteristics(eventType: eventType, record: record))
      }
    self.init(
      number: record[7], name: Self.name(record, at: isFull ? 47 : 31),
      type: SensorType(rawValue: record[12]), entity: Entity(id: record[8], instance: record[9]),
      kind: kind)
  }

  /// The number of sensors that a record stands for; they are numbered from its own on.
  static func sharing<let size: Int>(_ record: FixedBytes<size>) -> UInt8 {
    record.byte(at: 3) == 0x02 ? max(1, (record.byte(at: 23) ?? 1) & 0x0F) : 1
  }

  /// The name behind a type/length byte, where it is 8-bit ASCII.
  private static func name<let size: Int>(
    _ record: FixedBytes<size>, at offset: Int
  ) -> FixedBytes<16> {
    var name: FixedBytes<16> = FixedBytes()
    guard let code = record.byte(at: offset), code >> 6 == 0b11 else { return name }
    for index in 0..<Int(code & 0x1F) {
      guard let byte = record.byte(at: offset + 1 + index) else { break }
      name.append(byte)
    }
    return name
  }
}

extension ThresholdCharacteristics {
  /// What a full record of at least 47 bytes says.
  fileprivate init<let size: Int>(record: FixedBytes<size>) {
    let exponents = record[29]
    self.init(
      unit: record[21],
      conversion: LinearConversion(
        multiplier: Self.tenBits(record[24], record[25]),
        offset: Self.tenBits(record[26], record[27]),
        offsetExponent: Int8(bitPattern: exponents << 4) >> 4,
        resultExponent: Int8(bitPattern: exponents) >> 4),
      nominal: record[31], normal: 0...0,
      thresholds: Thresholds(
        [record[41], record[40], record[39], record[38], record[37], record[36]],
        present: record[18]))
    format = ReadingFormat(rawValue: record[20] >> 6) ?? .unsigned
    normalMinimum = record[33]
    normalMaximum = record[32]
    positiveHysteresis = record[42]
    negativeHysteresis = record[43]
    assertionEvents = (UInt16(record[14]) | UInt16(record[15]) << 8) & 0x0FFF
    deassertionEvents = (UInt16(record[16]) | UInt16(record[17]) << 8) & 0x0FFF
  }

  /// A signed number of ten bits: the upper two are the upper two of `high`.
  private static func tenBits(_ low: UInt8, _ high: UInt8) -> Int16 {
    Int16(bitPattern: (UInt16(high & 0xC0) << 8 | UInt16(low) << 6)) >> 6
  }
}

extension DiscreteCharacteristics {
  /// What a record of at least 31 bytes says. The states are those that it can read or assert.
  fileprivate init<let size: Int>(eventType: UInt8, record: FixedBytes<size>) {
    let assertions = UInt16(record[14]) | UInt16(record[15]) << 8
    let deassertions = UInt16(record[16]) | UInt16(record[17]) << 8
    let states = UInt16(record[18]) | UInt16(record[19]) << 8
    self.init(
      eventType: eventType, states: states | assertions, assertionEvents: assertions,
      deassertionEvents: deassertions)
  }
}
