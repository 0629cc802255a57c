/// The text behind a type/length byte, in any of its four codes: for a comment.
///
/// IPMI v2.0, section 43.15; Platform Management FRU Information Storage Definition v1.0, section 13.
enum TypedText {
  /// The text, in quotes, or its bytes where it is none.
  static func shown(_ code: UInt8, _ bytes: ArraySlice<UInt8>) -> String {
    let text =
      switch code >> 6 {
      case 0b01: bcdPlus(bytes)
      case 0b10: sixBit(bytes)
      case 0b11: String(latin1: bytes)
      default: nil as String?
      }
    return text.map(YAMLText.quoted) ?? bytes.map { String(hexadecimal($0).dropFirst(2)) }.joined()
  }

  /// BCD plus: digits, blank, dash and point, the high half of a byte first.
  private static func bcdPlus(_ bytes: ArraySlice<UInt8>) -> String? {
    let characters = Array("0123456789 -.")
    var text = ""
    for nibble in bytes.flatMap({ [$0 >> 4, $0 & 0x0F] }) {
      guard Int(nibble) < characters.count else { return nil }
      text.append(characters[Int(nibble)])
    }
    return text
  }

  /// 6-bit ASCII: 20h to 5Fh, four characters in three bytes, the lowest bits first.
  private static func sixBit(_ bytes: ArraySlice<UInt8>) -> String {
    var (text, bits, count) = ("", 0, 0)
    for byte in bytes {
      bits |= Int(byte) << count
      count += 8
      while count >= 6 {
        text.unicodeScalars.append(Unicode.Scalar(UInt8(bits & 0x3F) + 0x20))
        bits >>= 6
        count -= 6
      }
    }
    return text
  }
}

extension ControllerContent.Record {
  /// The type of the record, and its name where it has one.
  var summary: String {
    let type = bytes.count > 3 ? bytes[3] : 0
    let (name, offset): (String, Int?) =
      switch type {
      case 0x01: ("full sensor", 47)
      case 0x02: ("compact sensor", 31)
      case 0x03: ("event-only sensor", 16)
      case 0x08: ("entity association", nil)
      case 0x09: ("device-relative entity association", nil)
      case 0x10: ("generic device locator", 15)
      case 0x11: ("FRU device locator", 15)
      case 0x12: ("controller locator", 15)
      case 0x13: ("controller confirmation", nil)
      case 0x14: ("BMC message channel", nil)
      case 0xC0: ("OEM", nil)
      default: ("type \(hexadecimal(type))", nil)
      }
    guard let offset, offset < bytes.count else { return name }
    let text = bytes[(offset + 1)...].prefix(Int(bytes[offset] & 0x1F))
    return "\(name) \(TypedText.shown(bytes[offset], text))"
  }
}
