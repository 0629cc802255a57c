/// How long to wait before the next attempt to connect.
///
/// 100 ms at first, twice as long after each failure, at most 5 s. A connection that did not last as
/// long is a failure as well: a peer that is busy accepts and closes.
struct Backoff: Sendable {
  /// The first delay, in nanoseconds.
  static let shortest: UInt64 = 100_000_000
  /// The last delay, in nanoseconds.
  static let longest: UInt64 = 5_000_000_000

  private var next = shortest

  /// The delay to wait, in nanoseconds, after a connection that lasted so long, 0 where
  /// there was none.
  mutating func delay(afterLasting duration: UInt64) -> UInt64 {
    if duration >= Self.longest { next = Self.shortest }
    defer { next = min(next * 2, Self.longest) }
    return next
  }
}
