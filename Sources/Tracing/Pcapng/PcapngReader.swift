import IPMI

/// Reads the messages of a pcapng file, as ``PcapngWriter`` or another program has written it.
///
/// A cursor: each call of ``next(in:)`` gets the whole file, and goes on where the last one ended.
/// Takes either byte order, several sections, any time resolution, and skips what it does not know.
/// Memory is bounded, and no bytes crash it: damage is an error that says where.
public struct PcapngReader: Sendable {
  /// The most interfaces of a file.
  public static let interfaceLimit = 64

  /// What a file has.
  public enum Record: Equatable, Sendable {
    /// A request, a response or a control command; its time is in nanoseconds since 1970.
    case event(TraceEvent)
    /// A text between the messages: where it is in the file.
    case text(time: UInt64, channel: Int, Range<Int>)
    /// A packet that is none of these.
    case foreign(channel: Int)
  }

  /// The offset of the next block.
  public private(set) var offset = 0
  /// How many interfaces were described so far, in all sections.
  public private(set) var interfaceCount = 0
  private var interfaces: [64 of Interface] = .init(repeating: Interface())
  /// The number of the section's first interface.
  private var firstInterface = 0
  private var isBigEndian = false
  private var hasSection = false

  private struct Interface: Sendable {
    var linkType: UInt16 = 0
    var clock = PcapngClock()
    var name = 0..<0
  }

  public init() {}

  /// Where in the file the name of an interface is; empty where it has none.
  public func name(of channel: Int) -> Range<Int> {
    channel >= 0 && channel < interfaceCount ? interfaces[channel].name : 0..<0
  }

  /// The next record; `nil` at the end of the file.
  public mutating func next(in file: Span<UInt8>) throws(PcapngError) -> Record? {
    while offset < file.count {
      let start = offset
      guard file.count - start >= 12 else { throw cutOrForeign(file, at: start) }
      if try startsSection(file, at: start) {
        isBigEndian = try Self.isBigEndian(file, at: start + 8)
      }
      let block = try PcapngBlock(file, at: start, isBigEndian: isBigEndian)
      // Moved first: whoever goes on after an error is behind what was wrong.
      offset = block.end
      switch block.type {
      case Pcapng.Block.sectionHeader:
        try beginSection(block, in: file)
      case Pcapng.Block.interfaceDescription:
        try addInterface(block, in: file)
      case Pcapng.Block.enhancedPacket:
        return try packet(block, in: file)
      case Pcapng.Block.simplePacket:
        guard interfaceCount > firstInterface else {
          throw PcapngError(.unknownInterface, at: start)
        }
        return .foreign(channel: firstInterface)
      default:
        break
      }
    }
    return nil
  }

  // MARK: Sections

  private func cutOrForeign(_ file: Span<UInt8>, at start: Int) -> PcapngError {
    PcapngError(hasSection ? .cut : .notPcapng, at: start)
  }

  /// Whether a section header begins here, which must be the first block of a file.
  private func startsSection(_ file: Span<UInt8>, at start: Int) throws(PcapngError) -> Bool {
    // The same in both orders.
    let type = file.integer(at: start, isBigEndian: false)
    if type == Pcapng.Block.sectionHeader { return true }
    guard !hasSection else { return false }
    switch type {
    case 0xA1B2_C3D4, 0xD4C3_B2A1, 0xA1B2_3C4D, 0x4D3C_B2A1:
      throw PcapngError(.oldPcap, at: start)
    default:
      throw PcapngError(.notPcapng, at: start)
    }
  }

  private static func isBigEndian(
    _ file: Span<UInt8>, at offset: Int
  ) throws(PcapngError) -> Bool {
    if file.integer(at: offset, isBigEndian: false) == Pcapng.byteOrderMagic { return false }
    if file.integer(at: offset, isBigEndian: true) == Pcapng.byteOrderMagic { return true }
    throw PcapngError(.byteOrder, at: offset)
  }

