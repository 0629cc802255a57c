/// A clock that never goes back, with one alarm.
public protocol MonotonicTimer: Sendable {
  /// The alarm's interrupt.
  var line: InterruptLine { get }
  /// Starts the clock, without an alarm.
  mutating func start()
  /// Time since ``start()`` or before, in nanoseconds. To be asked once a minute at least, as a
  /// counter of 32 bits does not hold more.
  var now: UInt64 { mutating get }
  /// Requests one interrupt at `time` in nanoseconds, at once if that has passed; clears the
  /// interrupt before it, and any alarm set before.
  mutating func interrupt(at time: UInt64)
}
