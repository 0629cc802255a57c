import IPMI

/// What becomes of one message, and what happens behind it.
public struct FaultVerdict: Sendable {
  /// The message as it arrives: shorter, where it was truncated.
  public private(set) var message: Message
  /// How often it arrives: 0 where it is lost or answered.
  public private(set) var copies = 1
  /// How much later than it would, in nanoseconds.
  public private(set) var delay: UInt64 = 0
  /// A random number that says which of its bytes is damaged; `nil` where none is.
  public private(set) var damage: UInt64?
  /// What its sender gets in place of a response to it.
  public private(set) var answer: Message?
  /// Whether ``message`` is another than it was.
  public private(set) var isChanged = false
  /// Whether the BMC is away: the rule that is named is the one that made it start again.
  public private(set) var isLostToAbsence = false
  /// The rules that did something, as bits from 0; at most ``FaultSchedule/limit``.
  private var ruleBits: UInt64 = 0

  init(_ message: Message) { self.message = message }

  /// Whether nothing happens to it or behind it.
  public var isNothing: Bool { ruleBits == 0 }

  /// The index of the next rule that did something, from `index` on.
  public func nextRule(from index: Int) -> Int? {
    guard index < FaultSchedule.limit else { return nil }
    let rest = ruleBits >> UInt64(index)
    return rest == 0 ? nil : index + rest.trailingZeroBitCount
  }

  mutating func lose(by rule: Int) {
    copies = 0
    isLostToAbsence = true
    ruleBits |= 1 << UInt64(rule)
  }

  mutating func apply(_ action: FaultAction, _ rule: Int, random: inout SplitMix64) {
    ruleBits |= 1 << UInt64(rule)
    switch action {
    case .drop: copies = 0
    case .delay(let time): delay &+= time
    case .duplicate: copies = 2
    case .corrupt: damage = random.next()
    case .truncate(let count): truncate(to: count)
    case .answer(let bytes):
      copies = 0
      var response = Message(
        respondingTo: message, bytes.first.map(CompletionCode.init(rawValue:)) ?? .nodeBusy)
      for byte in bytes.dropFirst() { response.append(byte) }
      answer = response
    case .attention, .cut, .abort, .resetHost, .resetBMC: break
    }
  }

  private mutating func truncate(to count: Int) {
    guard count < message.count, let shorter = Message(message.bytes, in: 0..<count) else { return }
    message = shorter
    isChanged = true
  }
}
