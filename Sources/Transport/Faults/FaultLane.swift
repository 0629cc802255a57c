import IPMI
import VMProtocol

/// One direction of a link: bytes in, frames that are held until they are due, bytes out.
struct FaultLane {
  private var decoder: VMDecoder
  /// The frame so far, as it was sent.
  private var raw: [UInt8] = []
  private var held: [(due: UInt64, frame: [UInt8])] = []
  private var output: [UInt8] = []

  /// - Parameter role: The end that receives.
  init(_ role: VMRole) { decoder = VMDecoder(role: role) }

  /// The frames that are held back.
  var heldCount: Int { held.count }
  /// When the next of them is due.
  var deadline: UInt64? { held.first?.due }

  /// Takes a byte; what the frame was that it ends, and its bytes. What no receiver has room for passes
  /// as it comes.
  mutating func feed(_ byte: UInt8, _ now: UInt64) -> (VMEvent, frame: [UInt8])? {
    raw.append(byte)
    let event = decoder.feed(byte)
    let ends = byte == 0xA0 || byte == 0xA1
    guard ends || raw.count > VMFrame.encodedCapacity else { return nil }
    defer { raw.removeAll(keepingCapacity: true) }
    guard let event else {
      // A part of a frame that is too long, or an empty one.
      hold(raw, until: now, at: now)
      return nil
    }
    return (event, raw)
  }

  /// Passes a control command, which overtakes what is held.
  mutating func pass(_ frame: [UInt8]) { output += frame }

  /// Passes a frame when it is due, and no earlier than the one before.
  mutating func hold(_ frame: [UInt8], until due: UInt64, at now: UInt64) {
    let due = max(due, held.last?.due ?? 0)
    if held.isEmpty, due <= now { output += frame } else { held.append((due, frame)) }
  }

  /// Sends a command of its own.
  mutating func send(_ control: VMControl) {
    var bytes = VMOutput<8>()
    _ = bytes.append(control: control)
    var chunk = FixedBytes<8>()
    bytes.copy(into: &chunk)
    for index in 0..<chunk.count { output.append(chunk[index]) }
  }

  mutating func advance(to now: UInt64) {
    let count = held.prefix { $0.due <= now }.count
    guard count > 0 else { return }
    for (_, frame) in held.prefix(count) { output += frame }
    held.removeFirst(count)
  }

  mutating func takeOutput() -> [UInt8] {
    defer { output = [] }
    return output
  }

  // MARK: Frames

  /// The frame of a message.
  static func frame(_ message: Message, id: UInt8) -> [UInt8] {
    var output = VMOutput<700>()
    _ = output.append(id: id, message: message)
    var chunk = FixedBytes<700>()
    output.copy(into: &chunk)
    return (0..<chunk.count).map { chunk[$0] }
  }

  /// Changes one bit of a frame, so that its sum is wrong and it is a frame still.
  static func damage(_ frame: inout [UInt8], _ random: UInt64) {
    let count = frame.count - 1
    for step in 0..<count * 8 {
      let place = Int((random &+ UInt64(step)) % UInt64(count * 8))
      let (index, bit) = (place / 8, UInt8(1) << UInt8(place % 8))
      // Neither an escape nor what one has changed.
      guard frame[index] != 0xAA, index == 0 || frame[index - 1] != 0xAA else { continue }
      let changed = frame[index] ^ bit
      guard ![0xA0, 0xA1, 0xAA].contains(changed) else { continue }
      frame[index] = changed
      return
    }
  }
}
