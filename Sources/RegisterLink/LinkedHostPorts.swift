import SystemInterfaces

/// What an access of the host's to one of its ports did.
public struct PortAccess<Result, Channel> {
  public var result: Result
  /// The channel just before the access and just after it; `nil` where the BMC does not decode it.
  public var change: (before: Channel, after: Channel)?
  /// Whether the BMC is to be told: its interrupt may have changed.
  public var concernsBMC = false
  /// Level of the channel's interrupt just after the access. A host whose interrupts are edges must
  /// follow this one first, and what it is by now second.
  public var interrupt = false
}

/// The host's end of one channel of a link, at the ports that the host has it.
public protocol LinkedHostPorts {
  /// What is at the ports: KCS or BT.
  associatedtype Channel
  /// The channel as it is now.
  var channel: Channel { get }
  /// The ports.
  var ports: [4 of UInt16?] { get }
  /// The host reads a port: FFh where the BMC does not decode it.
  mutating func read(_ port: UInt16) -> PortAccess<UInt8, Channel>
  /// The host writes a port: nothing happens where the BMC does not decode it.
  mutating func write(_ value: UInt8, to port: UInt16) -> PortAccess<Void, Channel>
  /// Level of the channel's interrupt now.
  var interrupt: Bool { get }
  /// The host IRQs that the BMC has chosen for it, one bit each.
  var interrupts: UInt16 { get }
}

/// The two ports of a KCS channel.
public struct LinkedKCSPorts<Memory: LinkMemory>: LinkedHostPorts {
  private let shared: SharedKCSChannel<Memory>
  private let decodeWord: Int
  private let dataPort: UInt16
  private let statusPort: UInt16
  /// The host is not shown that ODR is full, nor interrupted for it.
  var hidesOutput = false
  /// As long as it is not, it is not shown either that IDR is empty.
  var hidesInput = false

  /// Channel `number`, `1...4`.
  public init(_ memory: Memory, channel number: Int, dataPort: UInt16, statusPort: UInt16) {
    shared = SharedKCSChannel(memory, channel: number)
    decodeWord = LinkWord.kcsDecode(number)
    (self.dataPort, self.statusPort) = (dataPort, statusPort)
  }

  public var ports: [4 of UInt16?] { [dataPort, statusPort, nil, nil] }

  private var decode: LinkDecode { LinkDecode(word: shared.memory.load(decodeWord)) }

  private func decodes(_ port: UInt16) -> Bool {
    let decode = decode
    return !decode.isBMCsChoice
      || port == (port == dataPort ? decode.dataPort : decode.statusPort)
  }

  public func read(_ port: UInt16) -> PortAccess<UInt8, KCSChannel> {
    guard decodes(port) else { return undecoded(0xFF) }
    return access { [dataPort, hidesOutput, hidesInput] channel in
      guard port != dataPort else { return channel.hostReadData() }
      let status = channel.hostReadStatus()
      guard hidesOutput, status.contains(.outputBufferFull),
        channel.enables.contains(.hostDecode)
      else { return status.rawValue }
      let input: KCSStatus = hidesInput ? .inputBufferFull : []
      return status.subtracting(.outputBufferFull).union(input).rawValue
    }
  }

  public func write(_ value: UInt8, to port: UInt16) -> PortAccess<Void, KCSChannel> {
    guard decodes(port) else { return undecoded(()) }
    return access { [dataPort] channel in
      if port == dataPort {
        channel.hostWriteData(value)
      } else {
        channel.hostWriteCommand(value)
      }
    }
  }

  public var channel: KCSChannel { shared.channel }

  public var interrupt: Bool { interrupt(of: shared.channel) }

  public var interrupts: UInt16 { decode.interrupts }

  /// Whether ODR is full, hidden or not.
  var isOutputFull: Bool { shared.channel.bmcReadStatus().contains(.outputBufferFull) }

  private func interrupt(of channel: KCSChannel) -> Bool {
    channel.hostInterrupt && !hidesOutput || decode.isAsserted
  }

  private func undecoded<Result>(_ result: Result) -> PortAccess<Result, KCSChannel> {
    PortAccess(result: result, interrupt: interrupt)
  }

  private func access<Result>(
    _ transition: (inout KCSChannel) -> Result
  ) -> PortAccess<Result, KCSChannel> {
    let access = shared.access(transition)
    return PortAccess(
      result: access.result, change: (access.before, access.after),
      concernsBMC: access.before.bmcInterrupt != access.after.bmcInterrupt,
      interrupt: interrupt(of: access.after))
  }
}

/// The three ports of a BT channel.
public struct LinkedBTPorts<Memory: LinkMemory>: LinkedHostPorts {
  private let shared: SharedBTChannel<Memory>
  private let base: UInt16

  public init(_ memory: Memory, base: UInt16) {
    shared = SharedBTChannel(memory)
    self.base = base
  }

  public var ports: [4 of UInt16?] { [base, base &+ 1, base &+ 2, nil] }

  private var decode: LinkDecode { LinkDecode(word: shared.memory.load(LinkWord.btDecode)) }

  private var isDecoded: Bool {
    let decode = decode
    return !decode.isBMCsChoice || decode.dataPort == base
  }

  public func read(_ port: UInt16) -> PortAccess<UInt8, BTChannel> {
    guard isDecoded else { return PortAccess(result: 0xFF, interrupt: interrupt) }
    return access { [base] channel in
      switch port &- base {
      case 0: channel.hostReadControl().rawValue
      case 1: channel.hostReadData()
      default: channel.hostReadInterruptMask().rawValue
      }
    }
  }

  public func write(_ value: UInt8, to port: UInt16) -> PortAccess<Void, BTChannel> {
    guard isDecoded else { return PortAccess(result: (), interrupt: interrupt) }
    return access { [base] channel in
      switch port &- base {
      case 0: channel.hostWriteControl(BTControl(rawValue: value))
      case 1: channel.hostWriteData(value)
      default: channel.hostWriteInterruptMask(BTInterruptMask(rawValue: value))
      }
    }
  }

  public var channel: BTChannel { shared.channel }

  public var interrupt: Bool { shared.channel.hostInterrupt }

  public var interrupts: UInt16 { decode.interrupts }

  private func access<Result>(
    _ transition: (inout BTChannel) -> Result
  ) -> PortAccess<Result, BTChannel> {
    let access = shared.access(writing: .hostToBMC, transition)
    return PortAccess(
      result: access.result, change: (access.before, access.after),
      concernsBMC: access.before.events != access.after.events,
      interrupt: access.after.hostInterrupt)
  }
}
