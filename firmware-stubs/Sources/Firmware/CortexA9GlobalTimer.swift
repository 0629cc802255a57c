import CBoard

/// Global timer of a Cortex-A9 cluster: 64 bits, up, shared by its processors.
///
/// Cortex-A9 MPCore technical reference manual, chapter 4.4.
public struct CortexA9GlobalTimer: MonotonicTimer {
  /// The address of the counter's lower half.
  let base: UInt
  /// The length of a tick: the cluster's peripheral clock, which is half or less of its own.
  let nanosecondsPerTick: UInt64
  /// Private peripheral interrupt 11 of every Cortex-A9.
  public let line = GIC.private(11)

  private enum Register {
    static let counterLow: UInt = 0x00
    static let counterHigh: UInt = 0x04
    static let control: UInt = 0x08
    /// Bit 0: the comparator matched; write 1 to clear.
    static let interruptStatus: UInt = 0x0C
    static let comparatorLow: UInt = 0x10
    static let comparatorHigh: UInt = 0x14
  }

  private enum Control {
    static let timerEnable: UInt32 = 1 << 0
    static let comparatorEnable: UInt32 = 1 << 1
    static let interruptEnable: UInt32 = 1 << 2
  }

  public init(base: UInt, nanosecondsPerTick: UInt64) {
    self.base = base
    self.nanosecondsPerTick = nanosecondsPerTick
  }

  public func start() {
    store32(base + Register.control, Control.timerEnable)
  }

  public var now: UInt64 {
    // The halves are read one after the other: again, if the lower one wrapped meanwhile.
    while true {
      let high = load32(base + Register.counterHigh)
      let low = load32(base + Register.counterLow)
      if load32(base + Register.counterHigh) == high {
        return (UInt64(high) << 32 | UInt64(low)) &* nanosecondsPerTick
      }
    }
  }

  public func interrupt(at time: UInt64) {
    // A tick late rather than early, so that the time has come when the interrupt does.
    let tick = time / nanosecondsPerTick &+ 1
    store32(base + Register.control, Control.timerEnable)
    store32(base + Register.comparatorLow, UInt32(truncatingIfNeeded: tick))
    store32(base + Register.comparatorHigh, UInt32(truncatingIfNeeded: tick >> 32))
    store32(base + Register.interruptStatus, 1)
    store32(
      base + Register.control,
      Control.timerEnable | Control.comparatorEnable | Control.interruptEnable)
  }
}
