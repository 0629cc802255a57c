/// Global timer of a Cortex-A9 cluster: 64 bits, up, with one comparator.
///
/// | Offset   | Register                                                                    |
/// |---------:|-----------------------------------------------------------------------------|
/// | 00h, 04h | Counter; writable while it stands                                           |
/// |      08h | Control: timer, comparator, interrupt and auto-increment enable, prescaler  |
/// |      0Ch | Interrupt status: the counter has reached the comparator; W1C               |
/// | 10h, 14h | Comparator                                                                  |
/// |      18h | Auto-increment                                                              |
///
/// Cortex-A9 MPCore technical reference manual, chapter 4.4.
struct GlobalTimer: Device, Sendable {
  /// Length of a tick with prescaler 0, in nanoseconds.
  let period: UInt64
  private var control: UInt32 = 0
  private var status = false
  private var comparator: UInt64 = 0
  private var increment: UInt32 = 0
  /// The counter at `startTime`.
  private var startCount: UInt64 = 0
  private var startTime: UInt64 = 0

  init(period: UInt64) {
    self.period = period
  }

  private var tick: UInt64 { period * UInt64(control >> 8 & 0xFF + 1) }
  private var isRunning: Bool { control & 1 != 0 }

  private func count(at now: UInt64) -> UInt64 {
    isRunning ? startCount &+ (now - startTime) / tick : startCount
  }

  /// Level of the interrupt.
  var interrupt: Bool { status && control & 0b100 != 0 }

  /// When the counter reaches the comparator, in nanoseconds; `nil` where that changes nothing.
  var deadline: UInt64? {
    guard control & 0b11 == 0b11, !status else { return nil }
    guard comparator > startCount else { return startTime }
    let (time, overflow) = (comparator - startCount).multipliedReportingOverflow(by: tick)
    return overflow ? nil : startTime &+ time
  }

  /// Sets the status where the time has come.
  mutating func advance(to now: UInt64) {
    guard let deadline, deadline <= now else { return }
    status = true
    if control & 0b1000 != 0 { comparator &+= UInt64(increment) }
  }

  mutating func read(_ offset: Int, now: UInt64) -> UInt32 {
    advance(to: now)
    return switch offset {
    case 0x00: UInt32(truncatingIfNeeded: count(at: now))
    case 0x04: UInt32(truncatingIfNeeded: count(at: now) >> 32)
    case 0x08: control
    case 0x0C: status ? 1 : 0
    case 0x10: UInt32(truncatingIfNeeded: comparator)
    case 0x14: UInt32(truncatingIfNeeded: comparator >> 32)
    case 0x18: increment
    default: 0
    }
  }

  mutating func write(_ value: UInt32, to offset: Int, mask: UInt32, now: UInt64) {
    advance(to: now)
    func lower(_ old: UInt64) -> UInt64 { old & ~0xFFFF_FFFF | UInt64(value) }
    func upper(_ old: UInt64) -> UInt64 { old & 0xFFFF_FFFF | UInt64(value) << 32 }
    switch offset {
    case 0x00: if !isRunning { startCount = lower(startCount) }
    case 0x04: if !isRunning { startCount = upper(startCount) }
    case 0x08:
      startCount = count(at: now)
      startTime = now
      control = value & 0xFF0F
    case 0x0C: if value & 1 != 0 { status = false }
    case 0x10: comparator = lower(comparator)
    case 0x14: comparator = upper(comparator)
    case 0x18: increment = value
    default: break
    }
    advance(to: now)
  }
}
