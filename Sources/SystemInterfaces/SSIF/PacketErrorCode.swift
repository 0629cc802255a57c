import IPMI

/// PEC: packet error code, CRC-8 of all bytes of a transfer, addresses included.
///
/// Polynomial x⁸ + x² + x + 1, initial value 0. SMBus 2.0, section 5.4.
public struct PacketErrorCode: Hashable, Sendable {
  /// The code of the bytes added so far.
  public private(set) var value: UInt8 = 0

  /// The code of no byte.
  public init() {}

  /// Adds a byte.
  public mutating func append(_ byte: UInt8) {
    value ^= byte
    for _ in 0..<8 { value = value << 1 ^ (value & 0x80 != 0 ? 0x07 : 0) }
  }
}

extension PacketErrorCode: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    stream.transfer(&value)
  }
}
