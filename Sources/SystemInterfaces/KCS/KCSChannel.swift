import IPMI

/// One KCS channel: the registers in which host and BMC meet.
///
/// Models the three byte registers and two hardware flags of every KCS implementation, as
/// NPCM7xx and ASPEED parts have them: IDR (host writes, BMC reads), ODR (BMC writes, host reads)
/// and STR. IBF and OBF belong to the hardware; C/D is latched by the host write that sets IBF.
/// Left out: where a register is mapped and who may write which enable, which belong to the part.
/// Behaviour from IPMI v2.0, section 9, and from Linux `kcs_bmc` and `ipmi_kcs_sm`.
///
/// A channel is one 64-bit word and bitwise-copyable, and every access is a pure transition, so the
/// same value can live in a struct or in an atomic word that two emulators share.
///
/// | Bits  | Field                  |
/// |------:|------------------------|
/// |   7:0 | IDR                    |
/// |  15:8 | ODR                    |
/// | 23:16 | STR                    |
/// | 31:24 | 0                      |
/// | 63:32 | ``Enables``            |
public struct KCSChannel: Hashable, Sendable, BitwiseCopyable {
  // One word, not fields: emulators copy and compare a channel at every access.
  /// The channel as one word, which another processor may be given.
  public private(set) var word: UInt64 = 0

  /// IDR: what the host wrote last, to either port.
  public private(set) var idr: UInt8 {
    get { UInt8(truncatingIfNeeded: word) }
    set { word = word & ~0xFF | UInt64(newValue) }
  }
  /// ODR: what the BMC wrote last.
  public private(set) var odr: UInt8 {
    get { UInt8(truncatingIfNeeded: word >> 8) }
    set { word = word & ~0xFF00 | UInt64(newValue) << 8 }
  }
  /// STR.
  public private(set) var str: KCSStatus {
    get { KCSStatus(rawValue: UInt8(truncatingIfNeeded: word >> 16)) }
    set { word = word & ~0xFF_0000 | UInt64(newValue.rawValue) << 16 }
  }
  /// Decode and interrupt enables.
  public var enables: Enables {
    get { Enables(rawValue: UInt32(truncatingIfNeeded: word >> 32)) }
    set { word = word & 0xFFFF_FFFF | UInt64(newValue.rawValue) << 32 }
  }

  /// Which accesses and interrupts the part has switched on.
  public struct Enables: OptionSet, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32

    public init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    // The BMC's two enables stand where STR has the flags they are about.

    /// OBEIE: interrupt the BMC while OBF is clear.
    public static let outputBufferEmptyInterrupt = Enables(rawValue: 1 << 0)
    /// IBFIE: interrupt the BMC while IBF is set.
    public static let inputBufferFullInterrupt = Enables(rawValue: 1 << 1)
    /// The host's ports are decoded; otherwise its reads return FFh and its writes are lost.
    public static let hostDecode = Enables(rawValue: 1 << 2)
    /// Interrupt the host while OBF is set.
    public static let outputBufferFullInterrupt = Enables(rawValue: 1 << 3)
  }

  /// A channel out of reset: no flag set, nothing enabled.
  public init() {}

  /// The channel that a word is; any word is one.
  public init(word: UInt64) {
    self.word = word & ~0xFF00_0000
  }

  // MARK: Interrupt lines

  /// Level of the BMC's interrupt: `(IBF & IBFIE) | (!OBF & OBEIE)`.
  public var bmcInterrupt: Bool {
    let causes = str.symmetricDifference(.outputBufferFull).rawValue
    return enables.rawValue & UInt32(causes & 0b11) != 0
  }

  /// Level of the host's interrupt: OBF, where it is enabled.
  public var hostInterrupt: Bool {
    str.contains(.outputBufferFull) && enables.contains(.outputBufferFullInterrupt)
  }

  // MARK: Host accesses

  /// The host reads the status port: no side effect.
  public func hostReadStatus() -> KCSStatus {
    enables.contains(.hostDecode) ? str : KCSStatus(rawValue: 0xFF)
  }

  /// The host reads the data port: returns ODR and clears OBF.
  public mutating func hostReadData() -> UInt8 {
    guard enables.contains(.hostDecode) else { return 0xFF }
    str.remove(.outputBufferFull)
    return odr
  }

  /// The host writes the data port: IDR := `value`, IBF := 1, C/D := 0.
  public mutating func hostWriteData(_ value: UInt8) {
    hostWrite(value, toCommandPort: false)
  }

  /// The host writes the command port: IDR := `value`, IBF := 1, C/D := 1.
  public mutating func hostWriteCommand(_ value: UInt8) {
    hostWrite(value, toCommandPort: true)
  }

  /// A write while IBF is set overwrites IDR; the protocol forbids it, the hardware does not.
  private mutating func hostWrite(_ value: UInt8, toCommandPort: Bool) {
    guard enables.contains(.hostDecode) else { return }
    idr = value
    str.insert(.inputBufferFull)
    if toCommandPort { str.insert(.commandData) } else { str.remove(.commandData) }
  }

  // MARK: BMC accesses

  /// The BMC reads STR: no side effect.
  public func bmcReadStatus() -> KCSStatus { str }

  /// The BMC writes STR: only ``KCSStatus/bmcWritable`` bits change.
  public mutating func bmcWriteStatus(_ value: KCSStatus) {
    str = str.subtracting(.bmcWritable).union(value.intersection(.bmcWritable))
  }

  /// The BMC reads IDR: returns the byte and clears IBF, which ends its interrupt.
  public mutating func bmcReadData() -> UInt8 {
    str.remove(.inputBufferFull)
    return idr
  }

  /// The BMC writes ODR: sets OBF.
  public mutating func bmcWriteData(_ value: UInt8) {
    odr = value
    str.insert(.outputBufferFull)
  }

  /// The BMC clears OBF, as ASPEED parts let it by writing 0 to it: the byte is lost.
  public mutating func bmcClearOutputBufferFull() {
    str.remove(.outputBufferFull)
  }
}

extension KCSChannel: Restorable {
  /// Any eight bytes are a channel.
  public mutating func transfer(through stream: inout some StateStream) {
    stream.transfer(&word)
  }
}
