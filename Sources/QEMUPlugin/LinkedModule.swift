import BMCPeripherals
import IPMI
import RegisterLink
import RegisterLinkFile
import SystemInterfaces

/// Registers whose channels are all on a link: their hosts are at its other end, not at a bridge's.
extension LinkedRegisters: HostInterfaceModule where Module: Restorable, Memory == MappedLink {
  public var interruptSources: UInt8 { module.interruptSources }

  public mutating func synchronizeWithHost() {
    synchronize()
    if takeHostConcern() { memory.ring() }
  }

  public mutating func switchOnHost(ofChannel number: Int) {}
  public mutating func withHost(ofChannel number: Int, _ host: (inout KCSChannel) -> Bool) {}
  public mutating func withHostOfBT(_ host: (inout BTChannel) -> Bool) {}

  public var decodesHostPorts: Bool { false }
  public mutating func hostRead(port: UInt16) -> UInt8? { nil }
  public mutating func hostWrite(_ value: UInt8, port: UInt16) -> Bool { false }
  public func hostInterrupt(of responder: Responder) -> HostInterrupt {
    HostInterrupt(isAsserted: false)
  }
}
