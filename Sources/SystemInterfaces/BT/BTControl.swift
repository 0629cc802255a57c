/// BT_CTRL: BT control and status register. IPMI v2.0, section 11.6.1. 8 bits, reset 80h.
///
/// Writing 0 to a bit never changes it, on either side, and each 1 in a write acts on its own.
///
/// | Bit | Field      | Host writes 1 | BMC writes 1 | Meaning                                   |
/// |----:|------------|---------------|--------------|-------------------------------------------|
/// |   7 | B_BUSY     | nothing       | toggles      | The BMC takes no request                  |
/// |   6 | H_BUSY     | toggles       | nothing      | The host takes no response                |
/// |   5 | OEM0       | sets          | clears       | Not defined by IPMI                       |
/// |   4 | SMS_ATN    | clears        | sets         | A message for system management software  |
/// |   3 | B2H_ATN    | clears        | sets         | A response is in the BMC-to-host buffer   |
/// |   2 | H2B_ATN    | sets          | clears       | A request is in the host-to-BMC buffer    |
/// |   1 | CLR_RD_PTR | acts          | acts         | Back to the first byte to read; reads 0   |
/// |   0 | CLR_WR_PTR | acts          | acts         | Back to the first byte to write; reads 0  |
///
/// The BMC's rules are those of ASPEED's iBT, from Linux `bt-bmc`; older parts differ. Nobody says
/// how OEM0 behaves there: it is taken as the AST2050 has it for the host, and cleared by the BMC.
public struct BTControl: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// CLR_WR_PTR, bit 0: writing continues at the first byte of the writer's buffer.
  public static let clearWritePointer = BTControl(rawValue: 1 << 0)
  /// CLR_RD_PTR, bit 1: reading continues at the first byte of the reader's buffer.
  public static let clearReadPointer = BTControl(rawValue: 1 << 1)
  /// H2B_ATN, bit 2.
  public static let hostToBMCAttention = BTControl(rawValue: 1 << 2)
  /// B2H_ATN, bit 3.
  public static let bmcToHostAttention = BTControl(rawValue: 1 << 3)
  /// SMS_ATN, also EVT_ATN, bit 4.
  public static let smsAttention = BTControl(rawValue: 1 << 4)
  /// OEM0, bit 5.
  public static let oem0 = BTControl(rawValue: 1 << 5)
  /// H_BUSY, bit 6.
  public static let hostBusy = BTControl(rawValue: 1 << 6)
  /// B_BUSY, bit 7.
  public static let bmcBusy = BTControl(rawValue: 1 << 7)
}

/// What writing 1 does to each bit of BT_CTRL, for one side: the rules of ``BTControl`` as data.
struct BTControlRules: Sendable {
  /// Bits that become 1.
  var set: BTControl
  /// Bits that become 0.
  var clear: BTControl
  /// Bits that become the other.
  var toggle: BTControl

  static let host = BTControlRules(
    set: [.hostToBMCAttention, .oem0], clear: [.bmcToHostAttention, .smsAttention],
    toggle: .hostBusy)
  static let bmc = BTControlRules(
    set: [.bmcToHostAttention, .smsAttention], clear: [.hostToBMCAttention, .oem0],
    toggle: .bmcBusy)

  /// The register after `written` went to it.
  func apply(_ written: BTControl, to control: BTControl) -> BTControl {
    control.union(written.intersection(set)).subtracting(written.intersection(clear))
      .symmetricDifference(written.intersection(toggle))
  }
}

/// BT_INTMASK: BT interrupt mask register. IPMI v2.0, section 11.6.3. 8 bits, reset 00h.
///
/// | Bit | Field      | Host | BMC | Meaning                                                  |
/// |----:|------------|------|-----|----------------------------------------------------------|
/// |   7 | BMC_HWRST  | RW1S | RW1C | The host asks for a reset of the BMC                    |
/// | 4:2 | OEM3–OEM1  | RW   | RW  | Not defined by IPMI                                      |
/// |   1 | B2H_IRQ    | RW1C | R   | The interrupt is pending                                 |
/// |   0 | B2H_IRQ_EN | RW   | R   | The host wants the interrupt                             |
///
/// Bits 6:5 read 0. Writing B2H_IRQ alone disables the interrupt, for bit 0 is plain: drivers
/// write 03h. That the BMC clears BMC_HWRST by writing 1 follows H2B_ATN; no driver does it.
public struct BTInterruptMask: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// B2H_IRQ_EN, bit 0.
  public static let interruptEnable = BTInterruptMask(rawValue: 1 << 0)
  /// B2H_IRQ, bit 1.
  public static let interrupt = BTInterruptMask(rawValue: 1 << 1)
  /// OEM1, bit 2.
  public static let oem1 = BTInterruptMask(rawValue: 1 << 2)
  /// OEM2, bit 3.
  public static let oem2 = BTInterruptMask(rawValue: 1 << 3)
  /// OEM3, bit 4.
  public static let oem3 = BTInterruptMask(rawValue: 1 << 4)
  /// BMC_HWRST, bit 7.
  public static let bmcReset = BTInterruptMask(rawValue: 1 << 7)
  /// OEM3 to OEM1.
  static let oem: BTInterruptMask = [.oem1, .oem2, .oem3]
}

/// What the hardware has seen and the BMC has not acknowledged, one bit each.
///
/// The layout is that of iBT's status register CR2 and its enables CR1, from ASPEED's SDK
/// (`regs-lpc.h`); Linux `bt-bmc` uses bits 6 and 0.
public struct BTEvents: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  /// Bit 0: H2B_ATN rose.
  public static let hostToBMCAttention = BTEvents(rawValue: 1 << 0)
  /// Bit 1: OEM0 rose.
  public static let oem0 = BTEvents(rawValue: 1 << 1)
  /// Bit 4: B2H_ATN fell, the host took note of the response.
  public static let bmcToHostAttention = BTEvents(rawValue: 1 << 4)
  /// Bit 5: SMS_ATN fell, the host took note of it.
  public static let smsAttention = BTEvents(rawValue: 1 << 5)
  /// Bit 6: H_BUSY fell.
  public static let hostBusy = BTEvents(rawValue: 1 << 6)
  /// Bit 8: the host wrote to a full buffer; the byte is lost.
  public static let hostWriteOverflow = BTEvents(rawValue: 1 << 8)
  /// Bit 9: the host read past the last byte.
  public static let hostReadOverflow = BTEvents(rawValue: 1 << 9)
  /// Bit 10: the BMC wrote to a full buffer; the byte is lost.
  public static let bmcWriteOverflow = BTEvents(rawValue: 1 << 10)
  /// Bit 11: the BMC read past the last byte.
  public static let bmcReadOverflow = BTEvents(rawValue: 1 << 11)
  /// Bit 12: OEM1 rose.
  public static let oem1 = BTEvents(rawValue: 1 << 12)
  /// Bit 13: OEM2 rose.
  public static let oem2 = BTEvents(rawValue: 1 << 13)
  /// Bit 14: OEM3 rose.
  public static let oem3 = BTEvents(rawValue: 1 << 14)
  /// Bit 15: the host wrote BMC_HWRST.
  public static let bmcReset = BTEvents(rawValue: 1 << 15)
}
