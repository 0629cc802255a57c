/// An interface as a PCI function: configuration space of type 0, one base address, INTA#.
///
/// | Offset | Field             | Reset          | Access | Meaning                              |
/// |-------:|-------------------|----------------|--------|--------------------------------------|
/// |    00h | vendor ID         | ``vendorID``   | R      |                                      |
/// |    02h | device ID         | ``deviceID``   | R      |                                      |
/// |    04h | command           | 0              | RW     | bit 0 I/O or bit 1 memory, whichever the window is in; bit 10 no INTx |
/// |    06h | status            | 0              | R      | bit 3: the interrupt is pending      |
/// |    08h | revision          | 01h            | R      |                                      |
/// |    09h | class             | 0C07h, 01h KCS or 02h BT | R |                                 |
/// |    0Eh | header type       | 00h            | R      | one function                         |
/// |    10h | BAR0              | 0; bit 0: I/O  | RW     | address, below it 0                  |
/// |    2Ch | subsystem IDs     | ``subsystem``  | R      |                                      |
/// |    3Ch | interrupt line    | 0              | RW     | storage for firmware                 |
/// |    3Dh | interrupt pin     | 01h            | R      | INTA#                                |
///
/// All else reads 0. PCI Local Bus 3.0, section 6.1 and 6.2; class codes: IPMI v2.0, appendix C1.
/// IDs and revision are those of QEMU's `pci-ipmi-kcs` and `pci-ipmi-bt`.
public struct PCIInterface: Sendable {
  /// COMMAND. 16 bits.
  public struct Command: OptionSet, Hashable, Sendable {
    public var rawValue: UInt16

    public init(rawValue: UInt16) {
      self.rawValue = rawValue
    }

    /// Bit 0: I/O cycles are decoded.
    public static let io = Command(rawValue: 1 << 0)
    /// Bit 1: memory cycles are decoded.
    public static let memory = Command(rawValue: 1 << 1)
    /// Bit 10: INTA# is not asserted.
    public static let interruptDisable = Command(rawValue: 1 << 10)
  }

  /// Which interface it is; ``InterfaceType/kcs`` or ``InterfaceType/bt``.
  public let type: InterfaceType
  public let space: RegisterWindow.Space
  public let spacing: RegisterWindow.Spacing
  public var vendorID: UInt16 = 0x1234
  public var deviceID: UInt16 = 0x1112
  /// Subsystem vendor ID, and above it the subsystem ID.
  public var subsystem: UInt32 = 0x1100_1AF4
  /// COMMAND.
  public private(set) var command: Command = []
  /// The address in BAR0.
  public private(set) var base: UInt32 = 0
  /// Interrupt line: where firmware says that INTA# goes.
  public private(set) var interruptLine: UInt8 = 0

  /// A function out of reset: nothing is decoded.
  public init(
    _ type: InterfaceType, space: RegisterWindow.Space = .io,
    spacing: RegisterWindow.Spacing = .byte
  ) {
    self.type = type
    self.space = space
    self.spacing = spacing
  }

  /// What BAR0 decodes, in bytes: 8 at least, 16 in memory, which has 4 fixed bits.
  public var size: UInt32 {
    let registers = RegisterWindow(
      space, base: 0, spacing: spacing, registerCount: type.registerCount)
    return max(UInt32(registers.size), space == .io ? 8 : 16)
  }

  /// The bus is reset.
  public mutating func reset() {
    command = []
    base = 0
    interruptLine = 0
  }

  /// Where the registers are; `nil` while they are not decoded.
  public var window: RegisterWindow? {
    guard command.contains(space == .io ? .io : .memory) else { return nil }
    return RegisterWindow(
      space, base: UInt64(base), spacing: spacing, registerCount: type.registerCount)
  }

  /// Level of INTA#, for a channel whose interrupt is `level`.
  public func interrupt(_ level: Bool) -> Bool {
    level && !command.contains(.interruptDisable)
  }

  // MARK: Configuration space

  /// A read of `width` bytes, 1, 2 or 4, of configuration space; `interrupt` is the channel's level.
  public func readConfiguration(_ offset: Int, width: Int, interrupt: Bool) -> UInt32 {
    let shift = UInt32(offset & 3) * 8
    let value = register(offset & 0xFC, interrupt: interrupt) >> shift
    return width >= 4 ? value : value & (1 << UInt32(width * 8) - 1)
  }

  /// A write of `width` bytes, 1, 2 or 4, to configuration space; only the bytes written change.
  public mutating func writeConfiguration(_ value: UInt32, to offset: Int, width: Int) {
    let shift = UInt32(offset & 3) * 8
    let bytes: UInt32 = width >= 4 ? .max : 1 << UInt32(width * 8) - 1
    let written = bytes << shift
    let merged = register(offset & 0xFC, interrupt: false) & ~written | value << shift & written
    switch offset & 0xFC {
    case 0x04:
      let decode: Command = space == .io ? .io : .memory
      command = Command(rawValue: UInt16(truncatingIfNeeded: merged))
        .intersection([decode, .interruptDisable])
    case 0x10:
      base = merged & ~(size - 1)
    case 0x3C:
      interruptLine = UInt8(truncatingIfNeeded: merged)
    default:
      break
    }
  }

  /// The four bytes at `offset`.
  private func register(_ offset: Int, interrupt: Bool) -> UInt32 {
    switch offset {
    case 0x00: UInt32(deviceID) << 16 | UInt32(vendorID)
    case 0x04: (interrupt ? 1 << 19 : 0) | UInt32(command.rawValue)
    case 0x08: 0x0C07_0001 | (type == .bt ? 2 : 1) << 8
    case 0x10: base | UInt32(space.rawValue)
    case 0x2C: subsystem
    case 0x3C: 0x0100 | UInt32(interruptLine)
    default: 0
    }
  }
}
