import IPMI

/// A block of a file that was found to be whole.
struct PcapngBlock {
  let type: UInt32
  let start: Int
  /// The offset behind the block.
  let end: Int
  private let isBigEndian: Bool

  /// The offset of what is between the two lengths.
  var body: Int { start + 8 }
  var bodyLength: Int { end - start - 12 }

  /// The block at `start`, of which there are 12 bytes.
  init(_ file: Span<UInt8>, at start: Int, isBigEndian: Bool) throws(PcapngError) {
    self.start = start
    self.isBigEndian = isBigEndian
    type = file.integer(at: start, isBigEndian: isBigEndian)
    let length = file.integer(at: start + 4, isBigEndian: isBigEndian)
    guard length >= 12, length % 4 == 0 else { throw PcapngError(.blockLength, at: start + 4) }
    guard length <= file.count - start else { throw PcapngError(.cut, at: start) }
    end = start + Int(length)
    guard file.integer(at: end - 4, isBigEndian: isBigEndian) == length else {
      throw PcapngError(.trailingLength, at: end - 4)
    }
  }

  /// The option at `cursor`, which moves behind it; `nil` where no more come.
  func option(
    _ cursor: inout Int, in file: Span<UInt8>
  ) throws(PcapngError) -> (code: UInt16, value: Range<Int>)? {
    let limit = end - 4
    guard limit - cursor >= 4 else { return nil }
    let code = file.short(at: cursor, isBigEndian: isBigEndian)
    guard code != Pcapng.Option.end else { return nil }
    let length = Int(file.short(at: cursor + 2, isBigEndian: isBigEndian))
    guard length <= limit - cursor - 4 else { throw PcapngError(.optionLength, at: cursor + 2) }
    let value = cursor + 4..<cursor + 4 + length
    cursor = value.upperBound + (4 - length % 4) % 4
    return (code, value)
  }
}

extension Span<UInt8> {
  /// Two bytes of a file, which has them.
  func short(at offset: Int, isBigEndian: Bool) -> UInt16 {
    let value = UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    return isBigEndian ? value.byteSwapped : value
  }

  /// Four bytes of a file, which has them.
  func integer(at offset: Int, isBigEndian: Bool) -> UInt32 {
    let first = short(at: offset, isBigEndian: false)
    let second = short(at: offset + 2, isBigEndian: false)
    let value = UInt32(first) | UInt32(second) << 16
    return isBigEndian ? value.byteSwapped : value
  }

  /// Two words, in the order of the file.
  func words(at offset: Int, isBigEndian: Bool) -> (UInt32, UInt32) {
    (
      integer(at: offset, isBigEndian: isBigEndian),
      integer(at: offset + 4, isBigEndian: isBigEndian)
    )
  }
}

/// How an interface counts time.
struct PcapngClock: Sendable {
  /// `if_tsresol`: 10 to the power of minus it or, with bit 7, 2 to the power of minus the rest.
  var resolution: UInt8 = 6
  /// `if_tsoffset`: seconds to add.
  var offset: Int64 = 0

  /// A time of a packet, in nanoseconds since 1970; the last there is where it is later.
  func nanoseconds(_ time: UInt64) -> UInt64 {
    var result =
      resolution & 0x80 == 0
      ? Self.decimal(time, resolution) : Self.binary(time, resolution & 0x7F)
    let distance = offset.magnitude.multipliedReportingOverflow(by: 1_000_000_000)
    let shift = distance.overflow ? UInt64.max : distance.partialValue
    if offset < 0 {
      result = result < shift ? 0 : result - shift
    } else {
      result = result > .max - shift ? .max : result + shift
    }
    return result
  }

  private static func decimal(_ time: UInt64, _ places: UInt8) -> UInt64 {
    var result = time
    if places > 9 {
      // More digits than a number has leave nothing.
      for _ in 9..<min(places, 30) { result /= 10 }
      return result
    }
    for _ in places..<9 {
      let (product, overflow) = result.multipliedReportingOverflow(by: 10)
      if overflow { return .max }
      result = product
    }
    return result
  }

  private static func binary(_ time: UInt64, _ places: UInt8) -> UInt64 {
    let whole = places < 64 ? time >> UInt64(places) : 0
    let (seconds, overflow) = whole.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return .max }
    let fraction = places < 64 ? time & (1 << UInt64(places) - 1) : time
    // Of at most 94 bits; shifts by too much give 0.
    let product = fraction.multipliedFullWidth(by: 1_000_000_000)
    let shift = UInt64(places)
    let high = shift < 64 ? product.high << (64 - shift) : product.high >> (shift - 64)
    let low = product.low >> shift
    let (sum, isTooMuch) = seconds.addingReportingOverflow(low | high)
    return isTooMuch ? .max : sum
  }
}

/// What ``PcapngWriter`` says in a packet's comment, for a reader.
struct PacketNote {
  var id: UInt8?
  var control: (code: UInt8, argument: UInt8?)?

  /// Takes a comment; one that is not of that form is none.
  mutating func read(_ file: Span<UInt8>, _ range: Range<Int>) {
    let text = file.extracting(range)
    if text.starts(with: "id ") {
      var value: UInt16 = 0
      var digits = 0
      while 3 + digits < text.count, (0x30...0x39).contains(text[3 + digits]), value < 256 {
        value = value * 10 + UInt16(text[3 + digits] - 0x30)
        digits += 1
      }
      if digits > 0 { id = UInt8(exactly: value) }
    } else if text.starts(with: "control "), let code = text.hexadecimal(at: 8) {
      control = (code, text.hexadecimal(at: 11))
    }
  }
}

extension Span<UInt8> {
  fileprivate func starts(with prefix: StaticString) -> Bool {
    let prefix = FixedBytes<16>(prefix)
    guard count >= prefix.count else { return false }
    for index in 0..<prefix.count where self[index] != prefix[index] { return false }
    return true
  }

  /// The two digits at `offset`; `nil` where there are none.
  fileprivate func hexadecimal(at offset: Int) -> UInt8? {
    guard offset + 2 <= count, let high = Self.digit(self[offset]),
      let low = Self.digit(self[offset + 1])
    else { return nil }
    return high << 4 | low
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case 0x30...0x39: character - 0x30
    case 0x41...0x46: character - 0x41 + 10
    case 0x61...0x66: character - 0x61 + 10
    default: nil
    }
  }
}
