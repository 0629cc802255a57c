import IPMI
import ManagementController

/// The records of sensors in YAML. The usual record is the one that the controller itself makes of
/// what the entry says; `record` has the bytes in which another one differs.
extension ControllerContent.Record {
  private static let thresholdKeys = [
    "lower-non-critical", "lower-critical", "lower-non-recoverable", "upper-non-critical",
    "upper-critical", "upper-non-recoverable",
  ]

  private static let commonKeys = ["sensor", "number", "type", "entity", "record"]
  private static let thresholdOnlyKeys = [
    "unit", "format", "conversion", "nominal", "normal", "thresholds", "hysteresis", "reading",
  ]
  private static let discreteOnlyKeys = [
    "event-type", "states", "deassertion-events", "asserted",
  ]

  /// The entry of a sensor: of a discrete one where it has the key `states`.
  init(sensor value: YAMLValue) throws(ContentError) {
    let known = Self.commonKeys + Self.thresholdOnlyKeys + Self.discreteOnlyKeys
    let keys = try value.mapping(known)
    let isDiscrete = keys["states"] != nil
    for key in isDiscrete ? Self.thresholdOnlyKeys : Self.discreteOnlyKeys {
      guard let place = keys[key] else { continue }
      throw place.error(
        isDiscrete
          ? "\(key) is of a sensor with thresholds; this one has states"
          : "\(key) is of a sensor with states; this one has none")
    }
    guard let number = keys["number"] else { throw value.error("a sensor needs a number") }
    guard let type = keys["type"] else { throw value.error("a sensor needs a type") }
    let scale = isDiscrete ? nil : try Self.scale(keys)
    let kind: SensorDescription.Kind =
      if let scale {
        .threshold(try Self.threshold(keys, scale))
      } else {
        .discrete(try Self.discrete(keys))
      }
    let sensor = SensorDescription(
      number: try number.integer(in: 0...0xFE), name: try value.name(keys["sensor"]),
      type: SensorType(rawValue: try type.choice(.sensorTypes)),
      entity: try keys["entity"]?.entity() ?? .systemBoard, kind: kind)

    var bytes = [UInt8](SensorDataRecord(sensor).bytes)
    if scale != nil {
      // A nominal or normal reading that is not told of is not there.
      if keys["nominal"] == nil { bytes[30] &= ~0b001 }
      if keys["normal"] == nil { bytes[30] &= ~0b110 }
    }
    try (isDiscrete ? RecordFields.compact : .full).apply(keys["record"], to: &bytes)
    self.init(bytes: bytes)
    if let reading = keys["reading"], let scale { self.reading = try scale.raw(reading) }
    if let asserted = keys["asserted"] { self.asserted = try asserted.mask() }
  }

  private static func scale(_ keys: [String: YAMLValue]) throws(ContentError) -> Scale {
    let factors = ["multiplier", "offset", "offset-exponent", "result-exponent"]
    let conversion = try keys["conversion"]?.mapping(factors) ?? [:]
    let multiplier: Int16 = try conversion["multiplier"]?.integer(in: -512...511) ?? 1
    if multiplier == 0, let place = conversion["multiplier"] {
      throw place.error("a multiplier of 0 makes every reading the same")
    }
    return Scale(
      conversion: LinearConversion(
        multiplier: multiplier, offset: try conversion["offset"]?.integer(in: -512...511) ?? 0,
        offsetExponent: try conversion["offset-exponent"]?.integer(in: -8...7) ?? 0,
        resultExponent: try conversion["result-exponent"]?.integer(in: -8...7) ?? 0),
      format: ReadingFormat(rawValue: try keys["format"]?.choice(.formats) ?? 0) ?? .unsigned)
  }

  private static func threshold(
    _ keys: [String: YAMLValue], _ scale: Scale
  ) throws(ContentError) -> ThresholdCharacteristics {
    let given = try keys["thresholds"]?.mapping(thresholdKeys) ?? [:]
    var raw: [UInt8?] = []
    for key in thresholdKeys {
      if let place = given[key] { raw.append(try scale.raw(place)) } else { raw.append(nil) }
    }
    var result = ThresholdCharacteristics(
      unit: try keys["unit"]?.choice(.units) ?? 0, conversion: scale.conversion,
      nominal: try keys["nominal"].map { (place) throws(ContentError) in try scale.raw(place) }
        ?? 0,
      normal: 0...0,
      thresholds: Thresholds(
        lowerNonCritical: raw[0], lowerCritical: raw[1], lowerNonRecoverable: raw[2],
        upperNonCritical: raw[3], upperCritical: raw[4], upperNonRecoverable: raw[5]),
      hysteresis: try keys["hysteresis"]?.integer(in: 0...0xFF) ?? 0)
    result.format = scale.format
    if let normal = keys["normal"] {
      let ends = try normal.list(atMost: 2)
      guard ends.count == 2 else { throw normal.error("expected the lowest and the highest") }
      result.normalMinimum = try scale.raw(ends[0])
      result.normalMaximum = try scale.raw(ends[1])
    }
    return result
  }