  private mutating func beginSection(
    _ block: PcapngBlock, in file: Span<UInt8>
  ) throws(PcapngError) {
    guard block.bodyLength >= 16 else { throw PcapngError(.shortBlock, at: block.start) }
    guard file.short(at: block.body + 4, isBigEndian: isBigEndian) == 1 else {
      throw PcapngError(.version, at: block.body + 4)
    }
    hasSection = true
    firstInterface = interfaceCount
  }

  private mutating func addInterface(
    _ block: PcapngBlock, in file: Span<UInt8>
  ) throws(PcapngError) {
    guard block.bodyLength >= 8 else { throw PcapngError(.shortBlock, at: block.start) }
    guard interfaceCount < Self.interfaceLimit else {
      throw PcapngError(.tooManyInterfaces, at: block.start)
    }
    var interface = Interface()
    interface.linkType = file.short(at: block.body, isBigEndian: isBigEndian)
    var cursor = block.body + 8
    while let option = try block.option(&cursor, in: file) {
      switch option.code {
      case Pcapng.Option.interfaceName:
        interface.name = option.value
      case Pcapng.Option.interfaceResolution where option.value.count == 1:
        interface.clock.resolution = file[option.value.lowerBound]
      case Pcapng.Option.interfaceOffset where option.value.count == 8:
        let words = file.words(at: option.value.lowerBound, isBigEndian: isBigEndian)
        interface.clock.offset = Int64(
          bitPattern: isBigEndian
            ? UInt64(words.0) << 32 | UInt64(words.1) : UInt64(words.1) << 32 | UInt64(words.0))
      default:
        break
      }
    }
    interfaces[interfaceCount] = interface
    interfaceCount += 1
  }

  // MARK: Packets

  private func packet(_ block: PcapngBlock, in file: Span<UInt8>) throws(PcapngError) -> Record {
    guard block.bodyLength >= 20 else { throw PcapngError(.shortBlock, at: block.start) }
    let number = file.integer(at: block.body, isBigEndian: isBigEndian)
    guard number < interfaceCount - firstInterface else {
      throw PcapngError(.unknownInterface, at: block.body)
    }
    let channel = firstInterface + Int(number)
    let (high, low) = file.words(at: block.body + 4, isBigEndian: isBigEndian)
    let time = interfaces[channel].clock.nanoseconds(UInt64(high) << 32 | UInt64(low))
    let length = Int(file.integer(at: block.body + 12, isBigEndian: isBigEndian))
    guard length <= block.bodyLength - 20 else {
      throw PcapngError(.packetLength, at: block.body + 12)
    }
    let data = block.body + 20..<block.body + 20 + length
    var cursor = data.upperBound + (4 - length % 4) % 4
    var note = PacketNote()
    while let option = try block.option(&cursor, in: file) {
      if option.code == Pcapng.Option.comment { note.read(file, option.value) }
    }
    guard interfaces[channel].linkType == Pcapng.linkType, length >= HPM2.headerLength else {
      return .foreign(channel: channel)
    }
    return record(file, data, note, time: time, channel: channel)
  }

  private func record(
    _ file: Span<UInt8>, _ data: Range<Int>, _ note: PacketNote, time: UInt64, channel: Int
  ) -> Record {
    let content = data.lowerBound + HPM2.headerLength..<data.upperBound
    switch (file[data.lowerBound] >> 4 & 0b11, file[data.lowerBound + 7]) {
    case (HPM2.Kind.message, HPM2.protocolKCS):
      guard let message = Message(file.extracting(content)) else {
        return .foreign(channel: channel)
      }
      let isToBMC = file[data.lowerBound + 8] & HPM2.toBMC != 0
      let id = note.id ?? 0
      return .event(
        TraceEvent(
          time: time, channel: channel,
          isToBMC ? .request(id: id, message) : .response(id: id, message)))
    case (HPM2.Kind.text, _):
      guard let control = note.control else {
        return .text(time: time, channel: channel, content)
      }
      // The text begins with the side's name.
      let isFromHost = content.count > 0 && file[content.lowerBound] == UInt8(ascii: "h")
      return .event(
        TraceEvent(
          time: time, channel: channel,
          .control(
            from: isFromHost ? .host : .bmc, code: control.code, argument: control.argument)))
    default:
      return .foreign(channel: channel)
    }
  }
}
