import BMCPeripherals
import SystemInterfaces

/// The registers of an SoC's host interface, whose channels can be on a link.
public protocol LinkableRegisters: PostCodeRegisters {
  /// How many KCS channels there are, four at most, counted from 1.
  static var kcsChannelCount: Int { get }
  /// A KCS channel. The enables stay those of the registers; whatever ends with OBF, ends.
  subscript(shared number: Int) -> KCSChannel { get set }
  /// The BT channel, where there is one. The enables stay those of the registers.
  var sharedBT: BTChannel? { get set }
  /// How the host reaches a KCS channel.
  func decode(ofChannel number: Int) -> LinkDecode
  /// How the host reaches the BT channel.
  var btDecode: LinkDecode { get }
  /// What interrupts the BMC now, one bit for each source.
  var interruptSources: UInt8 { get }
  /// The channels get the host that is at the link's other end.
  mutating func switchOnHosts()
  /// A load by the BMC.
  mutating func read(_ offset: Int, width: Int) -> UInt64
  /// A store by the BMC.
  mutating func write(_ value: UInt64, to offset: Int, width: Int)
}

extension NPCM7xxHostInterface: LinkableRegisters {
  public static var kcsChannelCount: Int { channelCount }

  public subscript(shared number: Int) -> KCSChannel {
    get { self[channel: number].channel }
    set {
      let enables = self[channel: number].channel.enables
      self[channel: number].channel = newValue
      self[channel: number].channel.enables = enables
    }
  }

  public var sharedBT: BTChannel? {
    get { nil }
    set {}
  }

  /// Ports and IRQ are the host's to configure, in the SuperIO part.
  public func decode(ofChannel number: Int) -> LinkDecode {
    var decode = LinkDecode()
    decode.isAsserted =
      self[channel: number].hostLines.contains(.irq)
      && !self[channel: number].channel.enables.contains(.outputBufferFullInterrupt)
    return decode
  }

  public var btDecode: LinkDecode { LinkDecode() }

  public mutating func switchOnHosts() {
    for number in 1...Self.channelCount { switchOnHost(ofChannel: number) }
  }
}

extension AspeedLPC: LinkableRegisters {
  public static var kcsChannelCount: Int { channelCount }

  public subscript(shared number: Int) -> KCSChannel {
    get { self[channel: number] }
    set { self[channel: number] = newValue }
  }

  public var sharedBT: BTChannel? {
    get { ibt }
    set {
      guard var channel = newValue else { return }
      channel.enables = ibt.enables
      ibt = channel
    }
  }

  public func decode(ofChannel number: Int) -> LinkDecode {
    var decode = LinkDecode()
    decode.isBMCsChoice = true
    if let ports = hostPorts(ofChannel: number) {
      (decode.dataPort, decode.statusPort) = ports
    }
    decode.interrupts = serialIRQNumbers(ofChannel: number)
    return decode
  }

  public var btDecode: LinkDecode {
    var decode = LinkDecode()
    decode.isBMCsChoice = true
    decode.dataPort = ibtBase
    decode.interrupts = ibtSerialIRQNumbers
    return decode
  }

  @inline(__always)
  public var interruptSources: UInt8 { interrupts.rawValue }

  /// LPCnE and ENABLE are the BMC's to set.
  public mutating func switchOnHosts() {}
}
