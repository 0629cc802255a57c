import CLinux

/// One argument of the command line, which the kernel keeps for as long as the program runs.
@safe public struct Argument {
  private let text: UnsafePointer<CChar>
  /// The number of bytes.
  public let count: Int

  /// The argument at `index`, 0 being the program's name; `nil` behind the last one.
  public init?(at index: Int) {
    // Up to here, none of those before was missing.
    guard let text = unsafe linux_argument(index) else { return nil }
    unsafe self.text = text
    var count = 0
    while unsafe text[count] != 0 { count += 1 }
    self.count = count
  }

  /// The byte at `index`, which is below ``count``.
  public subscript(index: Int) -> UInt8 { UInt8(bitPattern: unsafe text[index]) }

  /// The argument as the name of a file.
  public func open(_ flags: UInt32) -> Int32 { unsafe linux_open(text, flags) }

  public static func == (argument: Argument, text: StaticString) -> Bool {
    argument.count == text.utf8CodeUnitCount && argument.starts(with: text)
  }

  public func starts(with prefix: StaticString) -> Bool {
    guard count >= prefix.utf8CodeUnitCount else { return false }
    for index in 0..<prefix.utf8CodeUnitCount where unsafe prefix.utf8Start[index] != self[index] {
      return false
    }
    return true
  }

  /// The decimal number behind `prefix`; `nil` where there is none, or it has over nine digits.
  public func number(after prefix: StaticString) -> UInt32? {
    let start = prefix.utf8CodeUnitCount
    guard starts(with: prefix), (1...9).contains(count - start) else { return nil }
    var number: UInt32 = 0
    for index in start..<count {
      guard (0x30...0x39).contains(self[index]) else { return nil }
      number = number * 10 + UInt32(self[index] - 0x30)
    }
    return number
  }
}
