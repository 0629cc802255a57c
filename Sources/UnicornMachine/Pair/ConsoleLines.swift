import IPMI

/// What both consoles print, line by line.
struct ConsoleLines {
  private var partial: [[UInt8]] = [[], []]
  private var complete: [(Side, [UInt8])] = []

  /// Adds what `side` has printed, in any chunks.
  mutating func add(_ bytes: [UInt8], of side: Side) {
    let index = side == .bmc ? 0 : 1
    for byte in bytes {
      switch byte {
      case 0x0A:
        complete.append((side, partial[index]))
        partial[index].removeAll(keepingCapacity: true)
      case 0x0D: break
      // Without an end a line is no line: a console that prints no end takes no room.
      default: if partial[index].count < 4096 { partial[index].append(byte) }
      }
    }
  }

  /// Takes the first complete line.
  mutating func next() -> (Side, [UInt8])? {
    complete.isEmpty ? nil : complete.removeFirst()
  }
}

/// The bytes of a message.
func bytes(of message: Message) -> [UInt8] {
  (0..<message.count).map { message.bytes[$0] }
}

/// A line about a transaction, such as `06 01 Get Device ID -> 00: 20 01 00`, as a console would
/// print it.
func conversation(_ request: Message, _ response: Message?) -> [UInt8] {
  func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { hexadecimal(UInt64($0), digits: 2) }.joined(separator: " ")
  }
  let data = bytes(of: request).dropFirst(2)
  var text = hex([request.netFn.rawValue, request.command.code] + data)
  if let name = request.command.name { text += " \(name)" }
  text += " -> "
  if let response {
    let answer = bytes(of: response).dropFirst(2)
    text += hex(answer.prefix(1))
    if answer.count > 1 { text += ": " + hex(answer.dropFirst()) }
  } else {
    text += "no response"
  }
  return Array((text + "\n").utf8)
}