  private static func discrete(
    _ keys: [String: YAMLValue]
  ) throws(ContentError) -> DiscreteCharacteristics {
    let states = try keys["states"]?.mask() ?? 0
    for key in ["deassertion-events", "asserted"] {
      guard let place = keys[key], try place.mask() & ~states != 0 else { continue }
      throw place.error("\(key) has an offset that states does not have")
    }
    let eventType: UInt8 = try keys["event-type"]?.integer(in: 0...0x7F) ?? 0x6F
    return DiscreteCharacteristics(
      eventType: eventType, states: states,
      deassertionEvents: try keys["deassertion-events"]?.mask() ?? 0)
  }

  // MARK: Writing

  /// What writes a sensor's entry; `nil` where that would not give the same bytes again.
  func sensorWriter() -> ((inout YAMLText) -> Void)? {
    let isFull = bytes[3] == 0x01
    guard let name = name(at: isFull ? 47 : 31), bytes[7] != 0xFF else { return nil }
    // Whose sensor it is does not matter here.
    var own = bytes
    (own[5], own[6]) = (0x20, 0x00)
    guard let sensor = SensorDescription(record: FixedBytes<255>(own)) else { return nil }
    var pairs: [(String, String?)] = [
      ("sensor", YAMLText.quoted(name)), ("number", String(sensor.number)),
      ("type", Names.sensorTypes.text(sensor.type.rawValue)),
      ("entity", "\(sensor.entity.id).\(sensor.entity.instance)"),
    ]
    switch sensor.kind {
    case .threshold(let characteristics):
      guard isFull, asserted == 0 else { return nil }
      pairs += self.pairs(of: characteristics)
    case .discrete(let characteristics):
      guard !isFull, reading == nil, asserted & ~characteristics.states == 0 else { return nil }
      pairs += self.pairs(of: characteristics)
    }
    let fields = isFull ? RecordFields.full : .compact
    // What these pairs alone would make; the rest is in `record`.
    guard let usual = Self.record(of: pairs) else { return nil }
    pairs.append(("record", fields.difference(bytes, from: usual.bytes)))
    guard Self.record(of: pairs) == self else { return nil }
    return { yaml in
      for (key, value) in pairs { yaml.pair(key, value) }
    }
  }

  private func pairs(of characteristics: ThresholdCharacteristics) -> [(String, String?)] {
    let scale = Scale(conversion: characteristics.conversion, format: characteristics.format)
    let conversion = characteristics.conversion
    let factors: [(String, Int, Int)] = [
      ("multiplier", Int(conversion.multiplier), 1), ("offset", Int(conversion.offset), 0),
      ("offset-exponent", Int(conversion.offsetExponent), 0),
      ("result-exponent", Int(conversion.resultExponent), 0),
    ]
    let given = factors.filter { $0.1 != $0.2 }.map { "\($0.0): \($0.1)" }
    let format = characteristics.format
    let thresholds = Self.thresholdKeys.indices.compactMap { index -> String? in
      guard bytes[18] & 1 << UInt8(index) != 0 else { return nil }
      // In the record they come the other way round.
      return "\(Self.thresholdKeys[index]): \(scale.text(bytes[41 - index]))"
    }
    let normal = [characteristics.normalMinimum, characteristics.normalMaximum].map(scale.text)
    return [
      ("unit", characteristics.unit == 0 ? nil : Names.units.text(characteristics.unit)),
      ("format", format == .unsigned ? nil : Names.formats.text(format.rawValue)),
      ("conversion", given.isEmpty ? nil : "{\(given.joined(separator: ", "))}"),
      ("nominal", bytes[30] & 0b001 == 0 ? nil : scale.text(characteristics.nominal)),
      ("normal", bytes[30] & 0b110 != 0b110 ? nil : YAMLText.list(normal)),
      ("thresholds", thresholds.isEmpty ? nil : "{\(thresholds.joined(separator: ", "))}"),
      ("hysteresis", bytes[42] == 0 ? nil : String(bytes[42])),
      ("reading", reading.map(scale.text)),
    ]
  }

  private func pairs(of characteristics: DiscreteCharacteristics) -> [(String, String?)] {
    let deassertions = characteristics.deassertionEvents
    return [
      (
        "event-type",
        characteristics.eventType == 0x6F ? nil : hexadecimal(characteristics.eventType)
      ),
      ("states", YAMLText.list(offsets(characteristics.states))),
      ("deassertion-events", deassertions == 0 ? nil : YAMLText.list(offsets(deassertions))),
      ("asserted", asserted == 0 ? nil : YAMLText.list(offsets(asserted))),
    ]
  }

  /// The record that an entry of these pairs is read as.
  private static func record(of pairs: [(String, String?)]) -> Self? {
    var yaml = YAMLText()
    for (key, value) in pairs { yaml.pair(key, value) }
    guard let value = try? YAMLValue.document(yaml.text, file: "") else { return nil }
    return try? Self(sensor: value)
  }
}
