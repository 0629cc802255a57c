/// How a raw reading is a number: bits 7:6 of the units byte. IPMI v2.0, section 43.1.
public enum ReadingFormat: UInt8, Sendable {
  /// 0 to 255.
  case unsigned = 0
  /// -127 to 127; FFh is zero, too.
  case onesComplement = 1
  /// -128 to 127.
  case twosComplement = 2

  /// The number of a raw reading.
  public func number(_ raw: UInt8) -> Int {
    switch self {
    case .unsigned: Int(raw)
    case .onesComplement: Int(Int8(bitPattern: raw)) + (raw & 0x80 == 0 ? 0 : 1)
    case .twosComplement: Int(Int8(bitPattern: raw))
    }
  }

  /// The raw reading of the number, or of the nearest that there is.
  public func raw(_ number: Int64) -> UInt8 {
    switch self {
    case .unsigned: return UInt8(clamping: number)
    case .onesComplement:
      let held = min(max(number, -127), 127)
      return UInt8(bitPattern: Int8(truncatingIfNeeded: held < 0 ? held - 1 : held))
    case .twosComplement: return UInt8(bitPattern: Int8(clamping: number))
    }
  }

  /// The highest raw reading.
  public var highest: UInt8 { raw(.max) }
  /// The lowest raw reading.
  public var lowest: UInt8 { raw(.min) }
}
