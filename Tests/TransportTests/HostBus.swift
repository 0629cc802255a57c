import HostPeripherals
import IPMI
import SystemInterfaces

/// What a host's state machine drives of a device, and what it did that a host must not do.
protocol HostBus {
  associatedtype Device: MessageResponder
  associatedtype Host: SystemInterfaceHost
  var device: Device { get set }
  /// Accesses that the interface's rules forbid.
  var violations: [String] { get }
  init()
  static func makeHost() -> Host
  /// One step of the host, over the bus.
  mutating func step(_ host: inout Host, now: UInt64) -> HostEvent
}

/// Where a PC decodes the registers.
protocol Location {
  static var window: RegisterWindow { get }
}

enum ISAKCS: Location {
  static var window: RegisterWindow { ISAInterface.kcs.window }
}

enum ISABT: Location {
  static var window: RegisterWindow { ISAInterface.bt.window }
}

/// A PCI function that firmware has placed, with registers 4 bytes apart in memory.
enum PCIKCS: Location {
  static var window: RegisterWindow { placed(.kcs) }
}

enum PCIBT: Location {
  static var window: RegisterWindow { placed(.bt) }
}

private func placed(_ type: InterfaceType) -> RegisterWindow {
  var function = PCIInterface(type, space: .memory, spacing: .fourBytes)
  function.writeConfiguration(0xFEB0_0000, to: 0x10, width: 4)
  function.writeConfiguration(0x0002, to: 0x04, width: 2)
  return function.window!
}

/// The registers of a device, at their addresses.
struct DecodedRegisters<Device: HostRegisters> {
  var device: Device
  let window: RegisterWindow

  mutating func read(_ register: Int) -> UInt8 {
    let address = window.base + UInt64(register * window.spacing.stride)
    return UInt8(window.read(address, in: window.space, width: 1, from: &device)!)
  }

  mutating func write(_ value: UInt8, _ register: Int) {
    let address = window.base + UInt64(register * window.spacing.stride)
    window.write(UInt64(value), to: address, in: window.space, width: 1, of: &device)
  }
}

/// IPMI v2.0, section 9.2: a host writes while IBF is 0 and reads while OBF is 1.
struct KCSBus<Where: Location>: HostBus, KCSHostRegisters {
  private var registers = DecodedRegisters(device: KCSDevice(), window: Where.window)
  private(set) var violations: [String] = []
  /// What the host has read last, less what it has used it for.
  private var status: KCSStatus = []

  init() {}

  var device: KCSDevice {
    get { registers.device }
    set { registers.device = newValue }
  }

  static func makeHost() -> KCSHost { KCSHost() }

  mutating func step(_ host: inout KCSHost, now: UInt64) -> HostEvent {
    host.event(on: &self, now: now)
  }

  mutating func hostReadStatus() -> KCSStatus {
    status = KCSStatus(rawValue: registers.read(1))
    return status
  }

  mutating func hostReadData() -> UInt8 {
    if !status.contains(.outputBufferFull) { violations.append("read while OBF was 0") }
    status.remove(.outputBufferFull)
    return registers.read(0)
  }

  mutating func hostWriteData(_ value: UInt8) { write(value, 0) }
  mutating func hostWriteCommand(_ value: UInt8) { write(value, 1) }

  private mutating func write(_ value: UInt8, _ register: Int) {
    if status.contains(.inputBufferFull) { violations.append("wrote while IBF was 1") }
    status.insert(.inputBufferFull)
    registers.write(value, register)
  }
}

/// IPMI v2.0, section 11.6: a host writes the buffer while neither H2B_ATN nor B_BUSY is set, and
/// reads it while it has set H_BUSY.
struct BTBus<Where: Location>: HostBus, BTHostRegisters {
  private var registers = DecodedRegisters(device: BTDevice(), window: Where.window)
  private(set) var violations: [String] = []

  init() {}

  var device: BTDevice {
    get { registers.device }
    set { registers.device = newValue }
  }

  static func makeHost() -> BTHost { BTHost() }

  mutating func step(_ host: inout BTHost, now: UInt64) -> HostEvent {
    host.event(on: &self, now: now)
  }

  mutating func hostReadControl() -> BTControl { BTControl(rawValue: registers.read(0)) }
  mutating func hostWriteControl(_ value: BTControl) { registers.write(value.rawValue, 0) }

  mutating func hostReadData() -> UInt8 {
    if !device.channel.hostReadControl().contains(.hostBusy) {
      violations.append("read while H_BUSY was 0")
    }
    return registers.read(1)
  }

  mutating func hostWriteData(_ value: UInt8) {
    let control = device.channel.hostReadControl()
    if control.contains(.hostToBMCAttention) || control.contains(.bmcBusy) {
      violations.append("wrote while the BMC had the buffer")
    }
    registers.write(value, 1)
  }

  mutating func hostReadInterruptMask() -> BTInterruptMask {
    BTInterruptMask(rawValue: registers.read(2))
  }

  mutating func hostWriteInterruptMask(_ value: BTInterruptMask) {
    registers.write(value.rawValue, 2)
  }
}

/// SMBus has no status to violate: a target that is not ready does not acknowledge.
struct SSIFBus: HostBus {
  var device = SSIFDevice()
  let violations: [String] = []

  static func makeHost() -> SSIFHost { SSIFHost() }

  mutating func step(_ host: inout SSIFHost, now: UInt64) -> HostEvent {
    host.event(on: &device.target, now: now)
  }
}
