import IPMI

/// A trace for Wireshark and tshark: pcapng with the blocks of PICMG HPM.2.
///
/// Each channel is an interface, each message a packet in KCS form, whichever interface carried it:
/// no other form is dissected. A message's comment has its id and what the processors did at the
/// registers for it; all else that happens is a text between the messages, which stands in the Info
/// column. Bodies are decoded where the preference ``preference`` is set.
public struct PcapngWriter: TraceWriter {
  /// What makes Wireshark 4 decode the messages: it does not by default.
  public static var preference: StaticString { "ipmi.dissect_bus_commands:TRUE" }

  private var block: TraceBytes = []
  private var origin: UInt64 = 0
  private var count = 0
  private var stories: [16 of RegisterStory] = .init(repeating: RegisterStory())

  public init() {}

  public mutating func begin(
    _ header: TraceHeader, channels: Span<TraceChannel>, to sink: Sink
  ) {
    origin = header.origin
    count = min(channels.count, TraceChannel.limit)
    beginBlock(Pcapng.Block.sectionHeader)
    block.append(littleEndian: Pcapng.byteOrderMagic)
    block.append(littleEndian: UInt16(1))
    block.append(littleEndian: UInt16(0))
    // The section's length: not known.
    block.append(littleEndian: UInt32.max)
    block.append(littleEndian: UInt32.max)
    if !header.comment.isEmpty { append(Pcapng.Option.comment, header.comment) }
    append(Pcapng.Option.sectionApplication, FixedBytes<32>("ipmi-host-bridge"))
    endBlock(to: sink)
    for index in 0..<count {
      beginBlock(Pcapng.Block.interfaceDescription)
      block.append(littleEndian: Pcapng.linkType)
      block.append(littleEndian: UInt16(0))
      // No limit to a packet's length.
      block.append(littleEndian: UInt32(0))
      append(Pcapng.Option.interfaceName, channels[index].name)
      if !channels[index].description.isEmpty {
        append(Pcapng.Option.interfaceDescription, channels[index].description)
      }
      var resolution = FixedBytes<1>()
      resolution.append(9)
      append(Pcapng.Option.interfaceResolution, resolution)
      endBlock(to: sink)
    }
  }

  public mutating func write(_ event: TraceEvent, to sink: Sink) {
    guard event.channel >= 0, event.channel < count else { return }
    switch event.occurrence {
    case .request(let id, let message):
      write(message, id: id, toBMC: true, of: event, to: sink)
    case .response(let id, let message):
      write(message, id: id, toBMC: false, of: event, to: sink)
    case .access(let access):
      stories[event.channel].add(access, at: event.time)
    case .registers(.kcs(_, _, let str)):
      // Flags change at every byte, states a few times for each message.
      guard stories[event.channel].entersState(str >> 6) else { return }
      writeText(event, to: sink)
    case .registers(.bt), .interrupt:
      break
    case .control(_, let code, let argument):
      var comment = FixedBytes<32>("control ")
      comment.append(hexadecimal: code)
      if let argument {
        comment.append(" ")
        comment.append(hexadecimal: argument)
      }
      writeText(event, comment: comment, to: sink)
    case .damaged, .reset, .connected, .disconnected, .fault:
      writeText(event, to: sink)
    }
  }

  // MARK: Packets

  private mutating func write(
    _ message: Message, id: UInt8, toBMC: Bool, of event: TraceEvent, to sink: Sink
  ) {
    beginPacket(event, length: message.count)
    appendTraceData(
      HPM2.Kind.message, at: event.time, HPM2.protocolKCS, toBMC ? HPM2.toBMC : 0,
      length: message.count)
    block.append(contentsOf: message.bytes)
    pad()
    var comment = FixedBytes<256>("id ")
    comment.append(decimal: UInt64(id))
    stories[event.channel].tell(to: &comment, at: event.time)
    append(Pcapng.Option.comment, comment)
    var flags = FixedBytes<4>()
    // Inbound is to the BMC.
    flags.append(littleEndian: UInt32(toBMC ? 1 : 2))
    append(Pcapng.Option.packetFlags, flags)
    endBlock(to: sink)
  }

  private mutating func writeText(
    _ event: TraceEvent, comment: FixedBytes<32> = [], to sink: Sink
  ) {
    var text: FixedBytes<255> = []
    event.occurrence.describe(to: &text)
    beginPacket(event, length: text.count)
    appendTraceData(HPM2.Kind.text, at: event.time, 0, 0, length: text.count)
    block.append(contentsOf: text)
    pad()
    if !comment.isEmpty { append(Pcapng.Option.comment, comment) }
    endBlock(to: sink)
  }

  private mutating func beginPacket(_ event: TraceEvent, length: Int) {
    let time = origin &+ event.time
    beginBlock(Pcapng.Block.enhancedPacket)
    block.append(littleEndian: UInt32(truncatingIfNeeded: event.channel))
    block.append(littleEndian: UInt32(truncatingIfNeeded: time >> 32))
    block.append(littleEndian: UInt32(truncatingIfNeeded: time))
    let total = UInt32(truncatingIfNeeded: HPM2.headerLength + length)
    block.append(littleEndian: total)
    block.append(littleEndian: total)
  }

  private mutating func appendTraceData(
    _ kind: UInt8, at time: UInt64, _ channelProtocol: UInt8, _ protocolData: UInt8, length: Int
  ) {
    let milliseconds = (origin &+ time) / 1_000_000
    block.append(kind << 4 | HPM2.systemInterface)
    block.append(littleEndian: UInt32(truncatingIfNeeded: milliseconds / 1000))
    block.append(littleEndian: UInt16(truncatingIfNeeded: milliseconds % 1000))
    block.append(channelProtocol)
    block.append(protocolData)
    block.append(0)
    block.append(UInt8(clamping: length))
  }

  // MARK: Blocks

  private mutating func beginBlock(_ type: UInt32) {
    block.append(littleEndian: type)
    // Its length, which the end puts in.
    block.append(littleEndian: UInt32(0))
  }

  private mutating func append<let size: Int>(_ option: UInt16, _ value: FixedBytes<size>) {
    block.append(littleEndian: option)
    block.append(littleEndian: UInt16(truncatingIfNeeded: value.count))
    block.append(contentsOf: value)
    pad()
  }

  private mutating func pad() {
    while block.count % 4 != 0 { block.append(0) }
  }

  private mutating func endBlock(to sink: Sink) {
    block.append(littleEndian: UInt32(Pcapng.Option.end))
    let length = block.count + 4
    block[4] = UInt8(truncatingIfNeeded: length)
    block[5] = UInt8(truncatingIfNeeded: length >> 8)
    block.append(littleEndian: UInt32(truncatingIfNeeded: length))
    block.flush(to: sink)
  }
}
