import IPMI
import ManagementController

/// SEL records in YAML: system events, and everything else as bytes. IPMI v2.0, section 32.
struct EventYAML {
  /// From here on the SEL clock counts from 1970; below from the start of the controller.
  private static let calendarTime: UInt32 = 0x2000_0000

  /// The 16 bytes of an entry below `log`.
  static func record(_ value: YAMLValue) throws(ContentError) -> [UInt8] {
    let keys = try value.mapping([
      "bytes", "time", "generator", "sensor", "type", "event-type", "deasserted", "data",
    ])
    if let place = keys["bytes"] {
      guard keys.count == 1 else {
        throw place.error("bytes are the whole; no other key goes with them")
      }
      let bytes = try place.bytes(16...16)
      guard bytes[2] == 0x02 || bytes[2] >= 0xC0 else {
        throw place.error("record type \(hexadecimal(bytes[2])); expected 0x02 or 0xC0 to 0xFF")
      }
      return [0, 0] + bytes[2...]
    }
    guard let sensor = keys["sensor"], let type = keys["type"] else {
      throw value.error("an event needs a sensor and its type")
    }
    let seconds = try keys["time"].map { (place) throws(ContentError) in try time(place) } ?? 0
    let generator: UInt16 = try keys["generator"]?.integer(in: 0...0xFFFF) ?? 0x0020
    let eventType: UInt8 = try keys["event-type"]?.integer(in: 0...0x7F) ?? 0x6F
    let isDeasserted = try keys["deasserted"]?.boolean() ?? false
    let data = try keys["data"]?.bytes(3...3) ?? [0xFF, 0xFF, 0xFF]
    return [0, 0, 0x02]
      + (0..<4).map { UInt8(truncatingIfNeeded: seconds >> UInt32(8 * $0)) }
      + [UInt8(truncatingIfNeeded: generator), UInt8(generator >> 8), 0x04]
      + [try type.choice(.sensorTypes), try sensor.integer(in: 0...0xFF)]
      + [(isDeasserted ? 0x80 : 0) | eventType] + data
  }

  /// Writes an entry.
  static func write(_ record: [UInt8], to yaml: inout YAMLText) {
    yaml.entry { yaml in
      guard record[2] == 0x02, record[9] == 0x04 else {
        yaml.pair("bytes", YAMLText.bytes(record))
        return
      }
      let seconds = (0..<4).reduce(0 as UInt32) { $0 | UInt32(record[3 + $1]) << UInt32(8 * $1) }
      let generator = UInt16(record[7]) | UInt16(record[8]) << 8
      yaml.pair("time", text(seconds))
      yaml.pair("generator", generator == 0x0020 ? nil : hexadecimal(generator, digits: 4))
      yaml.pair("sensor", String(record[11]))
      yaml.pair("type", Names.sensorTypes.text(record[10]))
      yaml.pair("event-type", record[12] & 0x7F == 0x6F ? nil : hexadecimal(record[12] & 0x7F))
      yaml.pair("deasserted", record[12] & 0x80 == 0 ? nil : "true")
      yaml.pair("data", YAMLText.bytes(record[13...]))
    }
  }

  private static func time(_ value: YAMLValue) throws(ContentError) -> UInt32 {
    let text = try value.text()
    guard text.contains("-") else { return try value.integer(in: 0...UInt32.max) }
    guard let seconds = UTC.seconds(text).flatMap({ UInt32(exactly: $0) }) else {
      throw value.error(
        "'\(text)' is not a time; expected it as 2026-01-31 12:00:00, or seconds")
    }
    return seconds
  }

  private static func text(_ seconds: UInt32) -> String {
    seconds > calendarTime ? YAMLText.quoted(UTC.text(Int(seconds))) : String(seconds)
  }
}
