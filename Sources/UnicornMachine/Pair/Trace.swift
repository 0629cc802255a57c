/// What happens in a pair, as lines of text, each with its virtual time in nanoseconds.
///
/// | Line                              | What happened                                              |
/// |-----------------------------------|------------------------------------------------------------|
/// | `1200 bmc r F000700C 1 08`        | the BMC loaded a byte of its host interface                |
/// | `1200 bmc w F000700E 1 00`        | the BMC stored one                                         |
/// | `1200 host r 0CA3 08`             | the host read a port                                       |
/// | `1200 host w 0CA2 18`             | the host wrote a port                                      |
/// | `1200 bmc > text`                 | the BMC wrote a line to its console; `host >`: the host did |
/// | `1200 host request 18 01`         | a scripted host began a transaction                        |
/// | `1200 host response 1C 01 00 …`   | and had its response; `host failed`: it had none           |
/// | `1200 fault bmc reset`            | a fault was made to happen                                 |
///
/// Each side has its own clock, so that times of both may be out of order by a quantum. The text is
/// hashed always, and kept where it is asked for.
struct Trace {
  /// FNV-1a of all lines.
  private(set) var hash = fnv1a([])
  /// All lines, where they are kept.
  private(set) var text: [UInt8]
  private let isKept: Bool
  private var line: [UInt8] = []
  /// How many there were.
  private(set) var lineCount = 0

  init(isKept: Bool) {
    self.isKept = isKept
    text = []
  }

  private mutating func begin(_ time: UInt64, _ what: StaticString) {
    line.removeAll(keepingCapacity: true)
    append(decimal: time)
    append(what)
  }

  private mutating func end() {
    line.append(0x0A)
    hash = fnv1a(line, from: hash)
    lineCount += 1
    if isKept { text += line }
  }

  private mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { unsafe line.append(contentsOf: $0) }
  }

  private mutating func append(decimal value: UInt64) {
    var digits: [20 of UInt8] = .init(repeating: 0)
    var count = 0
    var rest = value
    repeat {
      digits[count] = 0x30 + UInt8(rest % 10)
      rest /= 10
      count += 1
    } while rest != 0
    while count > 0 {
      count -= 1
      line.append(digits[count])
    }
  }

  private mutating func append(hex value: UInt64, digits: Int) {
    line.append(0x20)
    for index in (0..<digits).reversed() {
      let digit = UInt8(value >> UInt64(index * 4) & 0xF)
      line.append(digit < 10 ? 0x30 + digit : 0x37 + digit)
    }
  }

  mutating func record(_ access: ARMMachine.Access) {
    begin(access.time, access.isLoad ? " bmc r" : " bmc w")
    append(hex: access.address, digits: 8)
    line.append(0x20)
    append(decimal: UInt64(access.width))
    append(hex: access.value, digits: access.width * 2)
    end()
  }

  mutating func record(port: UInt16, isRead: Bool, _ value: UInt8, at time: UInt64) {
    begin(time, isRead ? " host r" : " host w")
    append(hex: UInt64(port), digits: 4)
    append(hex: UInt64(value), digits: 2)
    end()
  }

  /// A line that a console has printed.
  mutating func record(console text: [UInt8], of side: Side, at time: UInt64) {
    begin(time, side == .bmc ? " bmc > " : " host > ")
    line += text
    end()
  }

  /// A fault was made to happen.
  mutating func record(fault name: StaticString, at time: UInt64) {
    begin(time, " fault ")
    append(name)
    end()
  }

  /// Something else, with the bytes of a message.
  mutating func record(_ what: StaticString, _ bytes: [UInt8] = [], at time: UInt64) {
    begin(time, what)
    for byte in bytes { append(hex: UInt64(byte), digits: 2) }
    end()
  }
}

/// One of the two processors of a pair.
public enum Side: Sendable {
  case bmc, host
}
