/// How the host reaches a channel, as the BMC has programmed it.
///
/// |  Bits | Field                                                          |
/// |------:|----------------------------------------------------------------|
/// |  15:0 | ``dataPort``                                                   |
/// | 31:16 | ``statusPort``                                                 |
/// | 47:32 | ``interrupts``                                                 |
/// |    48 | ``isBMCsChoice``                                               |
/// |    49 | ``isAsserted``                                                 |
public struct LinkDecode: Hashable, Sendable, BitwiseCopyable {
  /// The KCS data port, or the first of the three of BT.
  public var dataPort: UInt16 = 0
  /// The KCS status port.
  public var statusPort: UInt16 = 0
  /// The host IRQs that the channel's interrupt asserts, one bit each: SerIRQ. None, where that is
  /// the host's choice.
  public var interrupts: UInt16 = 0
  /// The BMC decides on the ports, as ASPEED's do; on Nuvoton's the host's SuperIO configuration
  /// does.
  public var isBMCsChoice = false
  /// The BMC's firmware asserts the interrupt, whatever OBF.
  public var isAsserted = false

  public init() {}

  /// The decode that a word is; any word is one.
  public init(word: UInt64) {
    dataPort = UInt16(truncatingIfNeeded: word)
    statusPort = UInt16(truncatingIfNeeded: word >> 16)
    interrupts = UInt16(truncatingIfNeeded: word >> 32)
    isBMCsChoice = word >> 48 & 1 != 0
    isAsserted = word >> 49 & 1 != 0
  }

  public var word: UInt64 {
    var word = UInt64(dataPort) | UInt64(statusPort) << 16 | UInt64(interrupts) << 32
    word |= (isBMCsChoice ? 1 : 0) << 48
    return word | (isAsserted ? 1 : 0) << 49
  }
}
