import IPMI

extension FaultRule {
  /// Reads a rule: an action, then clauses in any order.
  ///
  /// | Clause                     | Meaning                                                       |
  /// |----------------------------|---------------------------------------------------------------|
  /// | `request`, `response`, `any` | the messages that are counted                               |
  /// | `of Get Device ID`, `of 0601` | those of a command: its name, or NetFn and command in hex  |
  /// | `3`, `first 3`, `every 3`, `after 3` | by count                                            |
  /// | `after 3s`, `every 3s`     | by time: ns, us, ms, s, min                                   |
  /// | `1%`                       | by chance                                                     |
  /// | `by 6s`                    | how late: of `delay`                                          |
  /// | `to 3`                     | how many bytes are left: of `truncate`                        |
  /// | `with C0`, `with 00 02`    | completion code and data: of `answer`                         |
  /// | `for 10s`                  | how long                                                      |
  ///
  /// - Throws: What the text has instead of a rule.
  public init(_ text: String) throws(FaultSyntaxError) {
    var parser = FaultParser(text)
    self = try parser.rule()
  }
}

/// The words of one rule, taken from front to back.
private struct FaultParser {
  private let words: [Substring]
  private var position = 0

  private var direction: FaultDirection?
  private var command: Command?
  private var trigger: FaultTrigger?
  private var duration: UInt64?
  private var delay: UInt64?
  private var length: Int?
  private var answer: [UInt8]?

  init(_ text: String) {
    words = text.split { $0 == " " || $0 == "\t" || $0 == "\r" }
  }

  private var next: Substring? { position < words.count ? words[position] : nil }

  private mutating func take(_ word: Substring) -> Bool {
    guard next == word else { return false }
    position += 1
    return true
  }

  mutating func rule() throws(FaultSyntaxError) -> FaultRule {
    guard let verb = next else {
      throw FaultSyntaxError("a rule is expected, such as 'drop response 3'")
    }
    position += 1
    let isReset = verb == "reset"
    let target = isReset ? next : nil
    if isReset { position += 1 }
    while let word = next {
      position += 1
      try clause(word)
    }
    let action = try action(verb, target)
    try check(action)
    return FaultRule(
      action, direction ?? action.usualDirection, of: command,
      trigger ?? (action.isOfMessage ? .always : .at(1)), for: duration)
  }

  // MARK: The action

  private func action(
    _ verb: Substring, _ target: Substring?
  ) throws(FaultSyntaxError) -> FaultAction {
    switch verb {
    case "drop": return .drop
    case "duplicate": return .duplicate
    case "corrupt": return .corrupt
    case "busy": return .busy
    case "attention": return .attention
    case "cut": return .cut
    case "abort": return .abort
    case "reset":
      switch target {
      case "host": return .resetHost
      case "bmc", "BMC": return .resetBMC
      default: throw FaultSyntaxError("reset what? 'reset host' or 'reset bmc' is expected")
      }
    case "delay":
      guard let delay else {
        throw FaultSyntaxError(
          "delay by how much? 'by 6s' is expected, as in 'delay response 3 by 6s'")
      }
      return .delay(by: delay)
    case "truncate":
      guard let length else {
        throw FaultSyntaxError(
          "truncate to how many bytes? 'to 3' is expected, as in 'truncate response 3 to 3'")
      }
      return .truncate(to: length)
    case "answer":
      guard let answer else {
        throw FaultSyntaxError(
          "answer with what? 'with' and bytes in hexadecimal are expected, the completion code "
            + "first, as in 'answer request every 4 with C3'")
      }
      return .answer(with: answer)
    default:
      throw FaultSyntaxError(
        "'\(verb)' is no fault: drop, delay, duplicate, corrupt, truncate, busy, answer, attention, "
          + "cut, abort, reset host or reset bmc is expected")
    }
  }

