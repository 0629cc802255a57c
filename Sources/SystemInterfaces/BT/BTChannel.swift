import IPMI

/// One BT channel: the registers in which host and BMC meet.
///
/// Models what every BT implementation has (two buffers, BT_CTRL, BT_INTMASK), with the sizes and
/// the BMC's side of ASPEED's iBT: 64 bytes each way, so a length byte and 63 more. Each side's
/// rules stand in ``BTControl`` and ``BTInterruptMask``. Left out: addresses, the part's
/// configuration and its interrupt enables, which belong to the part. Behaviour from IPMI v2.0,
/// section 11, Linux `bt-bmc` and `ipmi_bt_sm`, skiboot, and QEMU's `ipmi_bt` for BT_INTMASK.
///
/// | Port     | Host reads                  | Host writes                 |
/// |---------:|-----------------------------|-----------------------------|
/// | base + 0 | BT_CTRL                     | BT_CTRL                     |
/// | base + 1 | next byte, BMC-to-host      | next byte, host-to-BMC      |
/// | base + 2 | BT_INTMASK                  | BT_INTMASK                  |
///
/// Every access by either side is a method; lines are levels. What happens is latched in
/// ``events`` until the BMC acknowledges it, whether the part has an interrupt enabled for it or
/// not.
public struct BTChannel: Sendable {
  /// The most bytes of a message, NetFn to the last data byte: beside it, a buffer of 64 holds the
  /// length and the sequence number.
  public static let messageCapacity = BTBuffer.capacity - 2

  var hostToBMC = BTBuffer()
  var bmcToHost = BTBuffer()
  /// BT_CTRL.
  public private(set) var control: BTControl = .bmcBusy
  /// BT_INTMASK.
  public private(set) var interruptMask: BTInterruptMask = []
  /// What has happened since the BMC acknowledged it last: iBT's CR2.
  public private(set) var events: BTEvents = []
  /// What the part has switched on.
  public var enables: Enables = []

  /// What the part's configuration switches on; bits as in iBT's CR0.
  public struct Enables: OptionSet, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt8

