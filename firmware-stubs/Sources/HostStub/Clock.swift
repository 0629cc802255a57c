import CHostBoard

/// Time since the start, which never runs backwards.
///
/// From the programmable interval timer where it counts; a PC has it from the first instruction on.
/// An engine without one still has to end: there each reading of the clock counts as one
/// microsecond, about what a port takes on LPC. Firmware counts its polls for the same reason.
struct Clock {
  /// Nanoseconds.
  private var time: UInt64 = 0
  private var hasTimer = false
  private var lastCount: UInt16 = 0
  /// How many readings in a row found the same count.
  private var idleReadings = 0

  /// Ports of the 8254: counter 0, and the control word.
  private static let counter: UInt16 = 0x40
  private static let control: UInt16 = 0x43
  /// Nanoseconds of a count, at 1.193182 MHz.
  private static let countDuration: UInt64 = 838
  /// Readings within which a timer has counted: it does so every 0.8 µs.
  private static let patience = 1000

  /// Starts the timer, and finds out whether there is one.
  init() {
    // Counter 0, both bytes, mode 2: down from 65536, over and over.
    out8(Self.control, 0x34)
    out8(Self.counter, 0)
    out8(Self.counter, 0)
    lastCount = Self.count()
    for _ in 0..<Self.patience where !hasTimer { hasTimer = Self.count() != lastCount }
  }

  /// Reads the clock. Time between two readings that is over 54 ms is partly lost.
  mutating func now() -> UInt64 {
    guard hasTimer else {
      time += 1_000
      return time
    }
    let count = Self.count()
    idleReadings = count == lastCount ? idleReadings + 1 : 0
    // One that stops must not stop the program.
    if idleReadings == Self.patience { hasTimer = false }
    time += UInt64(lastCount &- count) * Self.countDuration
    lastCount = count
    return time
  }

  /// Lets `nanoseconds` pass.
  mutating func wait(_ nanoseconds: UInt64) {
    let end = now() + nanoseconds
    while now() < end {}
  }

  /// The count, latched.
  private static func count() -> UInt16 {
    out8(control, 0)
    let low = in8(counter)
    return UInt16(low) | UInt16(in8(counter)) << 8
  }
}
