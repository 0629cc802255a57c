import Tracing

/// What a channel's registers and interrupt lines were at one moment, until the next.
public struct RegisterSample: Equatable, Sendable {
  /// In the trace's nanoseconds.
  public var time: UInt64
  /// `nil` before they are known.
  public var values: RegisterValues?
  /// The level of the line to the host; `nil` before it is known.
  public var hostInterrupt: Bool?
  /// The level of the line to the BMC; `nil` before it is known.
  public var bmcInterrupt: Bool?

  public init(time: UInt64) { self.time = time }
}

/// Bits of STR and BT_CTRL. IPMI v2.0, sections 9.7 and 11.6.1.
enum Flag {
  // STR.
  static let outputBufferFull: UInt8 = 1 << 0
  static let inputBufferFull: UInt8 = 1 << 1
  static let attention: UInt8 = 1 << 2
  static let command: UInt8 = 1 << 3
  // BT_CTRL.
  static let hostToBMC: UInt8 = 1 << 2
  static let bmcToHost: UInt8 = 1 << 3
  static let btAttention: UInt8 = 1 << 4
  static let hostBusy: UInt8 = 1 << 6
}
