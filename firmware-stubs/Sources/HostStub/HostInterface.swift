import HostPeripherals
import IPMI
import SystemInterfaces

/// A system interface at its ports, and the state machine that drives it. It is polled: nothing here
/// takes interrupts.
protocol HostInterface {
  var name: StaticString { get }
  var interface: ISAInterface { get }
  /// What the register reads that is FFh where nothing decodes the ports, and never where
  /// something does.
  var status: UInt8 { get }
  var response: Message? { get }

  mutating func start(_ request: Message)
  mutating func abort()
  mutating func event(now: UInt64) -> HostEvent
}

struct KCSInterface: HostInterface {
  private var host = KCSHost()
  private var registers: KCSPorts

  init(_ interface: ISAInterface) {
    registers = KCSPorts(ports: InterfacePorts(interface: interface))
  }

  let name: StaticString = "KCS"
  var interface: ISAInterface { registers.ports.interface }
  var status: UInt8 { registers.hostReadStatus().rawValue }
  var response: Message? { host.response }

  mutating func start(_ request: Message) { host.start(request) }
  mutating func abort() { host.abort() }
  mutating func event(now: UInt64) -> HostEvent { host.event(on: &registers, now: now) }
}

struct BTInterface: HostInterface {
  private var host = BTHost()
  private var registers: BTPorts

  init(_ interface: ISAInterface) {
    registers = BTPorts(ports: InterfacePorts(interface: interface))
  }

  let name: StaticString = "BT"
  var interface: ISAInterface { registers.ports.interface }
  var status: UInt8 { registers.hostReadControl().rawValue }
  var response: Message? { host.response }

  mutating func start(_ request: Message) { host.start(request) }
  mutating func abort() { host.abort() }
  mutating func event(now: UInt64) -> HostEvent { host.event(on: &registers, now: now) }
}
