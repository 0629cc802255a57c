import SystemInterfaces

/// KCS channel 3 of an ASPEED LPC block, at the host's ports CA2h and CA3h: the channel whose
/// status port follows its data port, as a PC expects.
///
/// Registers and their order as in Linux `kcs_bmc_aspeed`.
public struct AspeedKCS3: KCSPort {
  private let block: AspeedLPC
  public let name: StaticString = "KCS3"
  public let line: InterruptLine

  private enum Register {
    static let inputData: UInt = 0x2C
    static let outputData: UInt = 0x38
    static let status: UInt = 0x44
  }

  /// The host's data port.
  private static let address: UInt32 = 0xCA2
  /// LPC3E, HICR0 bit 7, and KCSENBL, HICR4 bit 2: the channel is decoded.
  private static let enable: UInt32 = 1 << 7
  private static let kcsEnable: UInt32 = 1 << 2
  /// IBFIE3, HICR2 bit 3.
  private static let inputBufferFullInterrupt: UInt32 = 1 << 3
  /// ID3IRQX, HICR5 bits 23:20, and SEL3IRQX, bit 15: SerIRQ 11, low level.
  private static let serialIRQMask: UInt32 = 0xF << 20 | 1 << 15
  private static let serialIRQ: UInt32 = 11 << 20
  /// IRQXE3, HICR5 bit 14: interrupts the host until OBF falls, which clears it.
  private static let serialIRQEnable: UInt32 = 1 << 14

  /// - Parameters:
  ///   - block: The address of the LPC block.
  ///   - line: The interrupt of the channel.
  init(block: UInt, line: InterruptLine) {
    self.block = AspeedLPC(base: block)
    self.line = line
  }

  public func maskInterrupts() {
    block.update(AspeedLPC.Register.hicr2, clear: Self.inputBufferFullInterrupt)
  }

  public func enableInterrupts() {
    block.write(Self.address >> 8, to: AspeedLPC.Register.ladr3High)
    block.write(Self.address & 0xFF, to: AspeedLPC.Register.ladr3Low)
    block.update(AspeedLPC.Register.hicr5, clear: Self.serialIRQMask, set: Self.serialIRQ)
    block.update(AspeedLPC.Register.hicr0, set: Self.enable)
    block.update(AspeedLPC.Register.hicr4, set: Self.kcsEnable)
    block.update(AspeedLPC.Register.hicr2, set: Self.inputBufferFullInterrupt)
  }

  public func bmcReadStatus() -> KCSStatus {
    KCSStatus(rawValue: UInt8(truncatingIfNeeded: block.read(Register.status)))
  }

  public func bmcWriteStatus(_ value: KCSStatus) {
    block.write(UInt32(value.rawValue), to: Register.status)
  }

  public func bmcReadData() -> UInt8 {
    UInt8(truncatingIfNeeded: block.read(Register.inputData))
  }

  /// The host's interrupt is a step of its own after each byte.
  public func bmcWriteData(_ value: UInt8) {
    block.write(UInt32(value), to: Register.outputData)
    block.update(AspeedLPC.Register.hicr5, set: Self.serialIRQEnable)
  }
}
