import CBoard
import SystemInterfaces

/// One KCS channel of the NPCM7xx as its BMC reaches it. 8-bit accesses only.
///
/// Offsets as in Linux `kcs_bmc_npcm7xx`.
public struct NPCM7xxKCS: KCSPort {
  public let name: StaticString
  /// The address of the channel's first register.
  let base: UInt
  /// Shared peripheral interrupt 9, which all channels, keyboard and POST codes have in common.
  public let line = GIC.shared(9)

  private enum Register {
    /// ST: status.
    static let status: UInt = 0x00
    /// DO: ODR.
    static let dataOut: UInt = 0x02
    /// DI: IDR.
    static let dataIn: UInt = 0x04
    /// CTL: interrupts to the BMC.
    static let control: UInt = 0x0C
    /// IE: interrupts to the host.
    static let hostInterruptEnable: UInt = 0x10
  }

  /// IBFIE, CTL bit 0.
  private static let inputBufferFullInterrupt: UInt8 = 1 << 0
  /// OBEIE, CTL bit 1.
  private static let outputBufferEmptyInterrupt: UInt8 = 1 << 1
  /// HIRQE and IRQE, IE bits 3 and 0: the host's interrupt follows OBF.
  private static let hostInterrupt: UInt8 = 1 << 3 | 1 << 0

  /// - Parameters:
  ///   - module: The address of the host interface module.
  ///   - channel: 1...3.
  public init(module: UInt, channel: Int) {
    let names: [3 of StaticString] = ["KCS1", "KCS2", "KCS3"]
    name = names[channel - 1]
    base = module + 0x0C + 0x12 * UInt(channel - 1)
  }

  public func maskInterrupts() {
    let control = load8(base + Register.control)
    store8(
      base + Register.control,
      control & ~(Self.inputBufferFullInterrupt | Self.outputBufferEmptyInterrupt))
  }

  public func enableInterrupts() {
    let hostEnable = load8(base + Register.hostInterruptEnable)
    store8(base + Register.hostInterruptEnable, hostEnable | Self.hostInterrupt)
    let control = load8(base + Register.control)
    store8(base + Register.control, control | Self.inputBufferFullInterrupt)
  }

  public func bmcReadStatus() -> KCSStatus {
    KCSStatus(rawValue: load8(base + Register.status))
  }

  public func bmcWriteStatus(_ value: KCSStatus) {
    store8(base + Register.status, value.rawValue)
  }

  public func bmcReadData() -> UInt8 {
    load8(base + Register.dataIn)
  }

  public func bmcWriteData(_ value: UInt8) {
    store8(base + Register.dataOut, value)
  }
}
