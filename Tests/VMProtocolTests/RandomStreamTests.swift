import IPMI
import TestSupport
import Testing
import VMProtocol

@Suite struct RandomStreamTests {
  /// The protocol's description applied to one frame that is wholly there.
  static func reference(_ frame: ArraySlice<UInt8>, terminator: UInt8, role: VMRole) -> VMEvent? {
    var raw: [UInt8] = []
    var escaped = false
    for byte in frame {
      if byte == 0xAA {
        escaped = true
      } else {
        raw.append(escaped ? byte & 0xEF : byte)
        escaped = false
      }
    }
    if escaped { return .rejected(.danglingEscape) }
    if raw.isEmpty { return nil }
    if terminator == 0xA1 {
      return .control(VMControl(rawValue: raw[0]), argument: raw.count > 1 ? raw[1] : nil)
    }
    if raw.count < (role == .bmc ? 4 : 5) { return .rejected(.tooShort) }
    if raw.reduce(0, &+) != 0 { return .rejected(.badChecksum) }
    if raw.count > 302 {
      return .rejected(.tooLong(id: raw[0], response: message([raw[1] | 4, raw[2], 0xC6])))
    }
    return .message(id: raw[0], message(Array(raw[1..<raw.count - 1])))
  }

  static func reference(_ stream: [UInt8], role: VMRole) -> [VMEvent] {
    var events: [VMEvent] = []
    var start = 0
    for (index, byte) in stream.enumerated() where byte == 0xA0 || byte == 0xA1 {
      if let event = reference(stream[start..<index], terminator: byte, role: role) {
        events.append(event)
      }
      start = index + 1
    }
    return events
  }

  /// Bytes of which every `rarity`th, on average, means something to the framing.
  static func noise(
    _ count: Int, rarity: Int, using generator: inout SplitMix64
  ) -> [UInt8] {
    (0..<count).map { _ in
      Int.random(in: 0..<rarity, using: &generator) == 0
        ? [0xA0, 0xA1, 0xAA, 0xB0, 0xB1, 0xBA, 0x00].randomElement(using: &generator)!
        : UInt8.random(in: 0...255, using: &generator)
    }
  }

  /// A message of random bytes, a response, long or short.
  static func randomMessage(using generator: inout SplitMix64) -> [UInt8] {
    let count = Int.random(in: 3...([8, 40, 300].randomElement(using: &generator)!))
    return noise(count, rarity: [1, 4, 1_000].randomElement(using: &generator)!, using: &generator)
  }

  @Test(arguments: [VMRole.bmc, .vm], UInt64(1)...4)
  func noiseGivesWhatTheDescriptionSays(role: VMRole, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var chunked = VMDecoder(role: role)
    var single = VMDecoder(role: role)
    for _ in 0..<100 {
      let rarity = [1, 2, 10, 400].randomElement(using: &generator)!
      var stream = Self.noise(2_500, rarity: rarity, using: &generator)
      stream.append(Bool.random(using: &generator) ? 0xA0 : 0xA1)
      let expected = Self.reference(stream, role: role)
      #expect(single.eventsByteByByte(stream) == expected, "seed \(seed)")
      var found: [VMEvent] = []
      var rest = stream[...]
      while !rest.isEmpty {
        let size = Int.random(in: 1...600, using: &generator)
        found += chunked.events(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
      }
      #expect(found == expected, "seed \(seed)")
    }
  }

  @Test(arguments: [VMRole.bmc, .vm], UInt64(11)...12)
  func aGoodFrameBehindATerminatorIsAlwaysDecoded(role: VMRole, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var decoder = VMDecoder(role: role)
    for _ in 0..<2_000 {
      let id = UInt8.random(in: 0...255, using: &generator)
      let bytes = Self.randomMessage(using: &generator)
      let junk = Self.noise(
        Int.random(in: 0...400, using: &generator), rarity: 3, using: &generator)
      let terminator: UInt8 = Bool.random(using: &generator) ? 0xA0 : 0xA1
      let events = decoder.events(junk + [terminator] + wire(id: id, bytes))
      #expect(events.last == .message(id: id, message(bytes)), "seed \(seed)")
    }
  }

  @Test(arguments: [VMRole.bmc, .vm], UInt64(21)...22)
  func damagedFramesGiveWhatTheDescriptionSays(role: VMRole, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var decoder = VMDecoder(role: role)
    for _ in 0..<2_000 {
      var stream = wire(
        id: UInt8.random(in: 0...255, using: &generator),
        Self.randomMessage(using: &generator))
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: stream.remove(at: Int.random(in: stream.indices, using: &generator))
      case 1: stream[Int.random(in: stream.indices, using: &generator)] ^= 0x10
      default: stream += stream.dropFirst(Int.random(in: stream.indices, using: &generator))
      }
      stream.append(0xA1)
      #expect(
        decoder.events(stream) == Self.reference(stream, role: role), "seed \(seed)")
    }
  }
}
