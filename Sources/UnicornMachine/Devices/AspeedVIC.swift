/// The vectored interrupt controller of AST2400 and AST2500: 64 inputs, IRQ and FIQ.
///
/// | Offset    | Register                                     | Access |
/// |----------:|----------------------------------------------|--------|
/// | 80h, 84h  | IRQ status: raw, enabled, not FIQ            | R      |
/// | 88h, 8Ch  | FIQ status                                   | R      |
/// | 90h, 94h  | Raw status                                   | R      |
/// | 98h, 9Ch  | Selection: 1 is FIQ                          | RW     |
/// | A0h, A4h  | Enable; a 1 sets                             | RW1S   |
/// | A8h, ACh  | Enable; a 1 clears                           | W1C    |
/// | B0h, B4h  | Software interrupt; a 1 sets                 | RW1S   |
/// | B8h, BCh  | Software interrupt; a 1 clears               | W1C    |
/// | C0h, C4h  | Sensitivity: 1 is level                      | RW     |
/// | C8h, CCh  | Both edges                                   | RW     |
/// | D0h, D4h  | Event: high level or rising edge             | RW     |
/// | D8h, DCh  | Edge clear                                   | W1C    |
///
/// Registers from Linux `irq-aspeed-vic`. The part's inputs come up as they are wired: those of the
/// timers (16 to 18, 35 to 39) as edges, all others as levels, high.
struct AspeedVIC: Device, Sendable {
  private var levels: UInt64 = 0
  private var latched: UInt64 = 0
  private var enabled: UInt64 = 0
  private var selection: UInt64 = 0
  private var software: UInt64 = 0
  private var sensitivity: UInt64 = ~(0b111 << 16 | 0b1_1111 << 35)
  private var bothEdges: UInt64 = 0
  private var events: UInt64 = .max

  /// Drives input `line`.
  mutating func setLevel(_ line: Int, _ isHigh: Bool) {
    let bit: UInt64 = 1 << UInt64(line)
    let wasHigh = levels & bit != 0
    if isHigh != wasHigh, bothEdges & bit != 0 || isHigh == (events & bit != 0) { latched |= bit }
    if isHigh { levels |= bit } else { levels &= ~bit }
  }

  private var raw: UInt64 {
    (levels ^ ~events) & sensitivity | latched & ~sensitivity | software
  }

  /// Level of the processor's IRQ input.
  var interrupt: Bool { raw & enabled & ~selection != 0 }
  /// Level of the processor's FIQ input.
  var fastInterrupt: Bool { raw & enabled & selection != 0 }

  func read(_ offset: Int, now: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: register(offset & ~4) >> (offset & 4 == 0 ? 0 : 32))
  }

  private func register(_ offset: Int) -> UInt64 {
    switch offset {
    case 0x80: raw & enabled & ~selection
    case 0x88: raw & enabled & selection
    case 0x90: raw
    case 0x98: selection
    case 0xA0: enabled
    case 0xB0: software
    case 0xC0: sensitivity
    case 0xC8: bothEdges
    case 0xD0: events
    default: 0
    }
  }

  mutating func write(_ value: UInt32, to offset: Int, mask: UInt32, now: UInt64) {
    let shift: UInt64 = offset & 4 == 0 ? 0 : 32
    let bits = UInt64(value) << shift
    let mask = UInt64(mask) << shift
    switch offset & ~4 {
    case 0x98: selection = selection & ~mask | bits
    case 0xA0: enabled |= bits
    case 0xA8: enabled &= ~bits
    case 0xB0: software |= bits
    case 0xB8: software &= ~bits
    case 0xC0: sensitivity = sensitivity & ~mask | bits
    case 0xC8: bothEdges = bothEdges & ~mask | bits
    case 0xD0: events = events & ~mask | bits
    case 0xD8: latched &= ~bits
    default: break
    }
  }
}
