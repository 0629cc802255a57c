/// A PC's real-time clock at ports 70h and 71h, which says 2026-01-01 00:00:00 at power-on.
///
/// Index 70h bits 6:0; registers 00h seconds, 02h minutes, 04h hours, 06h day of the week, 07h day,
/// 08h month, 09h year, 32h century: BCD, 24 hours; 0Ah to 0Dh status, never in an update. Read only:
/// what is written is lost. From the data sheet of the MC146818.
struct RealTimeClock: Sendable {
  private var index: UInt8 = 0

  mutating func write(_ value: UInt8, to port: UInt16) {
    if port == 0x70 { index = value & 0x7F }
  }

  func read(_ port: UInt16, at time: UInt64) -> UInt8 {
    guard port == 0x71 else { return 0xFF }
    let seconds = Int(time / 1_000_000_000)
    return switch index {
    case 0x00: bcd(seconds % 60)
    case 0x02: bcd(seconds / 60 % 60)
    case 0x04: bcd(seconds / 3600 % 24)
    // 1 is Sunday; that day was a Thursday.
    case 0x06: bcd((seconds / 86_400 + 4) % 7 + 1)
    case 0x07: bcd(Self.date(seconds / 86_400).day)
    case 0x08: bcd(Self.date(seconds / 86_400).month)
    case 0x09: bcd(26)
    case 0x0A: 0x26
    case 0x0B: 0x02
    case 0x0D: 0x80
    case 0x32: 0x20
    default: 0
    }
  }

  /// The date in 2026, of which a run is over long before.
  private static func date(_ days: Int) -> (month: Int, day: Int) {
    var rest = days % 365
    for (index, length) in [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30].enumerated() {
      guard rest >= length else { return (index + 1, rest + 1) }
      rest -= length
    }
    return (12, rest + 1)
  }

  private func bcd(_ number: Int) -> UInt8 { UInt8(number / 10 * 16 + number % 10) }
}
