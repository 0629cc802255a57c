import Foundation
import IPMI
import ManagementController

/// FRU inventories in YAML: information areas, or bytes where there is more than those.
///
/// Platform Management FRU Information Storage Definition v1.0, sections 8 to 13.
struct InventoryYAML {
  /// An information area: its place in the header, what stands before its fields, and their keys.
  private struct Area {
    let area: FRUImage<8192>.Area
    let key: String
    /// Bytes between the length and the first field.
    let prefix: Int
    let fields: [String]
  }

  private static let areas = [
    Area(area: .chassis, key: "chassis", prefix: 1, fields: ["part", "serial"]),
    Area(
      area: .board, key: "board", prefix: 4,
      fields: ["manufacturer", "product", "serial", "part", "file"]),
    Area(
      area: .product, key: "product", prefix: 1,
      fields: ["manufacturer", "name", "part", "version", "serial", "asset", "file"]),
  ]

  /// The most custom fields of an area.
  private static let customLimit = 64

  // MARK: Reading

  /// The bytes of an entry below `fru`.
  static func inventory(_ value: YAMLValue, areaSize: Int) throws(ContentError) -> [UInt8] {
    let keys = try value.mapping(areas.map(\.key) + ["bytes"])
    let bytes: [UInt8]
    if let place = keys["bytes"] {
      guard keys.count == 1 else { throw place.error("bytes are the whole; they go with no area") }
      bytes = try place.bytes(0...ManagementController.fruCapacity)
    } else {
      var image = FRUImage<8192>()
      for area in areas {
        guard let place = keys[area.key] else { continue }
        try append(area, place, to: &image)
      }
      guard !image.isCut else { throw value.error("an area is longer than 2040 bytes") }
      bytes = keys.isEmpty ? [] : [UInt8](image.bytes)
    }
    guard bytes.count <= areaSize else {
      throw value.error("\(bytes.count) bytes; fru-area-size is \(areaSize)")
    }
    return bytes.withoutTrailingZeros
  }

  private static func append(
    _ area: Area, _ value: YAMLValue, to image: inout FRUImage<8192>
  ) throws(ContentError) {
    let special =
      switch area.area {
      case .chassis: ["type"]
      case .board: ["language", "made"]
      case .product: ["language"]
      }
    let keys = try value.mapping(special + area.fields + ["custom"])
    image.begin(area.area)
    if area.area == .chassis {
      image.append(try keys["type"]?.integer(in: 0...0xFF) ?? 0x17)
    } else {
      image.append(try keys["language"]?.integer(in: 0...0xFF) ?? 0)
    }
    if area.area == .board {
      let minutes = try keys["made"].map { (place) throws(ContentError) in try date(place) } ?? 0
      for shift in [0, 8, 16] { image.append(UInt8(truncatingIfNeeded: minutes >> shift)) }
    }
    for key in area.fields {
      image.appendField(try field(keys[key]))
    }
    for place in try keys["custom"]?.list(atMost: customLimit) ?? [] {
      image.appendField(try field(place))
    }
    image.endArea()
  }

  private static func field(_ value: YAMLValue?) throws(ContentError) -> FixedBytes<63> {
    FixedBytes(try value?.latin1(atMost: 63) ?? [])
  }

  // MARK: Writing

  /// Writes an entry: areas where they give the same bytes again, or else bytes.
  static func write(_ bytes: [UInt8], areaSize: Int, to yaml: inout YAMLText) {
    if let pairs = pairs(of: bytes, areaSize: areaSize) {
      yaml.entry { $0.write(pairs) }
    } else {
      for summary in summaries(bytes) { yaml.comment(summary) }
      yaml.entry { $0.pair("bytes", YAMLText.bytes(bytes)) }
    }
  }

  private static func pairs(
    of bytes: [UInt8], areaSize: Int
  ) -> [(key: String, pairs: [(String, String?)])]? {
    guard bytes.count >= 8 else { return nil }
    var result: [(key: String, pairs: [(String, String?)])] = []
    for area in areas where bytes[area.area.rawValue] != 0 {
      guard let pairs = pairs(of: area, bytes) else { return nil }
      result.append((area.key, pairs))
    }
    guard !result.isEmpty else { return nil }
    // Read again: only what gives the same bytes is shown in this way.
    var yaml = YAMLText()
    yaml.write(result)
    guard let value = try? YAMLValue.document(yaml.text, file: ""),
      let again = try? inventory(value, areaSize: areaSize), again == bytes
    else { return nil }
    return result
  }

