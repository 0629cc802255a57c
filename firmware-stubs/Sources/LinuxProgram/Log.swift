import CLinux
import IPMI

/// Standard output, one `write` for each line, so that lines of several programs do not mix.
public struct Log {
  private var line: FixedBytes<240> = []

  public init() {}

  /// Adds `text` to the line; what does not fit is cut.
  public mutating func write(_ text: StaticString) {
    let bytes = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    for index in 0..<bytes.count { unsafe line.append(bytes[index]) }
  }

  /// Adds an argument of the command line.
  public mutating func write(_ argument: Argument) {
    for index in 0..<argument.count { line.append(argument[index]) }
  }

  /// Adds the last byte of an argument.
  public mutating func write(lastDigitOf argument: Argument) {
    if argument.count > 0 { line.append(argument[argument.count - 1]) }
  }

  /// Adds two hexadecimal digits.
  public mutating func write(hex byte: UInt8) {
    write(digit: byte >> 4)
    write(digit: byte & 0x0F)
  }

  private mutating func write(digit: UInt8) {
    line.append(digit < 10 ? 0x30 + digit : 0x41 - 10 + digit)
  }

  /// Adds `value` in decimal.
  public mutating func write(decimal value: some UnsignedInteger & FixedWidthInteger) {
    if value >= 10 { write(decimal: value / 10) }
    line.append(0x30 + UInt8(truncatingIfNeeded: value % 10))
  }

  /// Writes the line. What the console does not take is lost: the host still wants its answers.
  public mutating func end() {
    line.append(0x0A)
    let count = line.count
    let bytes = line.array
    _ = unsafe bytes.span.withUnsafeBytes { unsafe linux_write(1, $0.baseAddress, count) }
    line.removeAll()
  }
}
