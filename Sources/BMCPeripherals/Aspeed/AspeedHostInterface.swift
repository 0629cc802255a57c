import IPMI
import SystemInterfaces

/// ``AspeedLPC``, and whether the BMC interrupts its hosts.
public struct AspeedHostInterface: HostInterfaceModule, Sendable {
  /// The block.
  public var registers: AspeedLPC
  /// One bit for each channel whose IRQXEn has been set since its decode was.
  ///
  /// The block clears IRQXEn with OBF, at every byte. The host at the other end of a wire wants
  /// to know whether there are interrupts at all.
  private var interruptsHost: UInt8 = 0

  /// A block whose BMC has not interrupted any host yet.
  public init(_ registers: AspeedLPC) {
    self.registers = registers
  }

  @inline(__always)
  public var interruptSources: UInt8 { registers.interrupts.rawValue }

  public mutating func read(_ offset: Int, width: Int) -> UInt64 {
    registers.read(offset, width: width)
  }

  public mutating func write(_ value: UInt64, to offset: Int, width: Int) {
    registers.write(value, to: offset, width: width)
  }

  public mutating func transfer(through stream: inout some StateStream) {
    registers.transfer(through: &stream)
    stream.transfer(&interruptsHost)
  }

  public func hasRoomForPostCode(port: UInt16) -> Bool {
    registers.hasRoomForPostCode(port: port)
  }

  public mutating func postCode(port: UInt16, value: UInt8) {
    registers.postCode(port: port, value: value)
  }

  /// LPCnE is the BMC's to set.
  public mutating func switchOnHost(ofChannel number: Int) {}

  @inline(__always)
  public mutating func withHost(ofChannel number: Int, _ host: (inout KCSChannel) -> Bool) {
    let bit: UInt8 = 1 << UInt8(truncatingIfNeeded: number)
    var channel = registers[channel: number]
    if !channel.enables.contains(.hostDecode) {
      interruptsHost &= ~bit
    } else if channel.enables.contains(.outputBufferFullInterrupt) {
      interruptsHost |= bit
    }
    if interruptsHost & bit != 0 { channel.enables.insert(.outputBufferFullInterrupt) }
    // The enables stay those of the block.
    if host(&channel) { registers[channel: number] = channel }
  }

  @inline(__always)
  public mutating func withHostOfBT(_ host: (inout BTChannel) -> Bool) {
    _ = host(&registers.ibt)
  }

  public var decodesHostPorts: Bool { true }

  public func hostPort(_ port: UInt16) -> HostPort? {
    switch registers.target(ofHostPort: port) {
    case .kcs(let number, let kind):
      let responders: [4 of Responder] = [.kcs1, .kcs2, .kcs3, .kcs4]
      return HostPort(responders[number - 1], kind == .data ? 0 : 1)
    case .ibt(let kind): return HostPort(.ibt, Int(kind.rawValue))
    case nil: return nil
    }
  }

  public mutating func hostRead(port: UInt16) -> UInt8? { registers.hostRead(port: port) }

  public mutating func hostWrite(_ value: UInt8, port: UInt16) -> Bool {
    let isTaken = registers.target(ofHostPort: port) != nil
    registers.hostWrite(value, port: port)
    return isTaken
  }

  public func hostInterrupt(of responder: Responder) -> HostInterrupt {
    guard responder != .ibt else {
      return HostInterrupt(
        isAsserted: registers.ibt.hostInterrupt, numbers: registers.ibtSerialIRQNumbers)
    }
    return HostInterrupt(
      isAsserted: registers[channel: responder.channel].hostInterrupt,
      numbers: registers.serialIRQNumbers(ofChannel: responder.channel))
  }
}
