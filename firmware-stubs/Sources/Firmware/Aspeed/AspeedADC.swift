import CBoard

/// Input 0 of an ASPEED analog-to-digital converter: 10 bits over an internal reference.
///
/// It samples all the time; QEMU's reads 5 more each time. Register bits as in Linux `aspeed_adc`.
public struct AspeedADC: AnalogInput {
  /// The address of the converter.
  let base: UInt
  public let reference: UInt32

  private enum Register {
    static let control: UInt = 0x00
    /// Bits 9:0: input 0.
    static let data: UInt = 0x10
  }

  /// Enabled, normal operation, input 0.
  private static let control: UInt32 = 1 << 16 | 0b111 << 1 | 1 << 0
  /// The converter has come up.
  private static let isReady: UInt32 = 1 << 8

  public func sample() -> UInt32? {
    let running = Self.control | Self.isReady
    guard load32(base + Register.control) & running == running else {
      store32(base + Register.control, Self.control)
      return nil
    }
    return (load32(base + Register.data) & 0x3FF) * reference / 1024
  }
}