    public init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    /// ENABLE: the host's ports are decoded; otherwise its reads return FFh and its writes are
    /// lost.
    public static let hostDecode = Enables(rawValue: 1 << 0)
    /// EN_CLR_SLV_WRP: the BMC's CLR_WR_PTR acts.
    public static let bmcClearWritePointer = Enables(rawValue: 1 << 2)
    /// EN_CLR_SLV_RDP: the BMC's CLR_RD_PTR acts.
    public static let bmcClearReadPointer = Enables(rawValue: 1 << 3)
  }

  /// The four pointers, each `0...64`: iBT's CR3.
  public struct Pointers: Hashable, Sendable {
    /// Of the BMC-to-host buffer.
    public var hostRead: UInt8
    /// Of the host-to-BMC buffer.
    public var hostWrite: UInt8
    /// Of the BMC-to-host buffer.
    public var bmcWrite: UInt8
    /// Of the host-to-BMC buffer.
    public var bmcRead: UInt8
  }

  /// A channel out of reset: B_BUSY is set, so that no host sends before the BMC is ready.
  public init() {}

  init(
    hostToBMC: BTBuffer, bmcToHost: BTBuffer, control: BTControl, interruptMask: BTInterruptMask,
    events: BTEvents, enables: Enables
  ) {
    (self.hostToBMC, self.bmcToHost) = (hostToBMC, bmcToHost)
    (self.control, self.interruptMask) = (control, interruptMask)
    (self.events, self.enables) = (events, enables)
  }

  /// Where each side reads and writes next.
  public var pointers: Pointers {
    Pointers(
      hostRead: bmcToHost.readPointer, hostWrite: hostToBMC.writePointer,
      bmcWrite: bmcToHost.writePointer, bmcRead: hostToBMC.readPointer)
  }

  /// Level of the host's interrupt: B2H_IRQ, where it is enabled.
  public var hostInterrupt: Bool {
    interruptMask.isSuperset(of: [.interrupt, .interruptEnable])
  }

  /// Forgets `acknowledged`: the BMC has seen them.
  public mutating func acknowledge(_ acknowledged: BTEvents) {
    events.subtract(acknowledged)
  }

  // MARK: Host accesses

  /// The host reads BT_CTRL: no side effect.
  public func hostReadControl() -> BTControl {
    enables.contains(.hostDecode) ? control : BTControl(rawValue: 0xFF)
  }

  /// The host writes BT_CTRL.
  public mutating func hostWriteControl(_ written: BTControl) {
    guard enables.contains(.hostDecode) else { return }
    change(control, by: written, .host)
    if written.contains(.clearWritePointer) { hostToBMC.clearWritePointer() }
    if written.contains(.clearReadPointer) { bmcToHost.clearReadPointer() }
  }

  /// The host reads the next byte of the response; FFh past the last one.
  public mutating func hostReadData() -> UInt8 {
    guard enables.contains(.hostDecode) else { return 0xFF }
    if let byte = bmcToHost.read() { return byte }
    events.insert(.hostReadOverflow)
    return 0xFF
  }

  /// The host writes the next byte of the request; it is lost where the buffer is full.
  public mutating func hostWriteData(_ value: UInt8) {
    guard enables.contains(.hostDecode) else { return }
    if !hostToBMC.write(value) { events.insert(.hostWriteOverflow) }
  }

  /// The host reads BT_INTMASK: no side effect.
  public func hostReadInterruptMask() -> BTInterruptMask {
    enables.contains(.hostDecode) ? interruptMask : BTInterruptMask(rawValue: 0xFF)
  }

  /// The host writes BT_INTMASK.
  ///
  /// Enabling the interrupt while an attention is set raises it, disabling drops it, and a 1 for
  /// B2H_IRQ acknowledges it, one that the same write would raise included.
  public mutating func hostWriteInterruptMask(_ written: BTInterruptMask) {
    guard enables.contains(.hostDecode) else { return }
    let before = interruptMask
    var mask = written.intersection([.interruptEnable, .oem])
      .union(before.intersection(.bmcReset)).union(written.intersection(.bmcReset))
    if written.contains(.interruptEnable), !written.contains(.interrupt),
      before.contains(.interrupt)
        || !before.contains(.interruptEnable)
          && !control.isDisjoint(with: [.bmcToHostAttention, .smsAttention])
    {
      mask.insert(.interrupt)
    }
    interruptMask = mask
    latchOEM(risenFrom: before)
    if written.contains(.bmcReset) { events.insert(.bmcReset) }
  }

  // MARK: BMC accesses

  /// The BMC reads BT_CTRL: no side effect.
  public func bmcReadControl() -> BTControl { control }

  /// The BMC writes BT_CTRL.
  public mutating func bmcWriteControl(_ written: BTControl) {
    change(control, by: written, .bmc)
    if written.contains(.clearWritePointer), enables.contains(.bmcClearWritePointer) {
      bmcToHost.clearWritePointer()
    }
    if written.contains(.clearReadPointer), enables.contains(.bmcClearReadPointer) {
      hostToBMC.clearReadPointer()
    }
  }

  /// The BMC reads the next byte of the request; 0 past the last one.
  public mutating func bmcReadData() -> UInt8 {
    if let byte = hostToBMC.read() { return byte }
    events.insert(.bmcReadOverflow)
    return 0
  }

  /// The BMC writes the next byte of the response; it is lost where the buffer is full.
  public mutating func bmcWriteData(_ value: UInt8) {
    if !bmcToHost.write(value) { events.insert(.bmcWriteOverflow) }
  }

  /// The BMC reads BT_INTMASK: no side effect.
  public func bmcReadInterruptMask() -> BTInterruptMask { interruptMask }

  /// The BMC writes BT_INTMASK: the OEM bits, and a 1 clears BMC_HWRST.
  public mutating func bmcWriteInterruptMask(_ written: BTInterruptMask) {
    let before = interruptMask
    interruptMask = before.subtracting(.oem).union(written.intersection(.oem))
      .subtracting(written.intersection(.bmcReset))
    latchOEM(risenFrom: before)
  }

  // MARK: Rules

  /// Applies a write to BT_CTRL, latches what it did, and raises the host's interrupt where an
  /// attention for the host rose: also while the other one is set, so that none is lost.
  private mutating func change(
    _ before: BTControl, by written: BTControl, _ rules: BTControlRules
  ) {
    control = rules.apply(written, to: before)
    let risen = control.subtracting(before)
    let fallen = before.subtracting(control)
    if risen.contains(.hostToBMCAttention) { events.insert(.hostToBMCAttention) }
    if risen.contains(.oem0) { events.insert(.oem0) }
    if fallen.contains(.bmcToHostAttention) { events.insert(.bmcToHostAttention) }
    if fallen.contains(.smsAttention) { events.insert(.smsAttention) }
    if fallen.contains(.hostBusy) { events.insert(.hostBusy) }
    if !risen.isDisjoint(with: [.bmcToHostAttention, .smsAttention]),
      interruptMask.contains(.interruptEnable)
    {
      interruptMask.insert(.interrupt)
    }
  }

  /// OEM3 to OEM1 stand in both registers in the same order.
  private mutating func latchOEM(risenFrom before: BTInterruptMask) {
    let risen = interruptMask.subtracting(before).intersection(.oem)
    events.formUnion(BTEvents(rawValue: UInt16(risen.rawValue) << 10))
  }
}

extension BTChannel: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    hostToBMC.transfer(through: &stream)
    bmcToHost.transfer(through: &stream)
    stream.transfer(&control)
    stream.transfer(&interruptMask)
    stream.transfer(&events)
    stream.transfer(&enables)
  }
}
