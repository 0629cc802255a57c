import IPMI

/// The bytes of a FRU inventory as they are composed: common header, then information areas.
///
/// Platform Management FRU Information Storage Definition v1.0, sections 8 to 13. Each area is
/// padded to eight bytes and closed by a checksum. What does not fit is cut, and ``isCut`` says so.
public struct FRUImage<let capacity: Int>: Sendable {
  /// An information area: the place of its offset in the common header.
  public enum Area: Int, Sendable {
    case chassis = 2
    case board = 3
    case product = 4
  }

  /// The bytes so far.
  public private(set) var bytes: FixedBytes<capacity> = FixedBytes()
  /// Whether something did not fit.
  public private(set) var isCut = false
  private var start = 0

  /// A common header without areas.
  public init() {
    for _ in 0..<8 { bytes.append(0) }
    bytes[0] = 0x01
    bytes[7] = 0xFF
  }

  /// Starts an area: version, and a length that ``endArea()`` fills in.
  public mutating func begin(_ area: Area) {
    start = bytes.count
    bytes[area.rawValue] = UInt8(truncatingIfNeeded: start / 8)
    bytes[7] = 0
    bytes[7] = checksum(0..<8)
    append(0x01)
    append(0)
  }

  /// Adds a byte.
  public mutating func append(_ byte: UInt8) {
    if !bytes.append(byte) { isCut = true }
  }

  /// Adds a type/length byte and 8-bit ASCII, at most 63 bytes. A single character gets a blank
  /// behind it, because its type/length byte, C1h, is the end mark.
  public mutating func appendField<let size: Int>(_ text: FixedBytes<size>) {
    let length = min(text.count, 63)
    if length < text.count { isCut = true }
    append(length == 0 ? 0 : 0xC0 | UInt8(truncatingIfNeeded: max(length, 2)))
    for index in 0..<length { append(text[index]) }
    if length == 1 { append(0x20) }
  }

  /// Ends an area: end mark, padding, length in eights of bytes, checksum.
  public mutating func endArea() {
    append(0xC1)
    while (bytes.count - start) % 8 != 7 && !bytes.isFull { append(0) }
    let length = (bytes.count - start + 1) / 8
    if length > 255 { isCut = true }
    if start + 1 < bytes.count { bytes[start + 1] = UInt8(truncatingIfNeeded: length) }
    append(checksum(start..<bytes.count))
  }

  /// The byte that brings the sum over `range` and itself to zero.
  private func checksum(_ range: Range<Int>) -> UInt8 {
    var sum: UInt8 = 0
    for index in range { sum &+= bytes[index] }
    return 0 &- sum
  }
}
