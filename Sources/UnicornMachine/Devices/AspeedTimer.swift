/// The timer block of the ASPEED parts: eight timers that count down, and start over at zero.
///
/// | Offset    | Register                                                              |
/// |----------:|-----------------------------------------------------------------------|
/// | n × 10h   | Counter; timers 1 to 3 from 00h, 4 to 8 from 40h                      |
/// |      + 4h | Reload                                                                |
/// |      + 8h | Two values at which it could interrupt as well: kept, not interpreted |
/// |       30h | Control: four bits a timer: enable, 1 MHz, interrupt at zero, pulse   |
/// |       34h | Kept                                                                  |
///
/// Registers from Linux `timer-fttmr010`. An interrupt is an edge.
struct AspeedTimer: Device, Sendable {
  /// Length of a tick of the bus clock, in nanoseconds.
  static let busTick: UInt64 = 40

  private struct Counter: Sendable {
    var reload: UInt32 = 0
    var matches: [2 of UInt32] = .init(repeating: 0)
    /// The counter at `startTime`.
    var startCount: UInt32 = 0
    var startTime: UInt64 = 0
    /// When it is at zero next.
    var zero: UInt64 = .max
  }

  private var counters: [8 of Counter] = .init(repeating: Counter())
  private var control: UInt32 = 0
  private var control2: UInt32 = 0

  private func bits(_ index: Int) -> UInt32 { control >> UInt32(index * 4) & 0xF }
  private func tick(_ index: Int) -> UInt64 { bits(index) & 0b10 != 0 ? 1000 : Self.busTick }

  /// The first zero that interrupts, in nanoseconds.
  var deadline: UInt64? {
    var first: UInt64?
    for index in 0..<8 where bits(index) & 0b101 == 0b101 {
      first = min(first ?? .max, counters[index].zero)
    }
    return first
  }

  /// Goes to `now`; the timers that were at zero since and interrupt, one bit for each.
  mutating func advance(to now: UInt64) -> UInt8 {
    var edges: UInt8 = 0
    for index in 0..<8 where bits(index) & 1 != 0 && counters[index].zero <= now {
      if bits(index) & 0b100 != 0 { edges |= 1 << UInt8(index) }
      let period = (UInt64(counters[index].reload) + 1) * tick(index)
      counters[index].zero += ((now - counters[index].zero) / period + 1) * period
    }
    return edges
  }

  private func count(_ index: Int, at now: UInt64) -> UInt32 {
    let counter = counters[index]
    guard bits(index) & 1 != 0 else { return counter.startCount }
    let ticks = (now - counter.startTime) / tick(index)
    guard ticks > UInt64(counter.startCount) else { return counter.startCount - UInt32(ticks) }
    let beyond = (ticks - UInt64(counter.startCount) - 1) % (UInt64(counter.reload) + 1)
    return counter.reload - UInt32(beyond)
  }

  private mutating func start(_ index: Int, at count: UInt32, now: UInt64) {
    counters[index].startCount = count
    counters[index].startTime = now
    counters[index].zero = now + UInt64(count) * tick(index)
  }

  /// The timer and its register at an offset.
  private func location(_ offset: Int) -> (index: Int, register: Int)? {
    switch offset {
    case 0x00..<0x30: (offset / 0x10, offset % 0x10)
    case 0x40..<0x90: (offset / 0x10 - 1, offset % 0x10)
    default: nil
    }
  }

  mutating func read(_ offset: Int, now: UInt64) -> UInt32 {
    guard let (index, register) = location(offset) else {
      return offset == 0x30 ? control : offset == 0x34 ? control2 : 0
    }
    return switch register {
    case 0x0: count(index, at: now)
    case 0x4: counters[index].reload
    default: counters[index].matches[register / 4 - 2]
    }
  }

  mutating func write(_ value: UInt32, to offset: Int, mask: UInt32, now: UInt64) {
    guard let (index, register) = location(offset) else {
      if offset == 0x30 { writeControl(control & ~mask | value, now: now) }
      if offset == 0x34 { control2 = control2 & ~mask | value }
      return
    }
    switch register {
    case 0x0: start(index, at: value, now: now)
    case 0x4: counters[index].reload = value
    default: counters[index].matches[register / 4 - 2] = value
    }
  }

  /// A timer that is enabled starts at its reload; one that is disabled keeps its count.
  private mutating func writeControl(_ value: UInt32, now: UInt64) {
    let before = control
    let counts = (0..<8).map { count($0, at: now) }
    control = value
    for index in 0..<8 {
      let shift = UInt32(index * 4)
      let (old, new) = (before >> shift & 0b11, value >> shift & 0b11)
      if new & 1 != 0, old & 1 == 0 {
        start(index, at: counters[index].reload, now: now)
      } else if old != new {
        start(index, at: counts[index], now: now)
      }
    }
  }
}
