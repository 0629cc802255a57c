import IPMI
import ManagementController

/// SDRs in YAML: sensors, locators, and everything else as bytes.
extension ControllerContent.Record {
  /// The record of an entry below `sdr`: what its first key says.
  init(_ value: YAMLValue) throws(ContentError) {
    let kinds = ["sensor", "controller", "fru", "bytes"]
    guard case .mapping(let mapping) = value.node else {
      throw value.error(
        "expected a mapping that begins with one of \(kinds.joined(separator: ", "))")
    }
    let keys = mapping.keys.compactMap(\.string)
    switch kinds.first(where: keys.contains) {
    case "sensor": try self.init(sensor: value)
    case "controller": try self.init(controller: value)
    case "fru": try self.init(fruLocator: value)
    case "bytes": try self.init(bytesOf: value)
    default:
      throw value.error(
        "an SDR without a kind; expected one of the keys \(kinds.joined(separator: ", "))")
    }
  }

  /// Writes the entry: readable where that gives the same bytes again, or else as bytes.
  ///
  /// - Returns: Whether it is readable.
  func write(to yaml: inout YAMLText, asBytes: Bool = false) -> Bool {
    let readable: ((inout YAMLText) -> Void)? =
      switch bytes.count > 3 && !asBytes ? bytes[3] : 0 {
      case 0x01, 0x02: sensorWriter()
      case 0x11: fruLocatorWriter()
      case 0x12: controllerWriter()
      default: nil
      }
    if readable == nil { yaml.comment(summary) }
    yaml.entry(
      readable ?? { yaml in
        yaml.pair("bytes", YAMLText.bytes(bytes[2...]))
        yaml.pair("reading", reading.map { hexadecimal($0) })
        yaml.pair("asserted", asserted == 0 ? nil : YAMLText.list(offsets(asserted)))
      })
    return readable != nil
  }

  // MARK: Bytes

  /// Bytes from the version on: the ID is the repository's to choose.
  private init(bytesOf value: YAMLValue) throws(ContentError) {
    let keys = try value.mapping(["bytes", "reading", "asserted"])
    guard let place = keys["bytes"] else { throw value.error("expected the key bytes") }
    let bytes = try place.bytes(3...ManagementController.longestSDR - 2)
    guard Int(bytes[2]) == bytes.count - 3 else {
      throw place.error(
        "the record's third byte says that \(bytes[2]) bytes follow it; \(bytes.count - 3) do")
    }
    self.init(bytes: [0, 0] + bytes)
    if let reading = keys["reading"] { self.reading = try reading.integer(in: 0...0xFF) }
    if let asserted = keys["asserted"] { self.asserted = try asserted.mask() }
  }

  // MARK: Locators

  private init(controller value: YAMLValue) throws(ContentError) {
    let keys = try value.mapping(["controller", "entity", "record"])
    var bytes = [UInt8](SensorDataRecord(controller: try value.name(keys["controller"])).bytes)
    if let entity = try keys["entity"]?.entity() {
      (bytes[12], bytes[13]) = (entity.id, entity.instance)
    }
    try RecordFields.controllerLocator.apply(keys["record"], to: &bytes)
    self.init(bytes: bytes)
  }

  private func controllerWriter() -> ((inout YAMLText) -> Void)? {
    guard let name = name(at: 15) else { return nil }
    var usual = [UInt8](SensorDataRecord(controller: FixedBytes(bytes[16...])).bytes)
    return locatorWriter("controller", name, RecordFields.controllerLocator, &usual, entityAt: 12)
  }

  private init(fruLocator value: YAMLValue) throws(ContentError) {
    let keys = try value.mapping(["fru", "device", "entity", "record"])
    let device: UInt8 = try keys["device"]?.integer(in: 0...0xFE) ?? 0
    var bytes = [UInt8](
      SensorDataRecord(fru: try value.name(keys["fru"]), device: device).bytes)
    if let entity = try keys["entity"]?.entity() {
      (bytes[12], bytes[13]) = (entity.id, entity.instance)
    }
    try RecordFields.fruLocator.apply(keys["record"], to: &bytes)
    self.init(bytes: bytes)
  }

  private func fruLocatorWriter() -> ((inout YAMLText) -> Void)? {
    guard let name = name(at: 15), bytes[6] != 0xFF else { return nil }
    var usual = [UInt8](SensorDataRecord(fru: FixedBytes(bytes[16...]), device: bytes[6]).bytes)
    return locatorWriter("fru", name, RecordFields.fruLocator, &usual, entityAt: 12)
  }

  private func locatorWriter(
    _ kind: String, _ name: String, _ fields: RecordFields, _ usual: inout [UInt8], entityAt: Int
  ) -> ((inout YAMLText) -> Void)? {
    let isUsual = usual[entityAt...entityAt + 1] == bytes[entityAt...entityAt + 1]
    let entity = isUsual ? nil : "\(bytes[entityAt]).\(bytes[entityAt + 1])"
    let difference = fields.difference(bytes, from: usual)
    for field in fields.fields {
      for index in field.offset..<field.offset + field.width { usual[index] = bytes[index] }
    }
    usual.replaceSubrange(entityAt...entityAt + 1, with: bytes[entityAt...entityAt + 1])
    guard usual == bytes, reading == nil, asserted == 0 else { return nil }
    return { yaml in
      yaml.pair(kind, YAMLText.quoted(name))
      if kind == "fru" { yaml.pair("device", String(bytes[6])) }
      yaml.pair("entity", entity)
      yaml.pair("record", difference)
    }
  }

  /// The name behind the type/length byte at `offset`, where it is 8-bit ASCII and ends the record.
  func name(at offset: Int) -> String? {
    guard bytes.count > offset, bytes[offset] >> 5 == 0b110,
      bytes.count == offset + 1 + Int(bytes[offset] & 0x1F), bytes.count <= offset + 17
    else { return nil }
    return String(latin1: bytes[(offset + 1)...])
  }
}

/// The offsets of the bits of a mask.
func offsets(_ mask: UInt16) -> [String] {
  (0..<16).filter { mask & 1 << UInt16($0) != 0 }.map(String.init)
}

extension FixedBytes {
  /// As many of the bytes as fit.
  init(_ bytes: some Sequence<UInt8>) {
    self.init()
    for byte in bytes where !append(byte) { break }
  }
}

extension [UInt8] {
  init<let size: Int>(_ bytes: FixedBytes<size>) {
    self = (0..<bytes.count).map { bytes[$0] }
  }
}

extension YAMLValue {
  /// The name of a record, at most 16 characters.
  func name(_ value: YAMLValue?) throws(ContentError) -> FixedBytes<16> {
    guard let value else { throw error("expected a name") }
    return FixedBytes(try value.latin1(atMost: 16))
  }

  /// An entity: ID and instance with a point between, as 3.1 for the first processor.
  func entity() throws(ContentError) -> Entity {
    let parts = try text().split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let id = UInt8(parts[0]), let instance = UInt8(parts[1]) else {
      throw error(
        "'\(try text())' is not an entity; expected its ID and instance, as 3.1 for processor 1")
    }
    return Entity(id: id, instance: instance)
  }

  /// A list of offsets, 0 to 14, as a mask.
  func mask() throws(ContentError) -> UInt16 {
    var mask: UInt16 = 0
    for place in try list(atMost: 15) {
      mask |= 1 << (try place.integer(in: 0...14) as UInt16)
    }
    return mask
  }
}
