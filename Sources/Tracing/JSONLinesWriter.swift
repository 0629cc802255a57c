import IPMI

/// A trace for programs: one JSON object on each line.
///
/// The first line is the header, with `"event":"trace"`; each further one has `time` in nanoseconds
/// since its `origin`, the channel's name, and the event with its fields. Registers, codes and
/// identifiers are numbers, data is a string of hexadecimal digits.
public struct JSONLinesWriter: TraceWriter {
  private var names: [16 of FixedBytes<32>] = .init(repeating: [])
  private var count = 0
  private var line: TraceBytes = []

  public init() {}

  public mutating func begin(
    _ header: TraceHeader, channels: Span<TraceChannel>, to sink: Sink
  ) {
    count = min(channels.count, TraceChannel.limit)
    line.append(#"{"event":"trace","version":1,"origin":""#)
    // As text: a double has not enough digits.
    line.append(seconds: header.origin)
    line.append(#"","comment":""#)
    for index in 0..<header.comment.count {
      line.append(escaped: header.comment[index])
      // Escapes are up to six times as long as what they stand for.
      if line.count > 1000 { line.flush(to: sink) }
    }
    line.append(#"","channels":["#)
    line.flush(to: sink)
    for index in 0..<count {
      names[index] = channels[index].name
      line.append(index == 0 ? #"{"name":""# : #",{"name":""#)
      line.append(escaped: channels[index].name)
      line.append(#"","description":""#)
      line.append(escaped: channels[index].description)
      line.append(#""}"#)
      line.flush(to: sink)
    }
    line.append("]}\n")
    line.flush(to: sink)
  }

  public mutating func write(_ event: TraceEvent, to sink: Sink) {
    guard event.channel >= 0, event.channel < count else { return }
    line.append(#"{"time":"#)
    line.append(decimal: event.time)
    line.append(#","channel":""#)
    line.append(escaped: names[event.channel])
    line.append(#"","event":"#)
    write(event.occurrence)
    line.append("}\n")
    line.flush(to: sink)
  }

  private mutating func write(_ occurrence: TraceEvent.Occurrence) {
    switch occurrence {
    case .request(let id, let message):
      line.append(#""request""#)
      write(message, id: id)
    case .response(let id, let message):
      line.append(#""response""#)
      write(message, id: id)
    case .access(let access):
      line.append(access.isWrite ? #""write","side":""# : #""read","side":""#)
      line.append(access.side.name)
      line.append(#"","register":""#)
      line.append(access.register.name)
      line.append(#"""#)
      write(#","value":"#, access.value)
    case .registers(.kcs(let idr, let odr, let str)):
      line.append(#""registers""#)
      write(#","idr":"#, idr)
      write(#","odr":"#, odr)
      write(#","str":"#, str)
      line.append(#","state":""#)
      line.append(kcsStateOf: str)
      line.append(#"""#)
    case .registers(.bt(let control, let mask)):
      line.append(#""registers""#)
      write(#","btControl":"#, control)
      write(#","btInterruptMask":"#, mask)
    case .interrupt(let side, let isHigh):
      write(#""interrupt","to":""#, side)
      line.append(isHigh ? #","level":1"# : #","level":0"#)
    case .control(let side, let code, let argument):
      write(#""control","from":""#, side)
      write(#","code":"#, code)
      if let argument { write(#","argument":"#, argument) }
      if let name = TraceEvent.Occurrence.controlName(code) {
        line.append(#","name":""#)
        line.append(name)
        line.append(#"""#)
      }
    case .damaged(let side, let damage):
      write(#""damaged","from":""#, side)
      line.append(#","reason":""#)
      line.append(damage.name)
      line.append(#"""#)
    case .reset(let side): write(#""reset","side":""#, side)
    case .connected(let side): write(#""connected","side":""#, side)
    case .disconnected(let side): write(#""disconnected","side":""#, side)
    case .fault(let what, let rule):
      line.append(#""fault","what":""#)
      line.append(escaped: what)
      line.append(#"""#)
      write(#","rule":"#, rule)
    }
  }

  private mutating func write(_ key: StaticString, _ value: UInt8) {
    line.append(key)
    line.append(decimal: UInt64(value))
  }

  private mutating func write(_ key: StaticString, _ side: TraceSide) {
    line.append(key)
    line.append(side.name)
    line.append(#"""#)
  }

  private mutating func write(_ message: Message, id: UInt8) {
    write(#","id":"#, id)
    write(#","netFn":"#, message.netFn.rawValue)
    write(#","lun":"#, message.lun.rawValue)
    write(#","command":"#, message.command.code)
    if let name = message.command.name {
      line.append(#","name":""#)
      line.append(name)
      line.append(#"""#)
    }
    if let code = message.completionCode { write(#","completionCode":"#, code.rawValue) }
    line.append(#","data":""#)
    for index in 0..<message.dataCount { line.append(hexadecimal: message.data(index) ?? 0) }
    line.append(#"""#)
  }
}

extension FixedBytes {
  /// Adds UTF-8 text as the inside of a JSON string.
  mutating func append<let size: Int>(escaped text: FixedBytes<size>) {
    for index in 0..<text.count { append(escaped: text[index]) }
  }

  /// Adds a byte of UTF-8 text as a part of a JSON string.
  mutating func append(escaped byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      append(UInt8(ascii: "\\"))
      append(byte)
    case ..<0x20:
      append(#"\u00"#)
      append(hexadecimal: byte)
    default:
      append(byte)
    }
  }
}
