import IPMI
import VMProtocol

/// The lines beside the system interface by which a BMC controls its host, and sees how it is.
///
/// | Line           | Driven by | Means                                                         |
/// |----------------|-----------|---------------------------------------------------------------|
/// | power button   | BMC       | Pressed for less than 4 s: shut down; for longer: power off   |
/// | reset          | BMC       | Asserted: reset                                               |
/// | NMI            | BMC       | Asserted: non-maskable interrupt                              |
/// | power good     | host      | The host is there                                             |
/// | platform reset | host      | Asserted while the host is not there, and when it was reset   |
///
/// Levels here are "asserted" or not; which voltage that is, is the board's. A state machine
/// without I/O, as ``IPMIHostBridge`` is; what it returns goes to ``IPMIHostBridge/control(_:)``.
public struct HostControlLines: Sendable {
  /// How long the power button is held to turn the power off, in nanoseconds.
  ///
  /// 4 s: ACPI 6.5, section 4.8.2.2.1.1, power button override.
  public static let powerButtonOverride: UInt64 = 4_000_000_000
  /// How long the platform reset stays asserted when the host was reset, in nanoseconds.
  public static let platformResetPulse: UInt64 = 10_000_000

  /// A line that the BMC drives.
  public enum Output: CaseIterable, Sendable {
    case powerButton, reset, nmi
  }

  /// Whether the host is there.
  public private(set) var powerGood = false
  /// Whether the host is held in reset.
  public var platformReset: Bool { !powerGood || platformResetEnd != nil }
  /// When ``advance(now:)`` must be called again, in nanoseconds; `nil` where it need not.
  public var deadline: UInt64? {
    guard let override, let platformResetEnd else { return override ?? platformResetEnd }
    return min(override, platformResetEnd)
  }

  /// The outputs that are asserted, by ``Output``'s order.
  private var asserted: [3 of Bool] = [false, false, false]
  /// When the power button will have been held long enough.
  private var override: UInt64?
  private var platformResetEnd: UInt64?

  /// No line asserted, and no host there.
  public init() {}

  /// The BMC has driven `output`.
  ///
  /// - Returns: What the host is to do, if anything.
  public mutating func set(_ output: Output, asserted level: Bool, now: UInt64) -> VMControl? {
    let index =
      switch output {
      case .powerButton: 0
      case .reset: 1
      case .nmi: 2
      }
    guard asserted[index] != level else { return nil }
    asserted[index] = level
    switch output {
    case .reset: return level ? .reset : nil
    case .nmi: return level ? .nmi : nil
    case .powerButton:
      let wasShort = override != nil
      override = level ? now &+ Self.powerButtonOverride : nil
      return !level && wasShort ? .gracefulShutdown : nil
    }
  }

  /// The host has come or gone.
  public mutating func setPowerGood(_ isThere: Bool) {
    powerGood = isThere
    if !isThere { platformResetEnd = nil }
  }

  /// The host says that it was reset.
  public mutating func hostWasReset(now: UInt64) {
    platformResetEnd = now &+ Self.platformResetPulse
  }

  /// Lets time pass.
  ///
  /// - Returns: What the host is to do, if anything.
  public mutating func advance(now: UInt64) -> VMControl? {
    if let end = platformResetEnd, now >= end { platformResetEnd = nil }
    guard let end = override, now >= end else { return nil }
    override = nil
    return .powerOff
  }
}

extension HostControlLines: Restorable {
  /// What the BMC drives; how the host is, is not the BMC's machine's state.
  public mutating func transfer(through stream: inout some StateStream) {
    for index in asserted.indices { stream.transfer(&asserted[index]) }
    stream.transfer(deadline: &override)
  }
}
