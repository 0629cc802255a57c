/// Registers in which a BMC sees what its host writes to an I/O port while it starts: POST codes.
public protocol PostCodeRegisters {
  /// Whether a byte that the host writes to `port` now costs no other one: the BMC has taken those
  /// before it, or does not watch the port.
  func hasRoomForPostCode(port: UInt16) -> Bool
  /// A byte that the host wrote to `port`; nothing happens where that is not watched.
  mutating func postCode(port: UInt16, value: UInt8)
}
