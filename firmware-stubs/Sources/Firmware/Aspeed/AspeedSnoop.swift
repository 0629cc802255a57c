/// The POST code snoop of an ASPEED LPC block: its first port, which holds one byte.
///
/// Registers as in Linux `aspeed-lpc-snoop`. The bus cycle is left for others to answer.
public struct AspeedSnoop: PostCodePort {
  private let block: AspeedLPC
  public let line: InterruptLine

  /// EN_SNP0W, HICR5 bit 0, and ENINT_SNP0W, bit 1: catch the port, interrupt.
  private static let enable: UInt32 = 1 << 1 | 1 << 0
  /// STR_SNP0W, HICR6 bit 0: there is a byte; write 1 to clear.
  private static let isValid: UInt32 = 1 << 0

  /// - Parameters:
  ///   - block: The address of the LPC block.
  ///   - line: The interrupt of the snoop.
  init(block: UInt, line: InterruptLine) {
    self.block = AspeedLPC(base: block)
    self.line = line
  }

  public func start() {
    block.update(AspeedLPC.Register.snoopPorts, clear: 0xFFFF, set: 0x80)
    block.update(AspeedLPC.Register.hicr5, set: Self.enable)
  }

  /// The flag first: a code that comes in between is then taken twice rather than lost.
  public func takeCode() -> UInt8? {
    guard block.read(AspeedLPC.Register.hicr6) & Self.isValid != 0 else { return nil }
    block.write(Self.isValid, to: AspeedLPC.Register.hicr6)
    return UInt8(truncatingIfNeeded: block.read(AspeedLPC.Register.snoopData))
  }
}
