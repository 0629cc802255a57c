import Testing
import VMProtocol

/// A piece of a stream that ends a frame, and the events it must give.
struct StreamCase: Sendable, CustomTestStringConvertible {
  let bytes: [UInt8]
  let events: [VMEvent]
  let testDescription: String

  init(_ testDescription: String, _ bytes: [UInt8], _ events: [VMEvent]) {
    self.testDescription = testDescription
    self.bytes = bytes
    self.events = events
  }
}

/// Feeds every case whole, byte by byte, cut at every place, behind every other one and all in one
/// stream of chunks of 1 to 64 bytes; the events must not depend on it.
func verify(_ cases: [StreamCase], role: VMRole) {
  for one in cases {
    var decoder = VMDecoder(role: role)
    #expect(decoder.events(one.bytes) == one.events, "\(one.testDescription), whole")
    #expect(decoder.eventsByteByByte(one.bytes) == one.events, "\(one.testDescription), by byte")
    for cut in one.bytes.indices {
      let events =
        decoder.events(Array(one.bytes[..<cut])) + decoder.events(Array(one.bytes[cut...]))
      #expect(events == one.events, "\(one.testDescription), cut at \(cut)")
    }
  }
  for first in cases {
    for second in cases {
      var decoder = VMDecoder(role: role)
      #expect(
        decoder.events(first.bytes + second.bytes) == first.events + second.events,
        "\(first.testDescription), then \(second.testDescription)")
    }
  }
  let stream = cases.flatMap(\.bytes)
  let events = cases.flatMap(\.events)
  for size in 1...min(stream.count, 64) {
    var decoder = VMDecoder(role: role)
    var found: [VMEvent] = []
    for start in stride(from: 0, to: stream.count, by: size) {
      found += decoder.events(Array(stream[start..<min(start + size, stream.count)]))
    }
    #expect(found == events, "all, \(size) at a time")
  }
}
