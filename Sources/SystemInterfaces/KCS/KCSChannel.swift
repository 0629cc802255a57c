/// One KCS channel: the registers in which host and BMC meet.
///
/// Models the three byte registers and two hardware flags of every KCS implementation, as
/// NPCM7xx and ASPEED parts have them: IDR (host writes, BMC reads), ODR (BMC writes, host reads)
/// and STR. IBF and OBF belong to the hardware; C/D is latched by the host write that sets IBF.
/// Left out: where a register is mapped and who may write which enable, which belong to the part.
/// Behaviour from IPMI v2.0, section 9, and from Linux `kcs_bmc` and `ipmi_kcs_sm`.
///
/// A channel is 8 bytes and bitwise-copyable, and every access is a pure transition, so the same
/// value can live in a struct or in one atomic word that two emulators share.
public struct KCSChannel: Hashable, Sendable, BitwiseCopyable {
  /// IDR: what the host wrote last, to either port.
  public private(set) var idr: UInt8 = 0
  /// ODR: what the BMC wrote last.
  public private(set) var odr: UInt8 = 0
  /// STR.
  public private(set) var str: KCSStatus = []
  private let reserved: UInt8 = 0
  /// Decode and interrupt enables.
  public var enables: Enables = []

  /// Which accesses and interrupts the part has switched on.
  public struct Enables: OptionSet, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32

    public init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    /// The host's ports are decoded; otherwise its reads return FFh and its writes are lost.
    public static let hostDecode = Enables(rawValue: 1 << 0)
    /// IBFIE: interrupt the BMC while IBF is set.
    public static let inputBufferFullInterrupt = Enables(rawValue: 1 << 1)
    /// OBEIE: interrupt the BMC while OBF is clear.
    public static let outputBufferEmptyInterrupt = Enables(rawValue: 1 << 2)
    /// Interrupt the host while OBF is set.
    public static let outputBufferFullInterrupt = Enables(rawValue: 1 << 3)
  }

  /// A channel out of reset: no flag set, nothing enabled.
  public init() {}

  // MARK: Interrupt lines

  /// Level of the BMC's interrupt: `(IBF & IBFIE) | (!OBF & OBEIE)`.
  public var bmcInterrupt: Bool {
    str.contains(.inputBufferFull) && enables.contains(.inputBufferFullInterrupt)
      || !str.contains(.outputBufferFull) && enables.contains(.outputBufferEmptyInterrupt)
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
}