  /// What does not go together.
  private func check(_ action: FaultAction) throws(FaultSyntaxError) {
    let verb = action.verb
    if delay != nil, verb != "delay" {
      throw FaultSyntaxError("'by' is for delay, not for \(verb)")
    }
    if length != nil, verb != "truncate" {
      throw FaultSyntaxError("'to' is for truncate, not for \(verb)")
    }
    if answer != nil, words[0] != "answer" {
      throw FaultSyntaxError("'with' is for answer, not for \(verb)")
    }
    if duration != nil, !action.canLast {
      throw FaultSyntaxError("\(verb) does not last: leave 'for' out")
    }
    let direction = direction ?? action.usualDirection
    switch action {
    case .answer where direction != .request:
      throw FaultSyntaxError("\(verb) is for requests: 'request' is expected, or nothing")
    case .truncate(let count):
      let least = direction == .request ? 2 : 3
      guard count >= least else {
        throw FaultSyntaxError(
          "to \(count): a request has at least 2 bytes, NetFn and command, and a response 3, with "
            + "its completion code")
      }
    default: break
    }
  }

  // MARK: Clauses

  private mutating func clause(_ word: Substring) throws(FaultSyntaxError) {
    switch word {
    case "request", "response", "any": try set(direction: word)
    case "of":
      guard command == nil else { throw FaultSyntaxError("'of' is given twice") }
      command = try takeCommand()
    case "first":
      try set(.first(takeCount(word)))
    case "every", "after":
      try takeDirection()
      if let time = next.flatMap(Self.duration) {
        position += 1
        guard time > 0 else { throw FaultSyntaxError("\(word) 0: a longer time is expected") }
        try set(word == "every" ? .everyTime(time) : .afterTime(time))
      } else {
        let count = try takeCount(word)
        try set(word == "every" ? .every(count) : .after(count))
      }
    case "by":
      guard delay == nil else { throw FaultSyntaxError("'by' is given twice") }
      delay = try takeDuration(word)
    case "for":
      guard duration == nil else { throw FaultSyntaxError("'for' is given twice") }
      duration = try takeDuration(word)
    case "to":
      guard length == nil else { throw FaultSyntaxError("'to' is given twice") }
      length = Int(clamping: try takeCount(word))
    case "with":
      guard answer == nil else { throw FaultSyntaxError("'with' is given twice") }
      answer = try takeBytes()
    default:
      if word.last == "%" {
        guard let share = Self.decimal(word.dropLast(), scale: 10_000),
          (1...1_000_000).contains(share)
        else {
          throw FaultSyntaxError("'\(word)': a percentage from 0.0001% to 100% is expected")
        }
        try set(.probability(share))
      } else if word.first?.isASCIIDigit == true {
        position -= 1
        try set(.at(takeCount(word)))
      } else {
        throw FaultSyntaxError(
          "'\(word)' is not understood: request, response, any, of, a count, first, every, after, "
            + "a percentage, by, to, with or for is expected")
      }
    }
  }

  private mutating func set(direction word: Substring) throws(FaultSyntaxError) {
    guard direction == nil else {
      throw FaultSyntaxError("'\(word)': the direction is given twice")
    }
    direction = word == "request" ? .request : word == "response" ? .response : .any
  }

  private mutating func set(_ new: FaultTrigger) throws(FaultSyntaxError) {
    guard trigger == nil else {
      throw FaultSyntaxError(
        "'\(new.clause ?? "")': when it happens is given twice; write two rules")
    }
    trigger = new
  }

  /// `after request 5` is `request after 5`.
  private mutating func takeDirection() throws(FaultSyntaxError) {
    for word in ["request", "response", "any"] as [Substring] where take(word) {
      try set(direction: word)
      return
    }
  }

  private mutating func takeCount(_ word: Substring) throws(FaultSyntaxError) -> UInt64 {
    guard let text = next else {
      throw FaultSyntaxError("'\(word)' is the last word: a number is expected")
    }
    guard let count = UInt64(text), count > 0, text.first != "+" else {
      throw FaultSyntaxError("'\(text)': a number from 1 on is expected")
    }
    position += 1
    return count
  }

