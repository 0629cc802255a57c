/// The KCS registers as the host reaches them: two ports, base + 0 data, base + 1 status/command.
///
/// ``KCSHost`` drives any implementation: the emulated ``KCSChannel``, or real port I/O.
public protocol KCSHostRegisters {
  /// Reads the status port.
  mutating func hostReadStatus() -> KCSStatus
  /// Reads the data port.
  mutating func hostReadData() -> UInt8
  /// Writes the data port.
  mutating func hostWriteData(_ value: UInt8)
  /// Writes the command port.
  mutating func hostWriteCommand(_ value: UInt8)
}

/// The KCS registers as the BMC reaches them: IDR, ODR and STR.
///
/// ``KCSResponder`` drives any implementation: the emulated ``KCSChannel``, or memory-mapped
/// registers in firmware.
public protocol KCSBMCRegisters {
  /// Reads STR.
  mutating func bmcReadStatus() -> KCSStatus
  /// Writes STR; the hardware keeps the bits that are its own.
  mutating func bmcWriteStatus(_ value: KCSStatus)
  /// Reads IDR, which clears IBF.
  mutating func bmcReadData() -> UInt8
  /// Writes ODR, which sets OBF.
  mutating func bmcWriteData(_ value: UInt8)
}

extension KCSChannel: KCSHostRegisters, KCSBMCRegisters {}
