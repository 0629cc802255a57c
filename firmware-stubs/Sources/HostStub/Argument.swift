import CHostBoard

/// One word of the command line, which the loader keeps in memory.
@safe struct Argument {
  private let text: UnsafePointer<CChar>
  /// The number of bytes.
  let count: Int

  /// The words of the command line, one after the other, to `body`.
  static func forEach(_ body: (Argument) -> Void) {
    guard var text = unsafe command_line() else { return }
    while unsafe text.pointee != 0 {
      var count = 0
      while unsafe text[count] != 0 && text[count] != 0x20 { count += 1 }
      if count > 0 { body(unsafe Argument(text: text, count: count)) }
      unsafe text += count
      while unsafe text.pointee == 0x20 { unsafe text += 1 }
    }
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
