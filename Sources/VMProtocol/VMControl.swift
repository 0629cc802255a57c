/// A control command of the VM protocol: one code byte, for some codes one argument byte.
///
/// | Code    | Direction  | Argument            |
/// |---------|------------|---------------------|
/// | 00h–03h | BMC to VM  | –                   |
/// | 04h     | both       | –                   |
/// | 05h–07h | BMC to VM  | –                   |
/// | 08h     | VM to BMC  | ``VMCapabilities``  |
/// | 09h–0Bh | BMC to VM  | –                   |
/// | FFh     | both       | ``protocolVersion`` |
///
/// Any other code is to be ignored. Codes from OpenIPMI's `README.vm`, 09h from QEMU's
/// `ipmi-bmc-extern`, 0Ah and 0Bh from OpenIPMI of 2026.
public struct VMControl: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// The only version of the protocol there is: the argument of ``version``.
  public static let protocolVersion: UInt8 = 1

  /// 00h: attention is no longer wanted.
  public static let clearAttention = VMControl(rawValue: 0x00)
  /// 01h: the BMC wants attention, without an interrupt.
  public static let attention = VMControl(rawValue: 0x01)
  /// 02h: the BMC wants attention, with an interrupt where the VM has them enabled.
  public static let attentionWithInterrupt = VMControl(rawValue: 0x02)
  /// 03h: turn the VM off at once. Early QEMU used 09h for this.
  public static let powerOff = VMControl(rawValue: 0x03)
  /// 04h: to the VM, reset the machine; to the BMC, the machine was reset.
  public static let reset = VMControl(rawValue: 0x04)
  /// 05h: let the system interface interrupt the VM.
  public static let enableInterrupts = VMControl(rawValue: 0x05)
  /// 06h: keep the system interface from interrupting the VM.
  public static let disableInterrupts = VMControl(rawValue: 0x06)
  /// 07h: send the VM a non-maskable interrupt.
  public static let nmi = VMControl(rawValue: 0x07)
  /// 08h: which commands the VM can carry out, as ``VMCapabilities``.
  public static let capabilities = VMControl(rawValue: 0x08)
  /// 09h: ask the VM's operating system to shut down, as a press of the power button does.
  public static let gracefulShutdown = VMControl(rawValue: 0x09)
  /// 0Ah: remove the system interface from the VM.
  public static let disableInterface = VMControl(rawValue: 0x0A)
  /// 0Bh: give the VM its system interface back.
  public static let enableInterface = VMControl(rawValue: 0x0B)
  /// FFh: the sender's ``protocolVersion``, the first command of each side; nobody waits for it.
  public static let version = VMControl(rawValue: 0xFF)

  /// What the VM must have announced before the BMC may send this command; empty where nothing.
  ///
  /// `ipmi_sim` announces attention on connect, before it knows the capabilities, and every VM
  /// takes it: a BMC may do the same.
  public var requiredCapability: VMCapabilities {
    switch self {
    case .clearAttention, .attention, .attentionWithInterrupt: .attention
    case .powerOff: .powerOff
    case .reset: .reset
    case .enableInterrupts, .disableInterrupts: .interrupts
    case .nmi: .nmi
    case .gracefulShutdown: .gracefulShutdown
    case .disableInterface, .enableInterface: .interfaceEnable
    default: []
    }
  }
}

/// What a VM can do on behalf of its BMC: the argument of ``VMControl/capabilities``.
///
/// QEMU announces 3Fh on x86 and POWER.
public struct VMCapabilities: OptionSet, Hashable, Sendable {
  public var rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Bit 0: turn itself off.
  public static let powerOff = VMCapabilities(rawValue: 1 << 0)
  /// Bit 1: reset itself.
  public static let reset = VMCapabilities(rawValue: 1 << 1)
  /// Bit 2: enable and disable the system interface's interrupts.
  public static let interrupts = VMCapabilities(rawValue: 1 << 2)
  /// Bit 3: take a non-maskable interrupt.
  public static let nmi = VMCapabilities(rawValue: 1 << 3)
  /// Bit 4: show attention.
  public static let attention = VMCapabilities(rawValue: 1 << 4)
  /// Bit 5: shut its operating system down.
  public static let gracefulShutdown = VMCapabilities(rawValue: 1 << 5)
  /// Bit 6: remove the system interface and give it back.
  public static let interfaceEnable = VMCapabilities(rawValue: 1 << 6)
}