  private mutating func takeDuration(_ word: Substring) throws(FaultSyntaxError) -> UInt64 {
    guard let text = next else {
      throw FaultSyntaxError("'\(word)' is the last word: a time is expected, such as 6s or 250ms")
    }
    guard let time = Self.duration(text), time > 0 else {
      throw FaultSyntaxError("'\(text)': a time is expected, such as 6s, 250ms, 20us, 5ns or 1min")
    }
    position += 1
    return time
  }

  /// The most bytes of an answer that a rule can have: KCS carries it, as every interface does.
  private static let answerLimit = 40

  private mutating func takeBytes() throws(FaultSyntaxError) -> [UInt8] {
    var bytes: [UInt8] = []
    while let text = next, text.utf8.count == 2, let byte = UInt8(text, radix: 16) {
      bytes.append(byte)
      position += 1
    }
    guard (1...Self.answerLimit).contains(bytes.count) else {
      throw FaultSyntaxError(
        "'with': 1 to \(Self.answerLimit) bytes of two hexadecimal digits are expected, the "
          + "completion code first")
    }
    return bytes
  }

  private static let keywords: [Substring] = [
    "request", "response", "any", "of", "first", "every", "after", "by", "for", "to", "with",
  ]

  private mutating func takeCommand() throws(FaultSyntaxError) -> Command {
    guard let text = next else {
      throw FaultSyntaxError(
        "'of' is the last word: a command is expected, such as Get Device ID or 0601")
    }
    if text.utf8.count == 4, let number = UInt16(text, radix: 16) {
      position += 1
      let netFn = UInt8(number >> 8)
      guard netFn < 0x40, netFn & 1 == 0 else {
        throw FaultSyntaxError(
          "'\(text)': NetFn is even and below 40h, as in 0601 for Get Device ID")
      }
      return Command(NetFn(rawValue: netFn), UInt8(truncatingIfNeeded: number))
    }
    let start = position
    while let word = next, !Self.keywords.contains(word), word.first?.isASCIIDigit != true {
      position += 1
    }
    let name = words[start..<position].joined(separator: " ")
    guard let command = Command(named: name) else {
      throw FaultSyntaxError(
        "'\(name)' is no command that has a name here; NetFn and command in hexadecimal work for "
          + "all, as in 'of 0601'")
    }
    return command
  }

  // MARK: Numbers

  /// A time such as `1.5s`, in nanoseconds.
  private static func duration(_ text: Substring) -> UInt64? {
    let number = text.prefix { $0.isASCIIDigit || $0 == "." }
    let name = text.dropFirst(number.count)
    guard let unit = durationUnits.first(where: { $0.name[...] == name }) else { return nil }
    return decimal(number, scale: unit.length)
  }

  /// A number with decimals, times `scale`; `nil` where that is no whole number.
  private static func decimal(_ text: Substring, scale: UInt64) -> UInt64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = parts.first, let whole = number(whole) else { return nil }
    let product = whole.multipliedReportingOverflow(by: scale)
    guard !product.overflow else { return nil }
    guard parts.count == 2 else { return product.partialValue }
    var rest: UInt64 = 0
    var unit = scale
    guard !parts[1].isEmpty else { return nil }
    for digit in parts[1] {
      guard let digit = digit.wholeNumberValue, unit % 10 == 0 || digit == 0 else { return nil }
      unit /= 10
      rest += UInt64(digit) * unit
    }
    let sum = product.partialValue.addingReportingOverflow(rest)
    return sum.overflow ? nil : sum.partialValue
  }

  private static func number(_ text: Substring) -> UInt64? {
    text.allSatisfy(\.isASCIIDigit) ? UInt64(text) : nil
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

extension Command {
  /// The command of that name, whatever the case of its letters; `nil` where none has it.
  init?(named name: String) {
    let wanted = name.lowercased()
    for netFn in stride(from: UInt8(0), to: 0x40, by: 2) {
      for code in UInt8.min...UInt8.max {
        let command = Command(NetFn(rawValue: netFn), code)
        if let name = command.name, "\(name)".lowercased() == wanted {
          self = command
          return
        }
      }
    }
    return nil
  }
}
