import CQEMU
import IPMI
import RegisterLink
import RegisterLinkFile
import Tracing

/// A device of the host's at the end of a link; `link=` is its first property.
@safe class LPCDevice: Device {
  fileprivate static let linkProperty: (name: StaticString, description: StaticString) = (
    "link", "file that both sides share; made where it does not exist"
  )

  fileprivate static let traceProperty: (name: StaticString, description: StaticString) = (
    "trace", "file to trace messages and registers to: .vcd, .pcapng or .jsonl"
  )

  /// The trace that a property asks for.
  final fileprivate func trace(
    _ property: Int, _ channel: TraceChannel
  ) throws(RealizationError) -> PortTrace? {
    guard let path = unsafe self[property] else { return nil }
    return try unsafe PortTrace(path, channel)
  }

  /// The link, joined where it is not yet.
  final fileprivate func link() throws(RealizationError) -> LPCLink {
    let bus = try ISABus.ofMachine()
    return try unsafe LPCLink.at(self[0], bus)
  }

  /// The I/O port that a property says.
  final fileprivate func port(
    _ property: Int, _ name: StaticString, default missing: UInt16
  ) throws(RealizationError) -> UInt16 {
    guard let text = unsafe self[property] else { return missing }
    guard let port = unsafe UInt16(property: text) else {
      throw unsafe RealizationError(
        .literal(name), " '", .string(text), "' is no I/O port: give a number from 0 to 0xffff")
    }
    return port
  }

  /// The interrupt that `irq=` says; 0 for none, `nil` where the BMC chooses.
  final fileprivate func interrupt(_ property: Int) throws(RealizationError) -> Int? {
    guard let text = unsafe self[property] else { return nil }
    guard let number = unsafe UInt8(property: text),
      number == 0 || ISABus.interrupts.contains(Int(number))
    else {
      throw unsafe RealizationError(
        "irq '", .string(text), "' is no ISA interrupt: give 1, 3 to 7, 9 to 12, 14 or 15,",
        " 0 for none, or leave it out for the one that the BMC has chosen")
    }
    return Int(number)
  }

  /// Refuses an interrupt that another channel drives.
  final fileprivate func check(_ interrupt: Int?, _ link: LPCLink) throws(RealizationError) {
    guard let interrupt, interrupt != 0, link.hasInterrupt(interrupt) else { return }
    throw RealizationError("irq ", .number(Int64(interrupt)), " is already another channel's")
  }
}

/// One `-device lpc-kcs`: a KCS channel of the BMC's at two ports of the host.
@safe final class LPCKCS: LPCDevice {
  static let type = DeviceType(
    name: "lpc-kcs", description: "IPMI KCS, shared with a BMC register by register",
    properties: [
      linkProperty,
      ("channel", "number of the BMC's channel, 1 to 4"),
      ("ioport", "data port (default 0xca2)"),
      ("status-port", "status and command port (default the one after ioport)"),
      ("irq", "ISA interrupt, 0 for none (default the one that the BMC has chosen)"),
      ("odr-delay", "microseconds for which the host does not see that ODR is full"),
      traceProperty,
    ],
    device: LPCKCS.self)

  private static let outputDelayProperty = 5
  private var channel: LateKCSChannel?

  override func realize() throws(RealizationError) {
    guard let text = unsafe self[1] else {
      throw RealizationError("channel is missing: give the number of the BMC's, 1 to 4")
    }
    guard let channel = unsafe UInt8(property: text), (1...4).contains(channel) else {
      throw unsafe RealizationError("channel '", .string(text), "' is none: give 1 to 4")
    }
    let dataPort = try port(2, "ioport", default: 0xCA2)
    let statusPort = try port(3, "status-port", default: dataPort &+ 1)
    let interrupt = try interrupt(4)
    let delay = try outputDelay(Self.outputDelayProperty)
    let link = try link()
    try check(interrupt, link)
    let ports = LateKCSPorts(
      link.memory, channel: Int(channel), dataPort: dataPort, statusPort: statusPort)
    var name = FixedBytes<32>("kcs")
    name.append(UInt8(ascii: "0") + channel)
    let trace = try trace(
      6, TraceChannel(name, .kcs, description: FixedBytes("KCS channel of the BMC")))
    let linked = LateKCSChannel(ports, of: link, interrupt: interrupt, delay: delay, trace)
    link.add(linked, at: ports.ports)
    self.channel = linked
  }

  override func change(_ property: Int) throws(RealizationError) {
    guard property == Self.outputDelayProperty else { return try super.change(property) }
    channel?.delayOutput(by: try outputDelay(property))
  }
}

/// One `-device lpc-bt`: the BT channel of the BMC's at three ports of the host.
@safe final class LPCBT: LPCDevice {
  static let type = DeviceType(
    name: "lpc-bt", description: "IPMI BT, shared with a BMC register by register",
    properties: [
      linkProperty,
      ("ioport", "first of the three ports (default 0xe4)"),
      ("irq", "ISA interrupt, 0 for none (default the one that the BMC has chosen)"),
      traceProperty,
    ],
    device: LPCBT.self)

  override func realize() throws(RealizationError) {
    let base = try port(1, "ioport", default: 0xE4)
    let interrupt = try interrupt(2)
    let link = try link()
    try check(interrupt, link)
    let ports = LinkedBTPorts(link.memory, base: base)
    let trace = try trace(
      3,
      TraceChannel(
        FixedBytes("ibt"), .bt, description: FixedBytes("iBT of the BMC")))
    link.add(LinkedChannel(ports, of: link, interrupt: interrupt, trace), at: ports.ports)
  }
}

/// One `-device lpc-post-codes`: a port whose bytes the BMC sees, if it watches it.
@safe final class LPCPostCodes: LPCDevice {
  static let type = DeviceType(
    name: "lpc-post-codes", description: "POST codes, for a BMC at the end of a link",
    properties: [
      linkProperty,
      ("ioport", "port that the host writes them to (default 0x80)"),
    ],
    device: LPCPostCodes.self)

  override func realize() throws(RealizationError) {
    let number = try port(1, "ioport", default: 0x80)
    let link = try link()
    link.bus.add(PostCodePort(number, of: link))
  }

  /// The port.
  private final class PostCodePort: ISABus.Port {
    private let link: LPCLink

    init(_ number: UInt16, of link: LPCLink) {
      self.link = link
      super.init(number)
    }

    override func write(_ value: UInt8) {
      PostCodeMailbox(link.memory).write(PostCode(port: number, value: value))
      link.memory.ring()
    }
  }
}
