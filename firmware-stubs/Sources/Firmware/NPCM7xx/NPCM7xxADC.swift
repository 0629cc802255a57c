import CBoard

/// One input of the NPCM7xx analog-to-digital converter: 10 bits over the internal reference.
///
/// Register bits as in Linux `npcm_adc` and QEMU `npcm7xx_adc`.
public struct NPCM7xxADC: AnalogInput {
  /// The address of ADC_CON.
  let base: UInt
  /// The input measured, 0...7.
  let input: UInt32
  /// Shared peripheral interrupt 0.
  public let line = GIC.shared(0)

  /// The internal reference in millivolts: what the highest reading, and one more, stands for.
  private static let reference: UInt32 = 2000

  private enum Register {
    static let control: UInt = 0x0
    static let data: UInt = 0x4
  }

  /// ADC_CON.
  private enum Control {
    /// The divider of the module's clock, bits 8:1, and reserved bit 0 as it was out of reset.
    static let kept: UInt32 = 0x0000_01FF
    /// Starts a conversion; reads 1 until it is done.
    static let convert: UInt32 = 1 << 13
    static let enable: UInt32 = 1 << 17
    /// A conversion is done; write 1 to clear.
    static let done: UInt32 = 1 << 18
    /// Measures against the internal reference rather than the VREF pin.
    static let internalReference: UInt32 = 1 << 19
    static let interruptEnable: UInt32 = 1 << 21
    /// The position of the input's number.
    static let inputShift: UInt32 = 24
  }

  public init(base: UInt, input: UInt32) {
    self.base = base
    self.input = input
  }

  public func startConversion() {
    write(Control.enable | Control.interruptEnable | Control.convert)
  }

  public func finishConversion() -> UInt32 {
    write(Control.enable)
    return (load32(base + Register.data) & 0x3FF) * Self.reference / 1024
  }

  /// Writes ADC_CON, clearing what an earlier conversion left.
  private func write(_ bits: UInt32) {
    let kept = load32(base + Register.control) & Control.kept
    store32(
      base + Register.control,
      kept | bits | Control.done | Control.internalReference | input << Control.inputShift)
  }
}
