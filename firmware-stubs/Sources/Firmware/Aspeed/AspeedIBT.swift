import SystemInterfaces

/// The iBT of an ASPEED LPC block, at the host's ports E4h to E6h.
///
/// Registers as in Linux `bt-bmc`.
public struct AspeedIBT: BTPort {
  private let block: AspeedLPC
  public let name: StaticString = "IBT"
  public let line: InterruptLine

  private enum Register {
    /// CR0: what is decoded, and SerIRQ.
    static let configuration: UInt = 0x140
    /// CR1: interrupt enables.
    static let interruptEnable: UInt = 0x144
    /// CR2: what has happened; write 1 to clear.
    static let events: UInt = 0x148
    /// BT_CTRL.
    static let control: UInt = 0x150
    /// The two buffers.
    static let data: UInt = 0x154
  }

  /// CR0: port E4h, SerIRQ 10 at low level, the BMC's pointers can be cleared, enabled.
  private static let configuration: UInt32 = 0xE4 << 16 | 10 << 12 | 1 << 3 | 1 << 2 | 1 << 0
  /// H2B_ATN rose: a request. H_BUSY or B2H_ATN fell: a response that had to wait can be sent.
  private static let interrupts: BTEvents = [.hostToBMCAttention, .hostBusy, .bmcToHostAttention]

  /// - Parameters:
  ///   - block: The address of the LPC block.
  ///   - line: The interrupt of the iBT.
  init(block: UInt, line: InterruptLine) {
    self.block = AspeedLPC(base: block)
    self.line = line
  }

  public func maskInterrupts() {
    block.write(0, to: Register.interruptEnable)
  }

  public func enableInterrupts() {
    block.write(Self.configuration, to: Register.configuration)
    block.write(UInt32(Self.interrupts.rawValue), to: Register.interruptEnable)
  }

  public func acknowledgeInterrupt() {
    block.write(UInt32(Self.interrupts.rawValue), to: Register.events)
  }

  public func bmcReadControl() -> BTControl {
    BTControl(rawValue: UInt8(truncatingIfNeeded: block.read(Register.control)))
  }

  public func bmcWriteControl(_ value: BTControl) {
    block.write(UInt32(value.rawValue), to: Register.control)
  }

  public func bmcReadData() -> UInt8 {
    UInt8(truncatingIfNeeded: block.read(Register.data))
  }

  public func bmcWriteData(_ value: UInt8) {
    block.write(UInt32(value), to: Register.data)
  }
}
