import CHostBoard
import HostPeripherals
import SystemInterfaces

/// The registers of an interface, as the processor reaches them: IN and OUT of a byte each.
struct InterfacePorts {
  let interface: ISAInterface

  private func port(_ register: Int) -> UInt16 {
    let window = interface.window
    return UInt16(truncatingIfNeeded: window.base) &+ UInt16(register * window.spacing.stride)
  }

  func read(_ register: Int) -> UInt8 { in8(port(register)) }
  func write(_ value: UInt8, _ register: Int) { out8(port(register), value) }
}

/// KCS: data, then status and command.
struct KCSPorts: KCSHostRegisters {
  let ports: InterfacePorts

  func hostReadStatus() -> KCSStatus { KCSStatus(rawValue: ports.read(1)) }
  func hostReadData() -> UInt8 { ports.read(0) }
  func hostWriteData(_ value: UInt8) { ports.write(value, 0) }
  func hostWriteCommand(_ value: UInt8) { ports.write(value, 1) }
}

/// BT: BT_CTRL, data, BT_INTMASK.
struct BTPorts: BTHostRegisters {
  let ports: InterfacePorts

  func hostReadControl() -> BTControl { BTControl(rawValue: ports.read(0)) }
  func hostWriteControl(_ value: BTControl) { ports.write(value.rawValue, 0) }
  func hostReadData() -> UInt8 { ports.read(1) }
  func hostWriteData(_ value: UInt8) { ports.write(value, 1) }
  func hostReadInterruptMask() -> BTInterruptMask { BTInterruptMask(rawValue: ports.read(2)) }
  func hostWriteInterruptMask(_ value: BTInterruptMask) { ports.write(value.rawValue, 2) }
}
