/// Fields of an SDR that are numbers: their keys in YAML, and where they are. IPMI v2.0, section 43.
///
/// They stand below `record` where they differ from what the controller's own records have.
struct RecordFields {
  struct Field {
    let key: String
    let offset: Int
    var width = 1
    var mask: UInt8 = 0xFF
  }

  let fields: [Field]

  private static let sensor = [
    Field(key: "owner", offset: 5), Field(key: "owner-lun", offset: 6),
    Field(key: "initialization", offset: 10), Field(key: "capabilities", offset: 11),
    Field(key: "assertion-mask", offset: 14, width: 2),
    Field(key: "deassertion-mask", offset: 16, width: 2),
    Field(key: "reading-mask", offset: 18, width: 2),
    Field(key: "units", offset: 20), Field(key: "base-unit", offset: 21),
    Field(key: "modifier-unit", offset: 22),
  ]

  /// Full sensor record, 01h.
  static let full = RecordFields(
    fields: sensor + [
      Field(key: "event-type", offset: 13), Field(key: "linearization", offset: 23),
      Field(key: "tolerance", offset: 25, mask: 0x3F),
      Field(key: "accuracy", offset: 27, mask: 0x3F), Field(key: "accuracy-exponent", offset: 28),
      Field(key: "analog-flags", offset: 30), Field(key: "raw-nominal", offset: 31),
      Field(key: "raw-normal-maximum", offset: 32), Field(key: "raw-normal-minimum", offset: 33),
      Field(key: "raw-maximum", offset: 34), Field(key: "raw-minimum", offset: 35),
      Field(key: "raw-upper-non-recoverable", offset: 36),
      Field(key: "raw-upper-critical", offset: 37),
      Field(key: "raw-upper-non-critical", offset: 38),
      Field(key: "raw-lower-non-recoverable", offset: 39),
      Field(key: "raw-lower-critical", offset: 40),
      Field(key: "raw-lower-non-critical", offset: 41),
      Field(key: "negative-hysteresis", offset: 43), Field(key: "reserved", offset: 44, width: 2),
      Field(key: "oem", offset: 46),
    ])

  /// Compact sensor record, 02h.
  static let compact = RecordFields(
    fields: sensor + [
      Field(key: "event-type", offset: 13), Field(key: "sharing", offset: 23),
      Field(key: "sharing-instance", offset: 24),
      Field(key: "positive-hysteresis", offset: 25), Field(key: "negative-hysteresis", offset: 26),
      Field(key: "reserved", offset: 27, width: 2), Field(key: "reserved-2", offset: 29),
      Field(key: "oem", offset: 30),
    ])

  /// FRU device locator, 11h.
  static let fruLocator = RecordFields(
    fields: [
      Field(key: "address", offset: 5), Field(key: "access", offset: 7),
      Field(key: "channel", offset: 8), Field(key: "reserved", offset: 9),
      Field(key: "device-type", offset: 10), Field(key: "device-type-modifier", offset: 11),
      Field(key: "oem", offset: 14),
    ])

  /// Management controller device locator, 12h.
  static let controllerLocator = RecordFields(
    fields: [
      Field(key: "address", offset: 5), Field(key: "channel", offset: 6),
      Field(key: "notification", offset: 7), Field(key: "capabilities", offset: 8),
      Field(key: "reserved", offset: 9, width: 2), Field(key: "reserved-2", offset: 11),
      Field(key: "oem", offset: 14),
    ])

  /// Puts the fields that a mapping names into a record.
  func apply(_ value: YAMLValue?, to record: inout [UInt8]) throws(ContentError) {
    guard let value else { return }
    let given = try value.mapping(fields.map(\.key))
    for field in fields {
      guard let place = given[field.key] else { continue }
      let limit: UInt16 = field.width == 2 ? 0xFFFF : UInt16(field.mask)
      let number: UInt16 = try place.integer(in: 0...limit)
      record[field.offset] = record[field.offset] & ~field.mask | UInt8(truncatingIfNeeded: number)
      if field.width == 2 { record[field.offset + 1] = UInt8(number >> 8) }
    }
  }

  /// The fields in which `record` is not `usual`, as a mapping in one line; `nil` for none.
  func difference(_ record: [UInt8], from usual: [UInt8]) -> String? {
    let texts: [String] = fields.compactMap { field in
      guard value(of: field, in: record) != value(of: field, in: usual) else { return nil }
      return "\(field.key): \(hexadecimal(value(of: field, in: record), digits: 2 * field.width))"
    }
    return texts.isEmpty ? nil : "{\(texts.joined(separator: ", "))}"
  }

  private func value(of field: Field, in record: [UInt8]) -> UInt16 {
    field.width == 1
      ? UInt16(record[field.offset] & field.mask)
      : UInt16(record[field.offset]) | UInt16(record[field.offset + 1]) << 8
  }
}
