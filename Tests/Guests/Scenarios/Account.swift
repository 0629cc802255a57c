import EmulatedPair

/// What `ipmi-requester` says of its requests in its last lines.
struct Account: Equatable {
  private(set) var sent = 0
  private(set) var answered = 0
  private(set) var refused = 0
  private(set) var wrong = 0
  private(set) var lost = 0
  private(set) var unsent = 0
  /// How often there was which completion code, as two digits.
  private(set) var codes: [String: Int] = [:]
  /// Microseconds from the request to its response.
  private(set) var mean = 0
  private(set) var longest = 0

  /// Of no request.
  init() {}

  init(_ lines: [String]) throws {
    let prefix = "ipmi-requester: "
    for line in lines where line.hasPrefix(prefix) {
      let words = line.dropFirst(prefix.count).split { " ,;".contains($0) }.map(String.init)
      if words.starts(with: ["completion", "code"]), words.count == 5 {
        codes[words[2]] = Int(words[4])
      }
      func number(before word: String) -> Int? {
        words.firstIndex(of: word).flatMap { $0 > 0 ? Int(words[$0 - 1]) : nil }
      }
      func number(after word: String) -> Int? {
        words.firstIndex(of: word).flatMap { Int(words[$0 + 1]) }
      }
      guard let sent = number(before: "sent"), let answered = number(before: "answered"),
        let refused = number(before: "refused"), let wrong = number(before: "wrong"),
        let lost = number(before: "lost"), let unsent = number(before: "unsent"),
        let mean = number(after: "mean"), let longest = number(after: "longest")
      else { continue }
      (self.sent, self.answered, self.refused) = (sent, answered, refused)
      (self.wrong, self.lost, self.unsent) = (wrong, lost, unsent)
      (self.mean, self.longest) = (mean, longest)
      return
    }
    throw EmulatorError("ipmi-requester gave no account: \(lines.suffix(5))")
  }

  /// Counts the requests of another one, too. Times are not summed up.
  mutating func add(_ other: Account) {
    sent += other.sent
    answered += other.answered
    refused += other.refused
    wrong += other.wrong
    lost += other.lost
    unsent += other.unsent
    codes.merge(other.codes, uniquingKeysWith: +)
    longest = max(longest, other.longest)
  }

  /// Whether each request has its own answer, or a completion code that says there is none.
  var isComplete: Bool { wrong == 0 && lost == 0 && unsent == 0 && sent == answered + refused }

  /// Such as "297 of 300, C3 × 2, FF × 1".
  var summary: String {
    let parts =
      ["\(answered) of \(sent + unsent)"]
      + codes.sorted { $0.key < $1.key }.map { "\($0.key)h × \($0.value)" }
      + [(wrong, "wrong"), (lost, "lost"), (unsent, "unsent")].filter { $0.0 > 0 }
      .map { "\($0.1) × \($0.0)" }
    return parts.joined(separator: ", ")
  }
}

/// A time for a table: "812 µs", "3.9 ms", "2.5 s".
func time(microseconds: Int) -> String {
  func tenths(_ unit: Int) -> String {
    let value = (microseconds * 10 + unit / 2) / unit
    return value % 10 == 0 || value >= 1000 ? "\(value / 10)" : "\(value / 10).\(value % 10)"
  }
  return switch microseconds {
  case ..<1000: "\(microseconds) µs"
  case ..<1_000_000: tenths(1000) + " ms"
  default: tenths(1_000_000) + " s"
  }
}
