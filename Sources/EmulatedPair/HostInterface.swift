/// The device through which a stock QEMU's host sees its BMC.
public enum HostInterface: String, CaseIterable, Sendable {
  case isaKCS = "isa-ipmi-kcs"
  case isaBT = "isa-ipmi-bt"
  case pciKCS = "pci-ipmi-kcs"
  case pciBT = "pci-ipmi-bt"
  case ssif = "smbus-ipmi"

  /// QEMU's device for interface number `number` of the host.
  func device(_ number: Int) throws -> String {
    let device = "\(rawValue),bmc=bmc\(number)"
    switch self {
    case .pciKCS, .pciBT: return device
    case .ssif:
      guard number == 0 else { throw EmulatorError("a host has one \(rawValue) at most") }
      // Where Linux looks for one: the address in QEMU's SMBIOS table.
      return device + ",address=0x10"
    case .isaKCS, .isaBT:
      // The first is where hosts look for one; Linux learns of each from firmware's tables.
      return device + (number == 0 ? "" : ",ioport=\(0xCA8 + 4 * (number - 1)),irq=\(9 + number)")
    }
  }

  /// What the host guest's /start is told by the kernel's command line.
  var kernelOption: String { self == .ssif ? " driver=ssif" : "" }

  /// The driver that Linux has for it.
  public var driver: String { self == .ssif ? "ipmi_ssif" : "ipmi_si" }
}
