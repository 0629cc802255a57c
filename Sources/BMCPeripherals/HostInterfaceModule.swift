import IPMI
import SystemInterfaces

/// The registers of an SoC's host interface, with what differs between vendors made equal.
///
/// An emulator that is generic over it calls the registers directly.
public protocol HostInterfaceModule: PostCodeRegisters, Restorable {
  /// What interrupts the BMC now, one bit for each source: ``SystemOnChip/InterruptLine/sources``.
  var interruptSources: UInt8 { get }
  /// A load by the BMC.
  mutating func read(_ offset: Int, width: Int) -> UInt64
  /// A store by the BMC.
  mutating func write(_ value: UInt64, to offset: Int, width: Int)
  /// A load by the BMC, and whether it is certain that neither ``interruptSources`` nor what a host
  /// sees of its channel has changed.
  mutating func load(_ offset: Int, width: Int) -> (value: UInt64, isQuiet: Bool)
  /// A store by the BMC; returns what ``load(_:width:)`` does.
  mutating func store(_ value: UInt64, to offset: Int, width: Int) -> Bool
  /// Brings the registers up to date with a host that shares them.
  mutating func synchronizeWithHost()
  /// KCS channel `number` is about to get a host.
  mutating func switchOnHost(ofChannel number: Int)
  /// Lets the host at KCS channel `number` act.
  ///
  /// - Parameter host: Acts on the channel, and says whether it did; one that did not has left the
  ///   channel alone. It is called at every access, so give a closure that can be inlined.
  mutating func withHost(ofChannel number: Int, _ host: (inout KCSChannel) -> Bool)
  /// Lets the host at the BT channel act, where there is one; as ``withHost(ofChannel:_:)``.
  mutating func withHostOfBT(_ host: (inout BTChannel) -> Bool)
  /// Whether the BMC says at which I/O ports its host has the channels; otherwise the host does.
  var decodesHostPorts: Bool { get }
  /// What a port that the BMC has chosen is of; `nil` where nothing answers.
  func hostPort(_ port: UInt16) -> HostPort?
  /// The host reads an I/O port that the BMC has chosen; `nil` where nothing answers.
  mutating func hostRead(port: UInt16) -> UInt8?
  /// The host writes an I/O port, which may also be one of POST codes.
  ///
  /// - Returns: Whether a channel has taken it.
  @discardableResult
  mutating func hostWrite(_ value: UInt8, port: UInt16) -> Bool
  /// What a channel asks of its host's interrupt.
  func hostInterrupt(of responder: Responder) -> HostInterrupt
}

/// What a port of the host's is: of which channel, and which of its ports.
public struct HostPort: Hashable, Sendable {
  public var responder: Responder
  /// Data and status of KCS; BT_CTRL, data and BT_INTMASK of BT; from 0 on.
  public var index: Int

  public init(_ responder: Responder, _ index: Int) {
    self.responder = responder
    self.index = index
  }
}

/// What a channel asks of its host's interrupt.
public struct HostInterrupt: Hashable, Sendable {
  /// Whether it is asserted.
  public var isAsserted: Bool
  /// The host IRQs that the BMC has chosen for it, bit n for IRQn; 0 where the host chooses.
  public var numbers: UInt16

  public init(isAsserted: Bool, numbers: UInt16 = 0) {
    self.isAsserted = isAsserted
    self.numbers = numbers
  }
}

extension HostInterfaceModule {
  @inline(__always)
  public mutating func load(_ offset: Int, width: Int) -> (value: UInt64, isQuiet: Bool) {
    (read(offset, width: width), false)
  }

  @inline(__always)
  public mutating func store(_ value: UInt64, to offset: Int, width: Int) -> Bool {
    write(value, to: offset, width: width)
    return false
  }

  /// The host chooses them all.
  public func hostPort(_ port: UInt16) -> HostPort? { nil }

  /// Nobody shares them.
  @inline(__always)
  public mutating func synchronizeWithHost() {}
}

extension NPCM7xxHostInterface: HostInterfaceModule {
  @inline(__always)
  public var interruptSources: UInt8 { interrupt ? 1 : 0 }

  /// The host programs its decode itself on these parts, so a host that is there has done it.
  public mutating func switchOnHost(ofChannel number: Int) {
    self[channel: number].channel.enables.insert(.hostDecode)
  }

  @inline(__always)
  public mutating func withHost(ofChannel number: Int, _ host: (inout KCSChannel) -> Bool) {
    _ = host(&self[channel: number].channel)
  }

  /// There is no BT.
  public mutating func withHostOfBT(_ host: (inout BTChannel) -> Bool) {}

  /// The host configures them, in the SuperIO part.
  public var decodesHostPorts: Bool { false }

  public mutating func hostRead(port: UInt16) -> UInt8? { nil }

  public mutating func hostWrite(_ value: UInt8, port: UInt16) -> Bool {
    postCode(port: port, value: value)
    return false
  }

  public func hostInterrupt(of responder: Responder) -> HostInterrupt {
    guard (1...Self.channelCount).contains(responder.channel) else {
      return HostInterrupt(isAsserted: false)
    }
    return HostInterrupt(isAsserted: self[channel: responder.channel].hostLines.contains(.irq))
  }
}
