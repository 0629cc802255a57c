import Foundation
import IPMI
import Tracing

/// Reads what ``Tracing/JSONLinesWriter`` writes: one object on each line, the header first.
struct JSONLinesReader {
  /// What a line is.
  enum Line {
    case header(Header)
    case event(TraceEvent)
  }

  /// What a trace says of itself.
  struct Header {
    var origin: UInt64
    var comment: String
    var channels: [TraceModel.Channel]
  }

  /// What is wrong with a line, and what was expected.
  struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
  }

  /// All fields of all lines.
  private struct Fields: Decodable {
    var event: String
    var version: Int?
    var origin: String?
    var comment: String?
    var channels: [Channel]?
    var time: UInt64?
    var channel: String?
    var id: UInt8?
    var netFn: UInt8?
    var lun: UInt8?
    var command: UInt8?
    var completionCode: UInt8?
    var data: String?
    var side: String?
    var register: String?
    var value: UInt8?
    var idr: UInt8?
    var odr: UInt8?
    var str: UInt8?
    var btControl: UInt8?
    var btInterruptMask: UInt8?
    var to: String?
    var level: UInt8?
    var from: String?
    var code: UInt8?
    var argument: UInt8?
    var reason: String?
    var what: String?
    var rule: UInt8?

    struct Channel: Decodable {
      var name: String
      var description: String?
    }
  }

  private let decoder = JSONDecoder()
  /// The channels' numbers; `nil` before the header.
  private var numbers: [String: Int]?

  mutating func read(_ line: Data) throws(Problem) -> Line {
    let fields: Fields
    do {
      fields = try decoder.decode(Fields.self, from: line)
    } catch {
      throw Problem(Self.words(error))
    }
    guard let numbers else { return try header(fields) }
    guard let time = fields.time else { throw Problem("no time of the event") }
    let name = try need(fields.channel, "channel")
    guard let channel = numbers[name] else {
      throw Problem("channel \"\(name.prefix(32))\" is not in the header")
    }
    return .event(TraceEvent(time: time, channel: channel, try occurrence(fields)))
  }

  private mutating func header(_ fields: Fields) throws(Problem) -> Line {
    guard fields.event == "trace", let channels = fields.channels else {
      throw Problem(#"no header: {"event":"trace",…,"channels":[…]} is expected first"#)
    }
    guard fields.version == 1 else {
      throw Problem("version \(fields.version.map(String.init) ?? "missing"): 1 is expected")
    }
    guard channels.count <= TraceChannel.limit else {
      throw Problem("\(channels.count) channels: at most \(TraceChannel.limit) are expected")
    }
    numbers = Dictionary(
      channels.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    return .header(
      Header(
        origin: Self.nanoseconds(fields.origin ?? "0"), comment: fields.comment ?? "",
        channels: channels.map { .init(name: $0.name, description: $0.description ?? "") }))
  }

  private func occurrence(_ fields: Fields) throws(Problem) -> TraceEvent.Occurrence {
    switch fields.event {
    case "request": .request(id: try need(fields.id, "id"), try message(fields))
    case "response": .response(id: try need(fields.id, "id"), try message(fields))
    case "read", "write":
      .access(
        RegisterAccess(
          try side(fields.side, "side"), try register(fields.register),
          isWrite: fields.event == "write", try need(fields.value, "value")))
    case "registers":
      if let control = fields.btControl {
        .registers(
          .bt(control: control, interruptMask: try need(fields.btInterruptMask, "btInterruptMask")))
      } else {
        .registers(
          .kcs(
            idr: try need(fields.idr, "idr"), odr: try need(fields.odr, "odr"),
            str: try need(fields.str, "str")))
      }
    case "interrupt":
      .interrupt(to: try side(fields.to, "to"), isHigh: try need(fields.level, "level") != 0)
    case "control":
      .control(
        from: try side(fields.from, "from"), code: try need(fields.code, "code"),
        argument: fields.argument)
    case "damaged": .damaged(from: try side(fields.from, "from"), try damage(fields.reason))
    case "reset": .reset(try side(fields.side, "side"))
    case "connected": .connected(try side(fields.side, "side"))
    case "disconnected": .disconnected(try side(fields.side, "side"))
    case "fault":
      .fault(Self.bytes(of: try need(fields.what, "what")), rule: try need(fields.rule, "rule"))
    default: throw Problem("event \"\(fields.event.prefix(32))\" is not known")
    }
  }

  /// As much of a text as an event has room for.
  private static func bytes(of text: String) -> FixedBytes<48> {
    var bytes: FixedBytes<48> = []
    for byte in text.utf8 { bytes.append(byte) }
    return bytes
  }

  private func message(_ fields: Fields) throws(Problem) -> Message {
    let netFn = NetFn(rawValue: try need(fields.netFn, "netFn"))
    let lun = LUN(rawValue: try need(fields.lun, "lun"))
    var bytes = [netFn.rawValue << 2 | lun.rawValue, try need(fields.command, "command")]
    if let code = fields.completionCode { bytes.append(code) }
    let digits = Array(try need(fields.data, "data").utf8)
    guard digits.count % 2 == 0 else { throw Problem("data has half a byte at its end") }
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = Self.digit(digits[index]), let low = Self.digit(digits[index + 1]) else {
        throw Problem("data: hexadecimal digits are expected")
      }
      bytes.append(high << 4 | low)
    }
    guard let message = Message(bytes.span) else {
      throw Problem("a message of \(bytes.count) bytes: at most \(Message.capacity) are expected")
    }
    return message
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    Character(UnicodeScalar(character)).hexDigitValue.map { UInt8($0) }
  }

  private func side(_ name: String?, _ field: String) throws(Problem) -> TraceSide {
    switch try need(name, field) {
    case "host": .host
    case "BMC": .bmc
    default: throw Problem("\(field): \"host\" or \"BMC\" is expected")
    }
  }

  private func register(_ name: String?) throws(Problem) -> TracedRegister {
    guard let register = TracedRegister(name: try need(name, "register")) else {
      throw Problem("register \"\(name?.prefix(32) ?? "")\" is not known")
    }
    return register
  }

  private func damage(_ reason: String?) throws(Problem) -> TraceDamage {
    guard let damage = TraceDamage(name: try need(reason, "reason")) else {
      throw Problem("reason \"\(reason?.prefix(32) ?? "")\" is not known")
    }
    return damage
  }

  private func need<Value>(_ value: Value?, _ field: String) throws(Problem) -> Value {
    guard let value else { throw Problem("no \"\(field)\" of the event") }
    return value
  }

  /// "1700000000.123456789" as nanoseconds: a double has not enough digits.
  private static func nanoseconds(_ text: String) -> UInt64 {
    let parts = text.split(separator: ".", maxSplits: 1)
    guard let seconds = parts.first.flatMap({ UInt64($0) }), seconds < 1 << 33 else { return 0 }
    let fraction = parts.count == 2 ? String(parts[1].prefix(9)) : ""
    let padded = fraction + String(repeating: "0", count: 9 - fraction.count)
    return seconds * 1_000_000_000 + (UInt64(padded) ?? 0)
  }

  /// What Foundation says of a line that it cannot decode, in one sentence.
  private static func words(_ error: any Error) -> String {
    switch error as? DecodingError {
    case .keyNotFound(let key, _): "no \"\(key.stringValue)\""
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\(path(context)): \(context.debugDescription)"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      "\(path(context)): \(context.debugDescription)"
    default: "no JSON object; the line is damaged, or the file ends within it"
    }
  }

  private static func path(_ context: DecodingError.Context) -> String {
    context.codingPath.map(\.stringValue).joined(separator: ".")
  }
}
