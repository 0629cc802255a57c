import SystemInterfaces

/// What a KCS channel or the iBT asks of SERIRQ, the bus's interrupt line.
///
/// An interrupt of a KCS channel takes three steps: the channel's number and form are programmed once,
/// each response byte is written to ODR, and then IRQXEn is written 1. It lasts until OBF falls,
/// which clears IRQXEn. Writing STR interrupts nobody.
///
/// | Channel | Number       | Form, as TY4IRQX             | Enable                         |
/// |--------:|--------------|------------------------------|--------------------------------|
/// |       1 | 12, 1        | 0                            | SIRQCR0[1] IRQ12E1, [0] IRQ1E1 |
/// |       2 | HICR5[19:16] | HICR5[13]: low or high level | HICR5[12] IRQXE2               |
/// |       3 | HICR5[23:20] | HICR5[15]: low or high level | HICR5[14] IRQXE3               |
/// |       4 | HICRC[7:4]   | HICRC[3:2] TY4IRQX           | HICRC[0] IRQXE4                |
/// |     iBT | CR0[15:12]   | CR0[11:10]                   | B2H_IRQ_EN of BT_INTMASK       |
///
/// The iBT needs no step: its interrupt is B2H_IRQ of BT_INTMASK.
///
/// Fields from Linux `kcs_bmc_aspeed`; that the enable ends with OBF is H8S's rule, without which
/// Linux could interrupt but once. Left out: the older IRQ11/10/9/6 enables of SIRQCR1.
public struct AspeedSerialIRQ: Hashable, Sendable {
  /// How an interrupt is signalled; raw values are TY4IRQX's.
  public enum Form: UInt8, Sendable {
    case lowLevel, highLevel, reserved, risingEdge
  }

  /// One bit for each host IRQ that is asserted: bit n for IRQn.
  public var asserted: UInt16
  public var form: Form
}

extension AspeedLPC {
  /// The host IRQs that KCS channel `number`, `1...4`, asserts while it interrupts, one bit each.
  public func serialIRQNumbers(ofChannel number: Int) -> UInt16 {
    switch number {
    case 1:
      let enables = self[AspeedKCSFields(0).serialIRQ]
      return UInt16(truncatingIfNeeded: (enables & 1) << 1 | (enables >> 1 & 1) << 12)
    case 4:
      return 1 << UInt16(truncatingIfNeeded: self[register: AspeedRegister.hicrc] >> 4 & 0xF)
    default:
      let shift: UInt32 = number == 3 ? 20 : 16
      return 1 << UInt16(truncatingIfNeeded: self[register: AspeedRegister.hicr5] >> shift & 0xF)
    }
  }

  /// The host IRQ that the iBT asserts while it interrupts, as a bit.
  public var ibtSerialIRQNumbers: UInt16 {
    1 << UInt16(truncatingIfNeeded: self[register: AspeedRegister.ibtcr0] >> 12 & 0xF)
  }

  /// What KCS channel `number`, `1...4`, asks of SERIRQ now.
  public func serialIRQ(ofChannel number: Int) -> AspeedSerialIRQ {
    let form: UInt32 =
      switch number {
      case 1: 0
      case 4: self[register: AspeedRegister.hicrc] >> 2 & 3
      default: self[register: AspeedRegister.hicr5] >> (number == 3 ? 15 : 13) & 1
      }
    return AspeedSerialIRQ(
      asserted: self[channel: number].hostInterrupt ? serialIRQNumbers(ofChannel: number) : 0,
      form: AspeedSerialIRQ.Form(rawValue: UInt8(truncatingIfNeeded: form))!)
  }

  /// What the iBT asks of SERIRQ now.
  public var ibtSerialIRQ: AspeedSerialIRQ {
    let form = self[register: AspeedRegister.ibtcr0] >> 10 & 3
    return AspeedSerialIRQ(
      asserted: ibt.hostInterrupt ? ibtSerialIRQNumbers : 0,
      form: AspeedSerialIRQ.Form(rawValue: UInt8(truncatingIfNeeded: form))!)
  }
}
