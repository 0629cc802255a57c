/// Who a BMC says it is.
struct Identity: Equatable, CustomStringConvertible {
  /// Major revision, a dot, and two digits.
  let firmware: String
  /// IANA enterprise number.
  let manufacturer: UInt32
  let product: UInt16

  /// From what `ipmitool mc info` prints; nil if it lacks any of the three.
  init?(mcInfo lines: [String]) {
    var fields: [Substring: Substring] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let name = line[..<colon].split(separator: " ").joined(separator: " ")
      fields[name[...]] = line[line.index(after: colon)...].split(separator: " ").first
    }
    self.init(
      firmware: fields["Firmware Revision"], manufacturer: fields["Manufacturer ID"],
      product: fields["Product ID"])
  }

  /// From a line of the firmware's log that has the words "firmware 1.00", "manufacturer 12345" and
  /// "product 1872" in any order; nil if it lacks any of the three.
  init?(logLine: String) {
    let words = logLine.lowercased().split { " ,;:=".contains($0) }
    var fields: [Substring: Substring] = [:]
    for (name, value) in zip(words, words.dropFirst()) { fields[name] = value }
    self.init(
      firmware: fields["firmware"], manufacturer: fields["manufacturer"],
      product: fields["product"])
  }

  private init?(firmware: Substring?, manufacturer: Substring?, product: Substring?) {
    guard let firmware, let manufacturer = manufacturer.flatMap(Self.number(_:)),
      let product = product.flatMap(Self.number(_:)), let short = UInt16(exactly: product)
    else { return nil }
    self.firmware = String(firmware)
    self.manufacturer = manufacturer
    self.product = short
  }

  private static func number(_ text: Substring) -> UInt32? {
    text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
  }

  var description: String {
    "firmware \(firmware), manufacturer \(manufacturer), product \(product)"
  }
}
