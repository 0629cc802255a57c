import CMeasure
import IPMI
import VMProtocol

/// Decoding and encoding beside a loop that copies as many bytes and adds them up, as a checksum
/// does.
func measureCodec() {
  // Responses to Get Device ID, about 20 bytes on the wire, and full messages of 300.
  measureCodec(payload: 15, decoding: "decode.short", encoding: "encode.short")
  measureCodec(payload: 298, decoding: "decode.long", encoding: "encode.long")
}

private func measureCodec(
  payload: Int, decoding: StaticString, encoding: StaticString
) {
  var message = Message(.getDeviceID)
  for index in 0..<payload { message.append(UInt8(truncatingIfNeeded: index &* 7)) }
  var stream: [UInt8] = []
  var frames = 0
  var output = VMOutput<2048>()
  while stream.count < 60_000 {
    _ = output.append(id: UInt8(truncatingIfNeeded: stream.count), message: message)
    frames += 1
    var chunk = FixedBytes<512>()
    while !output.isEmpty {
      output.copy(into: &chunk)
      for index in 0..<chunk.count { stream.append(chunk[index]) }
      output.removeFirst(chunk.count)
    }
  }
  var copy = [UInt8](repeating: 0, count: stream.count)
  var sum: UInt8 = 0
  func floor() {
    unsafe stream.withUnsafeBufferPointer { source in
      unsafe copy.withUnsafeMutableBufferPointer { destination in
        sum &+= unsafe cmeasure_copy(
          destination.baseAddress!, source.baseAddress!, source.count)
      }
    }
  }

  var decoder = VMDecoder(role: .bmc)
  var messages = 0
  var first = 0
  while let event = decoder.feed(stream.span, from: &first) {
    if case .message(_, let decoded) = event, decoded == message { messages += 1 }
  }
  precondition(messages == frames)

  Comparison.measure(decoding, operations: stream.count) {
    var offset = 0
    while let event = decoder.feed(stream.span, from: &offset) {
      if case .message = event { messages += 1 }
    }
  } floor: {
    floor()
  }

  Comparison.measure(encoding, operations: stream.count) {
    for index in 0..<frames {
      _ = output.append(id: UInt8(truncatingIfNeeded: index), message: message)
      output.removeAll()
    }
  } floor: {
    floor()
  }
}
