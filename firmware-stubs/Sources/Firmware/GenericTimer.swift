import CBoard

/// The generic timer of an ARMv7-A core: its virtual counter, which no security state hides.
///
/// ARM DDI 0406C, chapter B8.
public struct GenericTimer: MonotonicTimer {
  /// The length of a tick.
  let nanosecondsPerTick: UInt64
  /// Private peripheral interrupt 11, the virtual timer's.
  public let line = GIC.private(11)

  public init(nanosecondsPerTick: UInt64) {
    self.nanosecondsPerTick = nanosecondsPerTick
  }

  public func start() {
    set_virtual_timer(.max, 0)
  }

  public var now: UInt64 { virtual_count() &* nanosecondsPerTick }

  public func interrupt(at time: UInt64) {
    // A tick late rather than early, so that the time has come when the interrupt does.
    set_virtual_timer(time / nanosecondsPerTick &+ 1, 1)
  }
}
