import CBoard

/// BPC: the POST code FIFO of the NPCM7xx host interface module. 8-bit accesses only.
///
/// Registers as in Nuvoton's boot block and its Linux driver `npcm7xx-lpc-bpc`.
public struct NPCM7xxPostCodes: PostCodePort {
  /// The address of the host interface module.
  let module: UInt
  /// Shared peripheral interrupt 9, as the KCS channels'.
  public let line = GIC.shared(9)

  private enum Register {
    /// BPCFEN: enables.
    static let enable: UInt = 0x46
    /// BPCFSTAT: status.
    static let status: UInt = 0x48
    /// BPCFDATA: the oldest byte, which reading takes out.
    static let data: UInt = 0x4A
    /// BPCFA1L and BPCFA1M: the port.
    static let portLow: UInt = 0x50
    static let portHigh: UInt = 0x52
  }

  /// ADDR1EN, BPCFEN bit 7, and FRIE, bit 3: catch the port, interrupt while there is a byte.
  private static let enable: UInt8 = 1 << 7 | 1 << 3
  /// FIFO_V, BPCFSTAT bit 7.
  private static let isValid: UInt8 = 1 << 7

  public init(module: UInt) {
    self.module = module
  }

  public func start() {
    store8(module + Register.enable, 0)
    store8(module + Register.portLow, 0x80)
    store8(module + Register.portHigh, 0)
    store8(module + Register.enable, Self.enable)
  }

  public func takeCode() -> UInt8? {
    guard load8(module + Register.status) & Self.isValid != 0 else { return nil }
    return load8(module + Register.data)
  }
}
