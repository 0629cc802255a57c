/// Counter 0 of a PC's 8254 at ports 40h and 43h: down from 65536 at 1.193182 MHz, over and over.
///
/// Only what a polling host uses: the latch command, and the two bytes of the count.
struct IntervalTimer: Sendable {
  private var latched: UInt16?
  private var isUpperNext = false

  mutating func write(_ value: UInt8, to port: UInt16, at time: UInt64) {
    // Counter 0, latch.
    guard port == 0x43, value & 0xF0 == 0 else { return }
    latched = Self.count(at: time)
    isUpperNext = false
  }

  mutating func read(at time: UInt64) -> UInt8 {
    let count = latched ?? Self.count(at: time)
    defer { isUpperNext.toggle() }
    guard isUpperNext else { return UInt8(truncatingIfNeeded: count) }
    latched = nil
    return UInt8(truncatingIfNeeded: count >> 8)
  }

  private static func count(at time: UInt64) -> UInt16 {
    // Exact for 4 hours of virtual time, and then wraps.
    UInt16(truncatingIfNeeded: 0 &- (time &* 1_193_182 / 1_000_000_000))
  }
}
