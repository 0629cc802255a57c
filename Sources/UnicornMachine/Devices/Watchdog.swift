/// The watchdog by which firmware restarts its part.
enum Watchdog: Device, Sendable {
  case npcm7xx(NPCM7xxWatchdog)
  case aspeed(AspeedWatchdog)

  /// When it resets the part, in nanoseconds.
  var deadline: UInt64? {
    switch self {
    case .npcm7xx(let watchdog): watchdog.deadline
    case .aspeed(let watchdog): watchdog.deadline
    }
  }

  func read(_ offset: Int, now: UInt64) -> UInt32 {
    switch self {
    case .npcm7xx(let watchdog): offset == 0x1C ? watchdog.control : 0
    case .aspeed(let watchdog): watchdog.read(offset, now: now)
    }
  }

  mutating func write(_ value: UInt32, to offset: Int, mask: UInt32, now: UInt64) {
    switch self {
    case .npcm7xx(var watchdog):
      if offset == 0x1C { watchdog.write(value, now: now) }
      self = .npcm7xx(watchdog)
    case .aspeed(var watchdog):
      watchdog.write(value, to: offset, now: now)
      self = .aspeed(watchdog)
    }
  }
}

/// WTCR of an NPCM7xx timer module, its only register here.
///
/// WTE bit 7, WTIS bits 5:4, WTRE bit 1, WTR bit 0. It runs at 25 MHz for 2^(14 + 2 × WTIS) ticks,
/// and resets 1024 later. From Nuvoton's boot block and Linux `npcm_wdt`.
struct NPCM7xxWatchdog: Sendable {
  private(set) var control: UInt32 = 0
  private(set) var deadline: UInt64?

  init() {}

  mutating func write(_ value: UInt32, now: UInt64) {
    let isReset = value & 1 != 0
    let isEnabled = value & 0x80 != 0
    if isEnabled, isReset || control & 0x80 == 0 {
      let ticks: UInt64 = 1 << UInt64(14 + 2 * (value >> 4 & 0b11)) + 1024
      deadline = now + ticks * 40
    }
    if !isEnabled || value & 0b10 == 0 { deadline = nil }
    control = value & ~1
  }
}

/// A watchdog of an ASPEED part.
///
/// | Offset | Register                                                  |
/// |-------:|-----------------------------------------------------------|
/// |    00h | Counter, R                                                |
/// |    04h | Reload                                                    |
/// |    08h | 4755h restarts it, W                                      |
/// |    0Ch | Control: enable bit 0, reset bit 1; kept otherwise        |
///
/// It counts microseconds. From Linux `aspeed_wdt`.
struct AspeedWatchdog: Sendable {
  private var reload: UInt32 = 0x03EF_1480
  private var control: UInt32 = 0
  private var end: UInt64?

  init() {}

  var deadline: UInt64? { control & 0b11 == 0b11 ? end : nil }

  func read(_ offset: Int, now: UInt64) -> UInt32 {
    switch offset {
    case 0x00: end.map { UInt32(clamping: ($0 > now ? $0 - now : 0) / 1000) } ?? reload
    case 0x04: reload
    case 0x0C: control
    default: 0
    }
  }

  mutating func write(_ value: UInt32, to offset: Int, now: UInt64) {
    let wasEnabled = control & 1 != 0
    switch offset {
    case 0x04: reload = value
    case 0x08: if value == 0x4755, wasEnabled { start(now) }
    case 0x0C:
      control = value
      if control & 1 == 0 { end = nil } else if !wasEnabled { start(now) }
    default: break
    }
  }

  private mutating func start(_ now: UInt64) { end = now + UInt64(reload) * 1000 }
}
