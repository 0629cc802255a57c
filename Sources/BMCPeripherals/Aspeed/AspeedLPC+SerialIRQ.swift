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
  /// What KCS channel `number`, `1...4`, asks of SERIRQ now.
  public func serialIRQ(ofChannel number: Int) -> AspeedSerialIRQ {
    let numbers: UInt16
    let form: UInt32
    switch number {
    case 1:
      let enables = self[AspeedKCSFields(0).serialIRQ]
      numbers = UInt16(truncatingIfNeeded: (enables & 1) << 1 | (enables >> 1 & 1) << 12)
      form = 0
    case 4:
      let hicrc = self[register: AspeedRegister.hicrc]
      numbers = 1 << UInt16(truncatingIfNeeded: hicrc >> 4 & 0xF)
      form = hicrc >> 2 & 3
    default:
      let hicr5 = self[register: AspeedRegister.hicr5]
      let channel3 = number == 3
      numbers = 1 << UInt16(truncatingIfNeeded: hicr5 >> (channel3 ? 20 : 16) & 0xF)
      form = hicr5 >> (channel3 ? 15 : 13) & 1
    }
    return AspeedSerialIRQ(
      asserted: self[channel: number].hostInterrupt ? numbers : 0,
      form: AspeedSerialIRQ.Form(rawValue: UInt8(truncatingIfNeeded: form))!)
  }

  /// What the iBT asks of SERIRQ now.
  public var ibtSerialIRQ: AspeedSerialIRQ {
    let cr0 = self[register: AspeedRegister.ibtcr0]
    return AspeedSerialIRQ(
      asserted: ibt.hostInterrupt ? 1 << UInt16(truncatingIfNeeded: cr0 >> 12 & 0xF) : 0,
      form: AspeedSerialIRQ.Form(rawValue: UInt8(truncatingIfNeeded: cr0 >> 10 & 3))!)
  }
}
