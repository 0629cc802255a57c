/// The BT registers as the host reaches them: three ports, base + 0 BT_CTRL, base + 1 data,
/// base + 2 BT_INTMASK.
///
/// ``BTHost`` drives any implementation: the emulated ``BTChannel``, or real port I/O.
public protocol BTHostRegisters {
  /// Reads BT_CTRL.
  mutating func hostReadControl() -> BTControl
  /// Writes BT_CTRL: each 1 sets, clears, toggles or acts.
  mutating func hostWriteControl(_ value: BTControl)
  /// Reads the next byte of the BMC-to-host buffer.
  mutating func hostReadData() -> UInt8
  /// Writes the next byte of the host-to-BMC buffer.
  mutating func hostWriteData(_ value: UInt8)
  /// Reads BT_INTMASK.
  mutating func hostReadInterruptMask() -> BTInterruptMask
  /// Writes BT_INTMASK.
  mutating func hostWriteInterruptMask(_ value: BTInterruptMask)
}

/// The BT registers as the BMC reaches them: BT_CTRL and the data port.
///
/// ``BTResponder`` drives any implementation: the emulated ``BTChannel``, or memory-mapped
/// registers in firmware.
public protocol BTBMCRegisters {
  /// Reads BT_CTRL.
  mutating func bmcReadControl() -> BTControl
  /// Writes BT_CTRL: each 1 sets, clears, toggles or acts.
  mutating func bmcWriteControl(_ value: BTControl)
  /// Reads the next byte of the host-to-BMC buffer.
  mutating func bmcReadData() -> UInt8
  /// Writes the next byte of the BMC-to-host buffer.
  mutating func bmcWriteData(_ value: UInt8)
}

extension BTChannel: BTHostRegisters, BTBMCRegisters {}
