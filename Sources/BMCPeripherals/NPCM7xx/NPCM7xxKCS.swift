import IPMI
import SystemInterfaces

/// One KCS channel of an NPCM7xx: the shared registers and the channel's own three.
///
/// | Offset | Name | Access | Reset | Register                                             |
/// |-------:|------|--------|------:|------------------------------------------------------|
/// |   +00h | ST   | RW     |   00h | STR; IBF, OBF and C/D are the hardware's             |
/// |   +02h | DO   | W      |       | ODR; sets OBF                                        |
/// |   +04h | DI   | R      |       | IDR; clears IBF                                      |
/// |   +06h | DOC  | W      |       | As DO, and requests an SCI until the host reads      |
/// |   +08h | DOM  | W      |       | As DO, and requests an SMI until the host reads      |
/// |   +0Ah | DIC  | R      |       | As DI, and requests an SCI until the host writes     |
/// |   +0Ch | CTL  | RW     |   C0h | ``Control``                                          |
/// |   +0Eh | IC   | RW     |   41h | ``InterruptControl``                                 |
/// |   +10h | IE   | RW     |   00h | ``InterruptEnable``                                  |
///
/// All are 8 bits wide. Names and bits from Nuvoton's boot block (`npcm750_regs.h`), use from
/// Linux `kcs_bmc_npcm7xx`, reset values from Google's QEMU model. Left out: HSTA, which stalls
/// the host's bus cycle, and the pulse forms of SCI and SMI, which are given as levels.
public struct NPCM7xxKCS: Sendable {
  /// The nine registers, by their place in the channel.
  public enum Register: Int, CaseIterable, Sendable {
    case status, dataOut, dataIn, dataOutSCI, dataOutSMI, dataInSCI
    case control, interruptControl, interruptEnable

    /// Bytes from the channel's first register: they stand on every second byte.
    public var offset: Int { rawValue * 2 }
  }

