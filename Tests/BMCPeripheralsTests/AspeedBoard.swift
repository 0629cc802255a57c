@testable import BMCPeripherals
@testable import SystemInterfaces

/// The block and what firmware does with it, in the steps of Linux's drivers.
struct AspeedBoard {
  struct Registers: Sendable {
    var idr: Int
    var odr: Int
    var str: Int
    /// IBFIEn.
    var ibfie: (offset: Int, mask: UInt64)
  }

  /// The four channels.
  static let kcs = [
    Registers(idr: 0x24, odr: 0x30, str: 0x3C, ibfie: (0x08, 1 << 1)),
    Registers(idr: 0x28, odr: 0x34, str: 0x40, ibfie: (0x08, 1 << 2)),
    Registers(idr: 0x2C, odr: 0x38, str: 0x44, ibfie: (0x08, 1 << 3)),
    Registers(idr: 0x114, odr: 0x118, str: 0x11C, ibfie: (0x100, 1 << 1)),
  ]

  var block: AspeedLPC

  init(_ generation: AspeedGeneration) {
    block = AspeedLPC(generation)
  }

  /// Reads, changes the bits of `mask` and writes, only where that makes a difference.
  mutating func update(_ offset: Int, _ mask: UInt64, _ bits: UInt64) {
    let old = block.read(offset, width: 4)
    let new = old & ~mask | bits & mask
    if new != old { block.write(new, to: offset, width: 4) }
  }

  /// `aspeed,lpc-io-reg`, of one address or two.
  mutating func setAddress(_ number: Int, _ data: UInt16, _ status: UInt16? = nil) {
    let (high, low) = (UInt64(data >> 8), UInt64(data & 0xFF))
    switch number {
    case 1, 2:
      update(0x10, 0x80, number == 1 ? 0 : 0x80)
      block.write(high, to: 0x1C, width: 4)
      block.write(low, to: 0x20, width: 4)
      guard let status else { return }
      let shift = UInt64(number - 1) * 16
      update(0x120, 0xFFFF << shift, UInt64(status) << shift)
      update(0x100, 0x10 << UInt64(number - 1), .max)
    case 3:
      block.write(high, to: 0x14, width: 4)
      block.write(low, to: 0x18, width: 4)
    default:
      block.write(UInt64(status ?? data &+ 1) << 16 | UInt64(data), to: 0x110, width: 4)
    }
  }

  /// LPCnE, and KCSENBL of channel 3.
  mutating func setEnable(_ number: Int, _ isEnabled: Bool = true) {
    let bits: UInt64 = isEnabled ? .max : 0
    if number == 4 {
      update(0x100, 1 << 0, bits)
    } else {
      update(0x00, 1 << UInt64(4 + number), bits)
      if number == 3 { update(0x10, 1 << 2, bits) }
    }
  }

  mutating func enable(_ number: Int, at data: UInt16, _ status: UInt16? = nil) {
    setAddress(number, data, status)
    setEnable(number)
  }

  /// IBFIEn.
  mutating func setInterrupt(_ number: Int, _ isEnabled: Bool = true) {
    let field = Self.kcs[number - 1].ibfie
    update(field.offset, field.mask, isEnabled ? .max : 0)
  }

  /// `aspeed,lpc-interrupts`; channel 1 has nothing to configure.
  mutating func setSerialIRQ(_ number: Int, _ irq: UInt64, _ form: AspeedSerialIRQ.Form) {
    let level: UInt64 = form == .highLevel ? 1 : 0
    switch number {
    case 2: update(0x80, 0xF_2000, irq << 16 | level << 13)
    case 3: update(0x80, 0xF0_8000, irq << 20 | level << 15)
    case 4: update(0x104, 0xFE, irq << 4 | UInt64(form.rawValue) << 2)
    default: break
    }
  }

  /// Writes ODR and, where an IRQ is configured, fires it.
  mutating func respond(_ number: Int, _ value: UInt8, firing irq: UInt64? = nil) {
    block.write(UInt64(value), to: Self.kcs[number - 1].odr, width: 4)
    guard let irq else { return }
    switch number {
    case 1 where irq == 12: update(0x70, 0b10, .max)
    case 1 where irq == 1: update(0x70, 0b01, .max)
    case 1: break
    case 2: update(0x80, 1 << 12, .max)
    case 3: update(0x80, 1 << 14, .max)
    default: update(0x104, 1 << 0, .max)
    }
  }
}
