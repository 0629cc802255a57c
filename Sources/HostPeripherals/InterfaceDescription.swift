import IPMI
import SystemInterfaces

/// What a host's firmware says of an interface: SMBIOS type 38, ACPI's device and SPMI.
public struct InterfaceDescription: Hashable, Sendable {
  /// Where the interface is.
  public enum Location: Hashable, Sendable {
    /// Registers.
    case registers(RegisterWindow)
    /// A target on the SMBus, by its 7-bit address.
    case smbus(address: UInt8)
  }

  public var type: InterfaceType
  public var location: Location
  /// The interrupt, level and active high; 0: none.
  public var interrupt: UInt8 = 0
  /// The BMC's address on the IPMB, 8 bits.
  public var slaveAddress: UInt8 = 0x20

  public init(_ interface: ISAInterface) {
    type = interface.type
    location = .registers(interface.window)
    interrupt = interface.interrupt
  }

  /// `nil` while the function is not decoded: firmware describes it when it has given it an address.
  public init?(_ interface: PCIInterface) {
    guard let window = interface.window else { return nil }
    type = interface.type
    location = .registers(window)
    interrupt = interface.interruptLine
  }

  /// SSIF at a 7-bit address.
  public init(ssifAddress: UInt8 = SSIFTarget.defaultAddress) {
    type = .ssif
    location = .smbus(address: ssifAddress & 0x7F)
  }

  private var spacing: RegisterWindow.Spacing {
    if case .registers(let window) = location { window.spacing } else { .byte }
  }

  // MARK: SMBIOS

  /// The SMBIOS record of type 38, IPMI device information, with its two terminating zeros.
  ///
  /// | Offset | Field                                                                       |
  /// |-------:|-----------------------------------------------------------------------------|
  /// |    00h | 26h, 12h, handle                                                            |
  /// |    04h | ``InterfaceType``                                                           |
  /// |    05h | specification revision, BCD: 20h                                            |
  /// |    06h | I²C address of the BMC                                                      |
  /// |    07h | NV storage: FFh, none                                                       |
  /// |    08h | base address; bit 0: I/O. For SSIF the address above the direction bit       |
  /// |    10h | 7:6 spacing; 4 bit 0 of the address; 3 the next two bits and the interrupt are there; 1 active high; 0 level |
  /// |    11h | interrupt                                                                   |
  ///
  /// DMTF DSP0134 3.4, section 7.39.
  public func smbiosRecord(handle: UInt16) -> FixedBytes<20> {
    var record: FixedBytes<20> = [0x26, 0x12]
    record.append(littleEndian: handle)
    record.append(type.rawValue)
    record.append(0x20)
    record.append(slaveAddress)
    record.append(0xFF)
    var base: UInt64
    var modifier: UInt8 = spacing.rawValue << 6
    switch location {
    case .registers(let window):
      base = window.base & ~1 | UInt64(window.space.rawValue)
      modifier |= window.base & 1 != 0 ? 1 << 4 : 0
    case .smbus(let address):
      base = UInt64(address) << 1
    }
    if interrupt != 0 { modifier |= 0b1011 }
    record.append(littleEndian: UInt32(truncatingIfNeeded: base))
    record.append(littleEndian: UInt32(truncatingIfNeeded: base >> 32))
    record.append(modifier)
    record.append(interrupt)
    record.append(littleEndian: UInt16(0))
    return record
  }

  // MARK: ACPI

  /// _HID of the device.
  public static var acpiHardwareID: StaticString { "IPI0001" }
  /// _SRV: revision of the IPMI specification, 2.0.
  public static var acpiRevision: UInt16 { 0x0200 }
  /// _IFT.
  public var acpiInterfaceType: UInt8 { type.rawValue }
  /// _STR, as QEMU has it.
  public var acpiDescription: StaticString {
    switch type {
    case .kcs: "ipmi_kcs"
    case .smic: "ipmi_smic"
    case .bt: "ipmi_bt"
    case .ssif: "ipmi_smbus"
    }
  }

  /// The SPMI table, service processor management interface. IPMI v2.0, appendix C3; 65 bytes.
  ///
  /// - Parameters:
  ///   - oemID: 6 bytes.
  ///   - oemTableID: 8 bytes.
  public func spmiTable(oemID: FixedBytes<6>, oemTableID: FixedBytes<8>) -> FixedBytes<65> {
    var table: FixedBytes<65> = [0x53, 0x50, 0x4D, 0x49]
    table.append(littleEndian: UInt32(65))
    table.append(5)
    table.append(0)
    table.append(contentsOf: oemID)
    while table.count < 16 { table.append(0x20) }
    table.append(contentsOf: oemTableID)
    while table.count < 24 { table.append(0x20) }
    table.append(littleEndian: UInt32(1))
    table.append(contentsOf: [0x49, 0x48, 0x42, 0x20] as FixedBytes<4>)
    table.append(littleEndian: UInt32(1))
    table.append(type.rawValue)
    table.append(1)
    table.append(littleEndian: Self.acpiRevision)
    // Bit 1: an I/O APIC's interrupt.
    table.append(interrupt == 0 ? 0 : 1 << 1)
    table.append(littleEndian: UInt16(0))
    table.append(0)
    table.append(littleEndian: UInt32(interrupt))
    appendAddress(to: &table)
    while table.count < 65 { table.append(0) }
    var sum: UInt8 = 0
    for index in 0..<table.count { sum &+= table[index] }
    table[9] = 0 &- sum
    return table
  }

  /// ACPI's generic address: space, width in bits up to the next register, bit offset, access size,
  /// address.
  private func appendAddress(to table: inout FixedBytes<65>) {
    let base: UInt64
    switch location {
    case .registers(let window):
      table.append(window.space.rawValue)
      table.append(UInt8(window.spacing.stride * 8))
      table.append(0)
      table.append(1)
      base = window.base
    case .smbus(let address):
      table.append(4)
      table.append(0)
      table.append(0)
      table.append(0)
      base = UInt64(address)
    }
    table.append(littleEndian: UInt32(truncatingIfNeeded: base))
    table.append(littleEndian: UInt32(truncatingIfNeeded: base >> 32))
  }
}
