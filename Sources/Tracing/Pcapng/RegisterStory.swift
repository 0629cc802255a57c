import IPMI

/// What both processors did at a channel's registers since its last message, to be told in a comment.
struct RegisterStory: Sendable {
  private var counts: [4 of UInt32] = .init(repeating: 0)
  private var start: UInt64 = 0
  /// S1:S0 of KCS; `nil` before the first register value.
  private var state: UInt8?

  /// Whether S1:S0 is another than it was.
  mutating func entersState(_ new: UInt8) -> Bool {
    defer { state = new }
    return state != new
  }

  mutating func add(_ access: RegisterAccess, at time: UInt64) {
    if isEmpty { start = time }
    counts[Int(access.side.rawValue) * 2 + (access.isWrite ? 1 : 0)] &+= 1
  }

  private var isEmpty: Bool { counts[0] | counts[1] | counts[2] | counts[3] == 0 }

  /// Adds the story to a comment, and begins the next.
  mutating func tell<let size: Int>(to comment: inout FixedBytes<size>, at time: UInt64) {
    guard !isEmpty else { return }
    comment.append("; host ")
    tell(TraceSide.host, to: &comment)
    comment.append("; BMC ")
    tell(TraceSide.bmc, to: &comment)
    comment.append("; ")
    comment.append(duration: time &- start)
    counts = .init(repeating: 0)
  }

  private func tell<let size: Int>(_ side: TraceSide, to comment: inout FixedBytes<size>) {
    comment.append(decimal: UInt64(counts[Int(side.rawValue) * 2]))
    comment.append(" reads, ")
    comment.append(decimal: UInt64(counts[Int(side.rawValue) * 2 + 1]))
    comment.append(" writes")
  }
}
