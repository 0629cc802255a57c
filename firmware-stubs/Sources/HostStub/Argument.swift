import CHostBoard

/// One word of the command line, which the loader keeps in memory.
@safe struct Argument {
  private let text: UnsafePointer<CChar>
  /// The number of bytes.
  let count: Int

  /// The first word; `nil` where there is none.
  static var first: Argument? {
    guard let text = unsafe command_line() else { return nil }
    return unsafe Argument(at: text)
  }

  /// The word behind this one; `nil` behind the last.
  var next: Argument? { unsafe Argument(at: text + count) }

  /// The word at `text`, or behind the spaces there.
  private init?(at text: UnsafePointer<CChar>) {
    var start = unsafe text
    while unsafe start.pointee == 0x20 { unsafe start += 1 }
    var count = 0
    while unsafe start[count] != 0 && start[count] != 0x20 { count += 1 }
    guard count > 0 else { return nil }
    unsafe self.init(text: start, count: count)
  }

  private init(text: UnsafePointer<CChar>, count: Int) {
    unsafe self.text = text
    self.count = count
  }

  /// The byte at `index`, which is below ``count``.
  subscript(index: Int) -> UInt8 { UInt8(bitPattern: unsafe text[index]) }

  /// What follows `prefix`; `nil` where the word does not begin with it.
  func dropping(_ prefix: StaticString) -> Argument? {
    let length = prefix.utf8CodeUnitCount
    guard count >= length else { return nil }
    for index in 0..<length where unsafe prefix.utf8Start[index] != self[index] { return nil }
    return unsafe Argument(text: text + length, count: count - length)
  }

  static func == (argument: Argument, text: StaticString) -> Bool {
    argument.count == text.utf8CodeUnitCount && argument.dropping(text) != nil
  }

  /// The number, decimal or hexadecimal with 0x before it; `nil` for anything else, and for one
  /// that is not in `range`.
  func number(in range: ClosedRange<UInt32>) -> UInt32? {
    let hexadecimal = dropping("0x")
    let digits = hexadecimal ?? self
    let base: UInt32 = hexadecimal == nil ? 10 : 16
    guard (1...8).contains(digits.count) else { return nil }
    var number: UInt32 = 0
    for index in 0..<digits.count {
      let digit: UInt32
      switch digits[index] {
      case 0x30...0x39: digit = UInt32(digits[index] - 0x30)
      case 0x41...0x46 where base == 16: digit = UInt32(digits[index] - 0x41) + 10
      case 0x61...0x66 where base == 16: digit = UInt32(digits[index] - 0x61) + 10
      default: return nil
      }
      number = number * base + digit
    }
    return range.contains(number) ? number : nil
  }
}
