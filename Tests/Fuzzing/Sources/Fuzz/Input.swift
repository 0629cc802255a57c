import IPMI

/// A fuzzer's bytes, read as operations and what they need; 0 once they are at their end.
struct Input {
  let all: [UInt8]
  private var offset = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    all = unsafe Array(bytes)
  }

  var isAtEnd: Bool { offset >= all.count }

  mutating func byte() -> UInt8 {
    guard !isAtEnd else { return 0 }
    defer { offset += 1 }
    return all[offset]
  }

  mutating func bool() -> Bool { byte() & 1 != 0 }

  /// A number below `limit`, which is at most 256.
  mutating func number(below limit: Int) -> Int { Int(byte()) % limit }

  mutating func word() -> UInt64 {
    (0..<8).reduce(0) { value, _ in value << 8 | UInt64(byte()) }
  }

  /// Nanoseconds: from 32 to nine minutes, each magnitude as likely.
  mutating func duration() -> UInt64 {
    let draw = byte()
    return (1 + UInt64(draw & 7)) << (5 + UInt64(draw >> 3))
  }

  /// As many bytes as the next one says, and there are.
  mutating func block(atMost limit: Int = 255) -> [UInt8] {
    let count = min(Int(byte()), limit, all.count - offset)
    defer { offset += count }
    return Array(all[offset..<offset + count])
  }

  /// A request of `2...longest` bytes, patterned by a byte so that it takes few to say.
  mutating func request(longest: Int) -> Message {
    let length = 2 + (Int(byte()) << 1 | Int(byte() & 1)) % (longest - 1)
    let seed = byte()
    var bytes: FixedBytes<300> = [UInt8(seed & 0x3F) << 3, seed]
    while bytes.count < length { bytes.append(seed &+ UInt8(truncatingIfNeeded: bytes.count &* 7)) }
    return Message(bytes)!
  }
}

/// An invariant: what does not hold is a finding. Optimised code would not say why a precondition
/// failed.
func require(
  _ holds: @autoclosure () -> Bool, _ reason: StaticString, file: StaticString = #fileID,
  line: UInt = #line
) {
  if !holds() { fatalError("\(reason)", file: file, line: line) }
}

/// What the BMCs here answer: what the request says, as far as it fits `capacity`.
func echo(_ request: Message, capacity: Int = 300) -> Message {
  var response = Message(respondingTo: request)
  for index in response.dataCount..<max(request.dataCount, response.dataCount) {
    guard response.count < capacity else { break }
    response.append(request.data(index)! ^ 0x5A)
  }
  return response
}

/// A request whose echo tells it from all before it.
func probe(_ number: UInt8) -> Message {
  var request = Message(Command(NetFn(rawValue: 0x06), 0x01))
  request.append(0xA0)
  request.append(number)
  return request
}

extension FixedBytes {
  var bytes: [UInt8] { (0..<count).map { self[$0] } }
}
