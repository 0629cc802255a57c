import CBoard

/// One input of the NPCM7xx analog-to-digital converter: 10 bits over the internal reference.
///
/// Register bits as in Linux `npcm_adc` and QEMU `npcm7xx_adc`.
public struct NPCM7xxADC: AnalogInput {
  /// The address of ADC_CON.
  let base: UInt
  /// The input measured, 0...7.
  let input: UInt32
  /// The internal reference.
  public let reference: UInt32 = 2000

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
    /// Measures against the internal reference rather than the VREF pin.
    static let internalReference: UInt32 = 1 << 19
    /// The position of the input's number.
    static let inputShift: UInt32 = 24
  }

  public init(base: UInt, input: UInt32) {
    self.base = base
    self.input = input
  }

  public func sample() -> UInt32? {
    let control = load32(base + Register.control)
    let isDone = control & (Control.enable | Control.convert) == Control.enable
    let reading = load32(base + Register.data) & 0x3FF
    store32(
      base + Register.control,
      control & Control.kept | Control.enable | Control.convert | Control.internalReference
        | input << Control.inputShift)
    return isDone ? reading * reference / 1024 : nil
  }
}
