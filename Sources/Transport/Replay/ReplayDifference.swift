import IPMI
import Tracing

/// A response that is not the recorded one.
public struct ReplayDifference: Sendable {
  /// The number of the request, from 0.
  public let index: Int
  public let recorded: Recording.Exchange
  /// What came now; `nil` where nothing did.
  public let response: Message?
  /// The offsets behind the completion code of what differs and counts.
  public let bytes: [Int]

  /// `nil` where `response` is as good as what was recorded.
  init?(
    _ index: Int, _ recorded: Recording.Exchange, _ response: Message?, _ rules: [ReplayRule]
  ) {
    (self.index, self.recorded, self.response) = (index, recorded, response)
    let rules = rules.filter { $0.command == recorded.request.command }
    guard let old = recorded.response, let new = response else {
      bytes = []
      if recorded.response == nil, response == nil { return nil }
      return
    }
    let range = 0..<max(old.dataCount, new.dataCount)
    bytes = range.filter { place in
      old.data(place) != new.data(place)
        && !rules.contains { $0.bytes?.contains(place) ?? true }
    }
    if bytes.isEmpty, Self.isSameHead(old, new) { return nil }
  }

  /// Whether NetFn, LUN, command and completion code are the same.
  private static func isSameHead(_ old: Message, _ new: Message) -> Bool {
    old.bytes[0] == new.bytes[0] && old.bytes[1] == new.bytes[1]
      && old.completionCode == new.completionCode
  }

  /// The difference in words, of which the first line names the request.
  public var lines: [String] {
    var title: FixedBytes<400> = []
    title.append("request ")
    title.append(decimal: UInt64(index + 1))
    title.append(", at ")
    title.append(seconds: recorded.time, places: 6)
    title.append(" s: ")
    TraceEvent.Occurrence.request(id: 0, recorded.request).describe(to: &title)
    guard let old = recorded.response, let new = response else {
      return [
        String(title), "  recorded \(Self.text(recorded.response))",
        "  received \(Self.text(response))",
      ]
    }
    guard Self.isSameHead(old, new) else {
      // The data of a refusal is another's.
      return [
        String(title), "  recorded \(Self.text(old))", "  received \(Self.text(new))",
      ]
    }
    var lines = [String(title)]
    if old.dataCount != new.dataCount, !bytes.isEmpty {
      lines.append("  recorded \(old.dataCount) bytes of data, received \(new.dataCount)")
    }
    let width = 16
    for row in Set(bytes.map { $0 / width }).sorted() {
      let places = row * width..<row * width + width
      let marks = places.map { bytes.contains($0) ? "^^" : "  " }.joined(separator: " ")
      let label = "  byte \(places.lowerBound)"
      let pad = String(repeating: " ", count: max(0, 12 - label.count))
      lines += [
        label + pad + "recorded  " + Self.row(old, places),
        String(repeating: " ", count: 12) + "received  " + Self.row(new, places),
        String(repeating: " ", count: 22) + marks,
      ].map { line in String(line.reversed().drop { $0 == " " }.reversed()) }
    }
    return lines
  }

  private static func text(_ response: Message?) -> String {
    guard let response else { return "no response" }
    var text: FixedBytes<400> = []
    text.append(completionOf: response)
    return String(text)
  }

  private static func row(_ message: Message, _ places: Range<Int>) -> String {
    places.compactMap { message.data($0) }.map { byte in
      var text: FixedBytes<8> = []
      text.append(hexadecimal: byte)
      return String(text)
    }.joined(separator: " ")
  }
}
