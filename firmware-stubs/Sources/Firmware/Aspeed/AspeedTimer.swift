import CBoard

/// The timer block of AST2400 and AST2500: timer 1 is the clock, timer 2 the alarm.
///
/// Timers count down at 1 MHz and start over at zero. Registers as in Linux `timer-fttmr010`.
public struct AspeedTimer: MonotonicTimer {
  /// The address of the block.
  let base: UInt
  /// Timer 2's interrupt, at each zero: an edge.
  public let line: InterruptLine
  /// The clock's counter when it was read last.
  private var counter = UInt32.max
  /// How far it had counted then, in microseconds.
  private var elapsed: UInt64 = 0

  private enum Register {
    static let clockCounter: UInt = 0x00
    static let clockReload: UInt = 0x04
    /// Where timer 2 starts when it is enabled, and after zero.
    static let alarmReload: UInt = 0x14
    static let control: UInt = 0x30
  }

  /// Four bits for each timer: enable, external clock of 1 MHz, interrupt at zero.
  private enum Control {
    static let clock: UInt32 = 0b0011
    static let alarm: UInt32 = 0b0111 << 4
  }

  public init(base: UInt, line: InterruptLine) {
    self.base = base
    self.line = line
  }

  public func start() {
    store32(base + Register.control, 0)
    store32(base + Register.clockReload, .max)
    store32(base + Register.control, Control.clock)
  }

  public var now: UInt64 {
    mutating get {
      let last = counter
      counter = load32(base + Register.clockCounter)
      elapsed &+= UInt64(last &- counter)
      return elapsed &* 1000
    }
  }

  public mutating func interrupt(at time: UInt64) {
    let now = now
    // A tick late rather than early, so that the time has come when the interrupt does.
    let ticks = time > now ? (time - now) / 1000 + 1 : 1
    store32(base + Register.control, Control.clock)
    store32(base + Register.alarmReload, UInt32(clamping: ticks))
    store32(base + Register.control, Control.clock | Control.alarm)
  }
}
