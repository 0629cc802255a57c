import IPMI
import VMProtocol

/// The bytes that `text` lists in hexadecimal.
func hex(_ text: String) -> [UInt8] {
  text.split(separator: " ").map { UInt8($0, radix: 16)! }
}

/// A message of the listed bytes.
func message(_ bytes: [UInt8]) -> Message {
  Message(bytes.span)!
}

/// A frame as the protocol's description has it, written without a look at the module under test.
func wire(raw: [UInt8], terminator: UInt8 = 0xA0) -> [UInt8] {
  raw.flatMap { [0xA0, 0xA1, 0xAA].contains($0) ? [0xAA, $0 | 0x10] : [$0] } + [terminator]
}

/// A message frame: id, bytes and the checksum that makes the sum 0.
func wire(id: UInt8, _ bytes: [UInt8]) -> [UInt8] {
  let content = [id] + bytes
  return wire(raw: content + [0 &- content.reduce(0, &+)])
}

/// The frame that an event came from, as `VMOutput` encodes it.
func encoded(_ events: [VMEvent]) -> [UInt8] {
  var output = VMOutput<4096>()
  for event in events {
    let fits =
      switch event {
      case .message(let id, let message): output.append(id: id, message: message)
      case .control(let control, let argument): output.append(control: control, argument: argument)
      case .rejected: false
      }
    precondition(fits)
  }
  return contents(of: output)
}

/// All bytes that `output` holds, in as many chunks as it takes.
func contents<let capacity: Int>(of output: VMOutput<capacity>) -> [UInt8] {
  var output = output
  var bytes: [UInt8] = []
  var chunk = FixedBytes<100>()
  while !output.isEmpty {
    output.copy(into: &chunk)
    for index in 0..<chunk.count { bytes.append(chunk[index]) }
    output.removeFirst(chunk.count)
  }
  return bytes
}

extension VMDecoder {
  /// The events of `bytes`, fed one at a time.
  mutating func eventsByteByByte(_ bytes: [UInt8]) -> [VMEvent] {
    bytes.compactMap { feed($0) }
  }

  /// The events of `bytes`, fed as one chunk.
  mutating func events(_ bytes: [UInt8]) -> [VMEvent] {
    var events: [VMEvent] = []
    var offset = 0
    while let event = feed(bytes.span, from: &offset) { events.append(event) }
    return events
  }
}
