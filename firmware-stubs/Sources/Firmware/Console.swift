import CBoard

/// The UART that the firmware writes its log to: a 16550 with one register per word.
///
/// Speed and format are left as the boot block set them. Nothing is read from it.
public struct Console: Sendable {
  /// The address of the transmitter holding register (THR).
  let base: UInt
  /// LSR: line status register.
  private var lineStatus: UInt { base + 0x14 }
  /// THRE, LSR bit 5: THR takes a byte.
  private static let transmitterEmpty: UInt32 = 1 << 5

  public init(base: UInt) {
    self.base = base
  }

  /// Sends one byte, as soon as there is room for it.
  func write(byte: UInt8) {
    while load32(lineStatus) & Self.transmitterEmpty == 0 {}
    store32(base, UInt32(byte))
  }

  /// Sends `text`.
  public func write(_ text: StaticString) {
    let bytes = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    for index in 0..<bytes.count {
      unsafe write(byte: bytes[index])
    }
  }

  /// Sends `text` and ends the line.
  public func writeLine(_ text: StaticString = "") {
    write(text)
    write("\r\n")
  }

  /// Sends the `digits` lowest hexadecimal digits of `value`.
  public func write(hex value: UInt32, digits: Int) {
    var shift = digits * 4
    while shift > 0 {
      shift -= 4
      let digit = UInt8(truncatingIfNeeded: value >> UInt32(shift)) & 0xF
      write(byte: digit < 10 ? 0x30 + digit : 0x41 - 10 + digit)
    }
  }

  /// Sends two hexadecimal digits.
  public func write(_ byte: UInt8) {
    write(hex: UInt32(byte), digits: 2)
  }

  /// Sends `value` in decimal.
  public func write(decimal value: UInt32) {
    if value >= 10 { write(decimal: value / 10) }
    write(byte: 0x30 + UInt8(truncatingIfNeeded: value % 10))
  }
}
