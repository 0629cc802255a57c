import CHostBoard

/// The PC's clock of the day: an MC146818 at ports 70h and 71h.
enum RealTimeClock {
  private static let second: UInt8 = 0x00
  private static let minute: UInt8 = 0x02
  private static let hour: UInt8 = 0x04
  private static let day: UInt8 = 0x07
  private static let month: UInt8 = 0x08
  private static let year: UInt8 = 0x09
  /// UIP, bit 7: the registers are about to change.
  private static let registerA: UInt8 = 0x0A
  /// DM, bit 2: binary, not BCD. 24/12, bit 1: hours count to 23.
  private static let registerB: UInt8 = 0x0B

  /// Seconds since 1970, the date taken as one of this century; `nil` where there is no clock, or
  /// one that shows no date, or counts hours to twelve.
  static func secondsSince1970() -> UInt32? {
    // UIP is up for 2 ms at most. Every register reads FFh where there is none.
    var polls = 0
    while read(registerA) & 0x80 != 0 {
      polls += 1
      if polls == 10_000 { return nil }
    }
    let format = read(registerB)
    guard format & 0x02 != 0 else { return nil }
    let isBinary = format & 0x04 != 0
    func value(_ register: UInt8, _ range: ClosedRange<UInt32>) -> UInt32? {
      let byte = UInt32(read(register))
      let value = isBinary ? byte : (byte >> 4) * 10 + (byte & 0x0F)
      return range.contains(value) ? value : nil
    }
    guard let second = value(second, 0...59), let minute = value(minute, 0...59),
      let hour = value(hour, 0...23), let day = value(day, 1...31),
      let month = value(month, 1...12), let year = value(year, 0...99)
    else { return nil }
    return ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
  }

  /// Days from 1970 to a day of the year 2000 + `year`.
  private static func days(_ year: UInt32, _ month: UInt32, _ day: UInt32) -> UInt32 {
    // Years that begin in March end with the day that leap years have more.
    let isEarly = month < 3
    let marchYear = 2000 + year - (isEarly ? 1 : 0)
    let marchMonth = isEarly ? month + 9 : month - 3
    let daysOfMonths = (153 * marchMonth + 2) / 5
    // 719468 days from March of the year 0 to 1970.
    return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + daysOfMonths
      + day - 1 - 719_468
  }

  private static func read(_ register: UInt8) -> UInt8 {
    // Bit 7 keeps NMI away from the processor, which has no handler.
    out8(0x70, 0x80 | register)
    return in8(0x71)
  }
}