  private static func pairs(of area: Area, _ bytes: [UInt8]) -> [(String, String?)]? {
    var index = Int(bytes[area.area.rawValue]) * 8 + 2
    func next() -> UInt8? {
      guard index < bytes.count else { return nil }
      defer { index += 1 }
      return bytes[index]
    }
    var pairs: [(String, String?)] = []
    let prefix = (0..<area.prefix).compactMap { _ in next() }
    guard prefix.count == area.prefix else { return nil }
    if area.area == .chassis {
      pairs.append(("type", hexadecimal(prefix[0])))
    } else if prefix[0] != 0 {
      pairs.append(("language", String(prefix[0])))
    }
    if area.area == .board {
      let minutes = Int(prefix[1]) | Int(prefix[2]) << 8 | Int(prefix[3]) << 16
      pairs.append(("made", minutes == 0 ? nil : YAMLText.quoted(text(minutes: minutes))))
    }
    var fields: [String] = []
    while let code = next(), code != 0xC1 {
      let count = Int(code & 0x3F)
      guard index + count <= bytes.count, fields.count < area.fields.count + customLimit,
        let text = String(latin1: bytes[index..<index + count])
      else { return nil }
      fields.append(text)
      index += count
    }
    for (key, text) in zip(area.fields, fields) where !text.isEmpty {
      pairs.append((key, YAMLText.quoted(text)))
    }
    let custom = fields.dropFirst(area.fields.count)
    if !custom.isEmpty { pairs.append(("custom", YAMLText.list(custom.map(YAMLText.quoted)))) }
    if pairs.allSatisfy({ $0.1 == nil }) { pairs.append(("language", "0")) }
    return pairs
  }

  /// The fields of each area, in any code, for a comment.
  private static func summaries(_ bytes: [UInt8]) -> [String] {
    guard bytes.count >= 8, bytes[0] == 0x01 else { return [] }
    return areas.compactMap { area in
      guard bytes[area.area.rawValue] != 0 else { return nil }
      var index = Int(bytes[area.area.rawValue]) * 8 + 2 + area.prefix
      var fields: [String] = []
      while index < bytes.count, bytes[index] != 0xC1, fields.count < customLimit {
        let key = fields.count < area.fields.count ? area.fields[fields.count] : "custom"
        let text = bytes[(index + 1)...].prefix(Int(bytes[index] & 0x3F))
        fields.append("\(key) \(TypedText.shown(bytes[index], text))")
        index += 1 + text.count
      }
      return "\(area.key): \(fields.joined(separator: ", "))"
    }
  }

  // MARK: Dates

  /// 1996-01-01 00:00 UTC, from which boards' dates count.
  private static let epoch = 820_454_400

  private static func date(_ value: YAMLValue) throws(ContentError) -> Int {
    guard let seconds = UTC.seconds(try value.text()), (seconds - epoch) % 60 == 0,
      1...0xFF_FFFF ~= (seconds - epoch) / 60
    else {
      throw value.error(
        "'\(try value.text())' is not a date from 1996 to 2027; expected it as 2026-01-31 12:00")
    }
    return (seconds - epoch) / 60
  }

  private static func text(minutes: Int) -> String {
    String(UTC.text(epoch + minutes * 60).dropLast(3))
  }
}

extension YAMLText {
  /// Sections of pairs.
  fileprivate mutating func write(_ sections: [(key: String, pairs: [(String, String?)])]) {
    for (key, pairs) in sections {
      section(key) { yaml in
        for (key, value) in pairs { yaml.pair(key, value) }
      }
    }
  }
}

/// Dates as they are written: in UTC, to the minute or the second.
enum UTC {
  /// Seconds since 1970.
  static func seconds(_ text: String) -> Int? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let date = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    let time = parts[1].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard date.count == 3, 2...3 ~= time.count, !date.contains(nil), !time.contains(nil) else {
      return nil
    }
    var components = DateComponents()
    (components.year, components.month, components.day) = (date[0], date[1], date[2])
    (components.hour, components.minute) = (time[0], time[1])
    components.second = time.count == 3 ? time[2] : 0
    guard 1970...2200 ~= date[0] ?? 0, let result = calendar.date(from: components) else {
      return nil
    }
    let seconds = Int(result.timeIntervalSince1970)
    // The calendar makes 1 March of 30 February.
    let written = time.count == 3 ? UTC.text(seconds) : String(UTC.text(seconds).dropLast(3))
    return written == text ? seconds : nil
  }

  /// Year, month, day, hour, minute and second.
  static func text(_ seconds: Int) -> String {
    let date = Date(timeIntervalSince1970: TimeInterval(seconds))
    let parts = calendar.dateComponents(
      [.year, .month, .day, .hour, .minute, .second], from: date)
    func two(_ value: Int?) -> String { (value ?? 0) < 10 ? "0\(value ?? 0)" : "\(value ?? 0)" }
    return "\(parts.year ?? 0)-\(two(parts.month))-\(two(parts.day)) "
      + "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))"
  }

  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    if let zone = TimeZone(identifier: "UTC") { calendar.timeZone = zone }
    return calendar
  }()
}
