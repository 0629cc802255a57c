import IPMI

// Text without `String`, which firmware cannot afford. What does not fit is left out.
extension FixedBytes {
  /// A text, as UTF-8.
  public init(_ text: StaticString) {
    self.init()
    append(text)
  }

  /// Adds a text, as UTF-8.
  public mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { characters in
      for index in characters.indices { unsafe append(characters[index]) }
    }
  }

  /// Adds a number in decimal, with zeros in front up to `width` digits.
  public mutating func append(decimal value: UInt64, width: Int = 1) {
    var digits: FixedBytes<20> = []
    var rest = value
    repeat {
      digits.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    for _ in digits.count..<max(width, digits.count) { append(UInt8(ascii: "0")) }
    for index in (0..<digits.count).reversed() { append(digits[index]) }
  }

  /// Adds a byte as two hexadecimal digits.
  public mutating func append(hexadecimal value: UInt8) {
    append(Self.digit(value >> 4))
    append(Self.digit(value & 0xF))
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }

  /// Adds a time in nanoseconds as seconds, with `places` decimals of nine.
  public mutating func append(seconds time: UInt64, places: Int = 9) {
    append(decimal: time / 1_000_000_000)
    append(UInt8(ascii: "."))
    var fraction = time % 1_000_000_000
    for _ in places..<9 { fraction /= 10 }
    append(decimal: fraction, width: places)
  }

  /// Adds a duration in nanoseconds in the unit that suits it.
  public mutating func append(duration: UInt64) {
    switch duration {
    case ..<1_000:
      append(decimal: duration)
      append(" ns")
    case ..<1_000_000:
      append(decimal: duration / 1_000)
      append(".")
      append(decimal: duration % 1_000 / 100)
      append(" us")
    case ..<1_000_000_000:
      append(decimal: duration / 1_000_000)
      append(".")
      append(decimal: duration % 1_000_000 / 10_000, width: 2)
      append(" ms")
    default:
      append(seconds: duration, places: 3)
      append(" s")
    }
  }
}
