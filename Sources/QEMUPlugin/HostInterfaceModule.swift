import BMCPeripherals
import IPMI
import IPMIHostBridge
import RegisterLink
import RegisterLinkFile
import SystemInterfaces

/// The registers of an SoC's host interface, with what differs between vendors made equal.
protocol HostInterfaceModule: PostCodeRegisters, Restorable {
  /// What interrupts the BMC now, one bit for each source: ``SoC/InterruptLine/sources``.
  var interruptSources: UInt8 { get }
  /// A load by the BMC.
  mutating func read(_ offset: Int, width: Int) -> UInt64
  /// A store by the BMC.
  mutating func write(_ value: UInt64, to offset: Int, width: Int)
  /// Brings the registers up to date with a host that shares them.
  mutating func synchronizeWithHost()
  /// KCS channel `number` is about to get a host.
  mutating func switchOnHost(ofChannel number: Int)
  /// Lets the host at a KCS channel act.
  mutating func advance(_ connection: BridgedConnection<KCSHost>, isDue: Bool)
  /// Lets the host at the BT channel act.
  mutating func advance(_ connection: BridgedConnection<BTHost>, isDue: Bool)
}

extension HostInterfaceModule {
  /// Nobody shares them.
  @inline(__always)
  mutating func synchronizeWithHost() {}
}

extension NPCM7xxHostInterface: HostInterfaceModule {
  /// The host programs its decode itself on these parts, so a host that is there has done it.
  mutating func switchOnHost(ofChannel number: Int) {
    self[channel: number].channel.enables.insert(.hostDecode)
  }

  @inline(__always)
  mutating func advance(_ connection: BridgedConnection<KCSHost>, isDue: Bool) {
    connection.advance(&self[channel: connection.responder.channel].channel, isDue: isDue)
  }

  /// There is no BT.
  mutating func advance(_ connection: BridgedConnection<BTHost>, isDue: Bool) {}
}

/// ``AspeedLPC``, and whether the BMC interrupts its hosts.
struct AspeedHostInterface: HostInterfaceModule {
  var registers: AspeedLPC
  /// One bit for each channel whose IRQXEn has been set since its decode was.
  ///
  /// The block clears IRQXEn with OBF, at every byte. The host at the other end of the wire wants
  /// to know whether there are interrupts at all.
  private var interruptsHost: UInt8 = 0

  init(_ registers: AspeedLPC) {
    self.registers = registers
  }

  @inline(__always)
  var interruptSources: UInt8 { registers.interrupts.rawValue }

  mutating func read(_ offset: Int, width: Int) -> UInt64 {
    registers.read(offset, width: width)
  }

  mutating func write(_ value: UInt64, to offset: Int, width: Int) {
    registers.write(value, to: offset, width: width)
  }

  mutating func transfer(through stream: inout some StateStream) {
    registers.transfer(through: &stream)
    stream.transfer(&interruptsHost)
  }

  func hasRoomForPostCode(port: UInt16) -> Bool { registers.hasRoomForPostCode(port: port) }

  mutating func postCode(port: UInt16, value: UInt8) {
    registers.postCode(port: port, value: value)
  }

  /// LPCnE is the BMC's to set.
  mutating func switchOnHost(ofChannel number: Int) {}

  mutating func advance(_ connection: BridgedConnection<KCSHost>, isDue: Bool) {
    let number = connection.responder.channel
    let bit: UInt8 = 1 << UInt8(truncatingIfNeeded: number)
    var channel = registers[channel: number]
    if !channel.enables.contains(.hostDecode) {
      interruptsHost &= ~bit
    } else if channel.enables.contains(.outputBufferFullInterrupt) {
      interruptsHost |= bit
    }
    if interruptsHost & bit != 0 { channel.enables.insert(.outputBufferFullInterrupt) }
    guard connection.mustAdvance(channel, isDue: isDue) else { return }
    connection.advance(&channel, isDue: isDue)
    // The enables stay those of the block.
    registers[channel: number] = channel
  }

  mutating func advance(_ connection: BridgedConnection<BTHost>, isDue: Bool) {
    connection.advance(&registers.ibt, isDue: isDue)
  }
}

/// Registers whose channels are all on a link: their hosts are at its other end, not at a bridge's.
extension LinkedRegisters: HostInterfaceModule where Module: Restorable, Memory == MappedLink {
  var interruptSources: UInt8 { module.interruptSources }

  mutating func synchronizeWithHost() {
    synchronize()
    if takeHostConcern() { memory.ring() }
  }

  mutating func switchOnHost(ofChannel number: Int) {}
  mutating func advance(_ connection: BridgedConnection<KCSHost>, isDue: Bool) {}
  mutating func advance(_ connection: BridgedConnection<BTHost>, isDue: Bool) {}
}