  /// CTL: control register. Bits 5:3, the form of a hardware SCI, are kept, not interpreted.
  public struct Control: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// IBFIE, bit 0: interrupt the BMC while IBF is set.
    public static let inputBufferFullInterrupt = Control(rawValue: 1 << 0)
    /// OBEIE, bit 1: interrupt the BMC while OBF is clear.
    public static let outputBufferEmptyInterrupt = Control(rawValue: 1 << 1)
    /// SCIPOL, bit 6: SCI has negative polarity.
    public static let negativeSCI = Control(rawValue: 1 << 6)
    /// EME, bit 7: enhanced mode; always 1.
    public static let enhancedMode = Control(rawValue: 1 << 7)
    /// The bits a write may change.
    public static let writable = Control(rawValue: 0b0111_1011)
  }

  /// IC: interrupt control register. Bits 5:3, the form of a hardware SMI, are kept.
  public struct InterruptControl: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// IRQB, bit 0: level of the host IRQ while firmware drives it.
    public static let irqLevel = InterruptControl(rawValue: 1 << 0)
    /// SMIB, bit 1: level of SMI while firmware drives it.
    public static let smiLevel = InterruptControl(rawValue: 1 << 1)
    /// SCIB, bit 2: level of SCI while firmware drives it.
    public static let sciLevel = InterruptControl(rawValue: 1 << 2)
    /// SMIPOL, bit 6: SMI has negative polarity.
    public static let negativeSMI = InterruptControl(rawValue: 1 << 6)
    /// SCIIS, bit 7: writing 1 requests an SCI if IBF is clear; reads 0.
    public static let requestSCI = InterruptControl(rawValue: 1 << 7)
    /// The bits a write may change.
    public static let writable = InterruptControl(rawValue: 0b0111_1111)
  }

  /// IE: interrupt enable register of the host's lines.
  public struct InterruptEnable: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// IRQE, bit 0: host IRQ output.
    public static let irq = InterruptEnable(rawValue: 1 << 0)
    /// SCIE, bit 1: SCI output.
    public static let sci = InterruptEnable(rawValue: 1 << 1)
    /// SMIE, bit 2: SMI output.
    public static let smi = InterruptEnable(rawValue: 1 << 2)
    /// HIRQE, bit 3: the hardware drives the host IRQ from OBF.
    public static let hardwareIRQ = InterruptEnable(rawValue: 1 << 3)
    /// HSCIE, bit 4: the hardware drives SCI from DOC and DIC.
    public static let hardwareSCI = InterruptEnable(rawValue: 1 << 4)
    /// HSMIE, bit 5: the hardware drives SMI from DOM.
    public static let hardwareSMI = InterruptEnable(rawValue: 1 << 5)
    /// HSTA, bit 6: stall the host while a buffer is not ready; kept, not modelled.
    public static let stall = InterruptEnable(rawValue: 1 << 6)
    /// The bits a write may change.
    public static let writable = InterruptEnable(rawValue: 0b0111_1111)
  }

  /// The lines of one channel towards the host, asserted where present.
  public struct HostLines: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// IRQ, carried by SERIRQ on a board.
    public static let irq = HostLines(rawValue: 1 << 0)
    /// SCI.
    public static let sci = HostLines(rawValue: 1 << 1)
    /// SMI.
    public static let smi = HostLines(rawValue: 1 << 2)
  }

  /// IDR, ODR, STR and the enables, as both processors see them.
  public var channel = KCSChannel()
  private var control: Control = [.enhancedMode, .negativeSCI]
  private var interruptControl: InterruptControl = [.negativeSMI, .irqLevel]
  private var interruptEnable: InterruptEnable = []
  /// What requested an SCI or SMI last; each ends with the buffer flag it stands for.
  private var requests: Requests = []

  private struct Requests: OptionSet {
    var rawValue: UInt8
    /// DOC was written: until OBF falls.
    static let sciOnOutput = Requests(rawValue: 1 << 0)
    /// DIC was read, or SCIIS written: until IBF rises.
    static let sciOnInput = Requests(rawValue: 1 << 1)
    /// DOM was written: until OBF falls.
    static let smiOnOutput = Requests(rawValue: 1 << 2)
  }

  /// A channel out of reset.
  public init() {}

  /// The lines towards the host.
  public var hostLines: HostLines {
    let isFull = channel.str.contains(.outputBufferFull)
    let isEmpty = !channel.str.contains(.inputBufferFull)
    var lines: HostLines = []
    if interruptEnable.contains(.irq),
      interruptEnable.contains(.hardwareIRQ)
        ? isFull : interruptControl.contains(.irqLevel)
    {
      lines.insert(.irq)
    }
    if interruptEnable.contains(.sci),
      interruptEnable.contains(.hardwareSCI)
        ? requests.contains(.sciOnOutput) && isFull || requests.contains(.sciOnInput) && isEmpty
        : interruptControl.contains(.sciLevel)
    {
      lines.insert(.sci)
    }
    if interruptEnable.contains(.smi),
      interruptEnable.contains(.hardwareSMI)
        ? requests.contains(.smiOnOutput) && isFull : interruptControl.contains(.smiLevel)
    {
      lines.insert(.smi)
    }
    return lines
  }

  /// A BMC read. Write-only registers read 0.
  @inline(__always)
  mutating func read(_ register: Register) -> UInt8 {
    switch register {
    case .status: return channel.bmcReadStatus().rawValue
    case .dataIn: return readInput(requesting: [])
    case .dataInSCI: return readInput(requesting: .sciOnInput)
    case .control: return control.rawValue
    case .interruptControl: return interruptControl.rawValue
    case .interruptEnable: return interruptEnable.rawValue
    case .dataOut, .dataOutSCI, .dataOutSMI: return 0
    }
  }

  /// A BMC write. Read-only registers ignore it.
  mutating func write(_ value: UInt8, to register: Register) {
    switch register {
    case .status: channel.bmcWriteStatus(KCSStatus(rawValue: value))
    case .dataOut: writeOutput(value, requesting: [])
    case .dataOutSCI: writeOutput(value, requesting: .sciOnOutput)
    case .dataOutSMI: writeOutput(value, requesting: .smiOnOutput)
    case .control:
      control = Control(rawValue: value).intersection(.writable).union(.enhancedMode)
      updateEnables()
    case .interruptControl:
      let written = InterruptControl(rawValue: value)
      interruptControl = written.intersection(.writable)
      if written.contains(.requestSCI), !channel.str.contains(.inputBufferFull) {
        requests.insert(.sciOnInput)
      }
    case .interruptEnable:
      interruptEnable = InterruptEnable(rawValue: value).intersection(.writable)
      updateEnables()
    case .dataIn, .dataInSCI: break
    }
  }

  /// Reading the input buffer starts a new wait for IBF, so an older request has ended.
  private mutating func readInput(requesting request: Requests) -> UInt8 {
    if channel.str.contains(.inputBufferFull) { requests.remove(.sciOnInput) }
    requests.formUnion(request)
    return channel.bmcReadData()
  }

  private mutating func writeOutput(_ value: UInt8, requesting request: Requests) {
    if !channel.str.contains(.outputBufferFull) {
      requests.subtract([.sciOnOutput, .smiOnOutput])
    }
    requests.formUnion(request)
    channel.bmcWriteData(value)
  }

  /// The channel's interrupt enables are CTL's and IE's, seen from the shared registers.
  private mutating func updateEnables() {
    var enables = channel.enables.intersection(.hostDecode)
    if control.contains(.inputBufferFullInterrupt) { enables.insert(.inputBufferFullInterrupt) }
    if control.contains(.outputBufferEmptyInterrupt) {
      enables.insert(.outputBufferEmptyInterrupt)
    }
    if interruptEnable.isSuperset(of: [.irq, .hardwareIRQ]) {
      enables.insert(.outputBufferFullInterrupt)
    }
    channel.enables = enables
  }
}

extension NPCM7xxKCS: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    channel.transfer(through: &stream)
    stream.transfer(&control)
    stream.transfer(&interruptControl)
    stream.transfer(&interruptEnable)
    stream.transfer(&requests)
  }
}
