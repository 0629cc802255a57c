import SystemInterfaces

/// A channel whose registers can be traced.
public protocol TracedChannel {
  /// What they hold.
  var registers: RegisterValues { get }
  /// The level of the interrupt line to the host.
  var hostInterrupt: Bool { get }
  /// The level of the one to the BMC; `nil` where the part around the channel makes it.
  var tracedBMCInterrupt: Bool? { get }
}

extension KCSChannel: TracedChannel {
  public var registers: RegisterValues { .kcs(idr: idr, odr: odr, str: str.rawValue) }
  public var tracedBMCInterrupt: Bool? { bmcInterrupt }
}

extension BTChannel: TracedChannel {
  public var registers: RegisterValues {
    .bt(control: control.rawValue, interruptMask: interruptMask.rawValue)
  }
  public var tracedBMCInterrupt: Bool? { nil }
}

extension RegisterWatch {
  /// Says what `side` has done since the channel was seen last.
  public mutating func see(
    _ channel: some TracedChannel, after side: TraceSide, _ tell: (TraceEvent.Occurrence) -> Void
  ) {
    see(
      channel.registers, hostInterrupt: channel.hostInterrupt,
      bmcInterrupt: channel.tracedBMCInterrupt, after: side, tell)
  }
}
