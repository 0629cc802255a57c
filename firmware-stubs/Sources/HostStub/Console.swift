import CHostBoard

/// COM1, a 16550 at port 3F8h: 115200 baud, 8N1. Nothing is read from it.
struct Console {
  /// Whether bytes are still sent. Not where no UART is, nor after one that took no byte in time:
  /// the program is to end without a console, too.
  private var isThere: Bool

  private static let base: UInt16 = 0x3F8
  /// LSR: line status register.
  private static let lineStatus: UInt16 = base + 5
  /// THRE, LSR bit 5: the transmitter takes a byte.
  private static let transmitterEmpty: UInt8 = 1 << 5
  /// How often THRE is looked for; a byte takes 87 µs.
  private static let polls = 100_000

  /// Looks for the UART and sets it up.
  init() {
    isThere = in8(Self.lineStatus) != 0xFF
    guard isThere else { return }
    out8(Self.base + 1, 0x00)  // IER: no interrupt
    out8(Self.base + 3, 0x80)  // LCR: the divisor's registers are next
    out8(Self.base, 0x01)
    out8(Self.base + 1, 0x00)
    out8(Self.base + 3, 0x03)  // LCR: 8 bits, no parity
    out8(Self.base + 2, 0x07)  // FCR: FIFOs on and empty
    out8(Self.base + 4, 0x03)  // MCR: DTR, RTS
  }

  /// Sends one byte.
  mutating func write(byte: UInt8) {
    guard isThere else { return }
    for _ in 0..<Self.polls {
      guard in8(Self.lineStatus) & Self.transmitterEmpty == 0 else {
        out8(Self.base, byte)
        return
      }
    }
    isThere = false
  }

  /// Sends `text`.
  mutating func write(_ text: StaticString) {
    let bytes = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    for index in 0..<bytes.count { unsafe write(byte: bytes[index]) }
  }

  /// Ends the line.
  mutating func endLine() { write("\r\n") }

  /// Sends the `digits` lowest hexadecimal digits of `value`.
  mutating func write(hex value: UInt64, digits: Int) {
    var shift = digits * 4
    while shift > 0 {
      shift -= 4
      let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 0xF
      write(byte: digit < 10 ? 0x30 + digit : 0x41 - 10 + digit)
    }
  }

  /// Sends two hexadecimal digits.
  mutating func write(_ byte: UInt8) { write(hex: UInt64(byte), digits: 2) }

  /// Sends `value` in decimal.
  mutating func write(decimal value: UInt32) {
    if value >= 10 { write(decimal: value / 10) }
    write(byte: 0x30 + UInt8(truncatingIfNeeded: value % 10))
  }
}
