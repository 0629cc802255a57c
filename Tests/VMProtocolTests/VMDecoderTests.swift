import IPMI
import Testing
import VMProtocol

@Suite struct VMDecoderTests {
  /// Id and first byte of NetFn have bit 4 set, which a lost escape flag would clear.
  static let goodWire = wire(id: 0x1F, hex("1C 01 00"))
  static let goodEvent = VMEvent.message(id: 0x1F, message(hex("1C 01 00")))

  static let damaged: [StreamCase] = [
    StreamCase("empty", hex("A0 A1 A0 A0 A1"), []),
    StreamCase("one byte", hex("00 A0"), [.rejected(.tooShort)]),
    StreamCase("three bytes", hex("00 00 00 A0"), [.rejected(.tooShort)]),
    StreamCase("checksum one off", hex("00 18 01 00 E8 A0"), [.rejected(.badChecksum)]),
    StreamCase("only an escape", hex("AA A0"), [.rejected(.danglingEscape)]),
    StreamCase("escape before A0", hex("1F 1C 01 00 C4 AA A0"), [.rejected(.danglingEscape)]),
    StreamCase("escape before A1", hex("05 AA A1"), [.rejected(.danglingEscape)]),
    StreamCase("two escapes before A1", hex("AA AA A1"), [.rejected(.danglingEscape)]),
    StreamCase("too long and damaged", wire(raw: damagedRaw), [.rejected(.badChecksum)]),
    StreamCase(
      "too long, escape before A0", wire(raw: damagedRaw).dropLast() + hex("AA A0"),
      [.rejected(.danglingEscape)]),
    StreamCase(
      "too long", wire(id: 0x1F, hex("1C 2E") + tooMuch),
      [.rejected(.tooLong(id: 0x1F, response: message(hex("1C 2E C6"))))]),
    StreamCase("good", goodWire, [goodEvent]),
    StreamCase("unknown control", hex("7F 01 A1"), [.control(.init(rawValue: 0x7F), argument: 1)]),
  ]
  static let tooMuch = [UInt8](repeating: 0xAA, count: 299)
  static let damagedRaw = [UInt8](repeating: 0xA0, count: 303)

  @Test(arguments: [VMRole.bmc, .vm])
  func damagedFramesAreRejectedAndCostNoOther(role: VMRole) {
    verify(Self.damaged, role: role)
  }

  @Test func aResponseNeedsACompletionCodeAndARequestDoesNot() {
    let bytes = wire(id: 3, hex("18 01"))
    var bmc = VMDecoder(role: .bmc)
    #expect(bmc.events(bytes) == [.message(id: 3, Message(.getDeviceID))])
    var vm = VMDecoder(role: .vm)
    #expect(vm.events(bytes) == [.rejected(.tooShort)])
  }

  @Test(arguments: hex("00 A0 A1 AA"), hex("10 A0 A1 AA"))
  func everyLengthSurvivesTheWire(id: UInt8, content: UInt8) {
    var bmc = VMDecoder(role: .bmc)
    var vm = VMDecoder(role: .vm)
    for count in Message.minimumLength...Message.capacity {
      let bytes = [UInt8](repeating: content, count: count)
      let frame = wire(id: id, bytes)
      let event = VMEvent.message(id: id, message(bytes))
      #expect(encoded([event]) == frame)
      #expect(bmc.events(frame) == [event])
      #expect(vm.eventsByteByByte(frame) == [count == 2 ? .rejected(.tooShort) : event])
    }
  }

  @Test(arguments: [VMRole.bmc, .vm], hex("00 A0 AA FF"))
  func moreThanAMessageIsAnsweredOnlyWithAGoodChecksum(role: VMRole, content: UInt8) {
    var decoder = VMDecoder(role: role)
    let response = message(hex("1E A0 C6"))
    for count in Array(301...320) + [1_000, 4_096, 65_536, 65_537] {
      let head: [UInt8] = role == .bmc ? [0x1A, 0xA0] : [0x1E, 0xA0]
      let bytes = head + [UInt8](repeating: content, count: count - 2)
      var frame = wire(id: 0xAA, bytes)
      #expect(decoder.events(frame) == [.rejected(.tooLong(id: 0xAA, response: response))])
      // A byte that was not stored, and not an escaped one.
      frame.insert(0x01, at: frame.count - 3)
      #expect(decoder.events(frame) == [.rejected(.badChecksum)])
      #expect(decoder.events(Self.goodWire) == [Self.goodEvent])
    }
  }

  @Test func everyChecksumSurvivesTheWire() {
    var decoder = VMDecoder(role: .bmc)
    for data in UInt8.min...UInt8.max {
      let event = VMEvent.message(id: 0, message([0x18, 0x2E, data]))
      #expect(decoder.events(wire(id: 0, [0x18, 0x2E, data])) == [event])
      #expect(encoded([event]) == wire(id: 0, [0x18, 0x2E, data]))
    }
  }

  @Test func everySingleBitErrorOfAFrameIsNoticed() {
    // A flip that makes or unmakes a terminator or escape changes the frame's limits instead.
    for index in Self.goodWire.indices.dropLast() {
      for bit in 0..<8 {
        var frame = Self.goodWire
        frame[index] ^= 1 << UInt8(bit)
        if [0xA0, 0xA1, 0xAA].contains(frame[index]) { continue }
        var decoder = VMDecoder(role: .vm)
        #expect(decoder.events(frame) == [.rejected(.badChecksum)])
      }
    }
  }

  @Test func anEscapeClearsBit4OfWhateverFollows() {
    for byte in UInt8.min...UInt8.max where ![0xA0, 0xA1, 0xAA].contains(byte) {
      let id = byte & 0xEF
      let rest = wire(raw: [0x1C, 0x01, 0x00, 0 &- (id &+ 0x1D)])
      var decoder = VMDecoder(role: .vm)
      #expect(
        decoder.events([0xAA, byte] + rest) == [.message(id: id, message(hex("1C 01 00")))])
    }
  }

  @Test(arguments: 1...5) func escapesInARowAreOne(count: Int) {
    let escapes = [UInt8](repeating: 0xAA, count: count)
    var decoder = VMDecoder(role: .vm)
    let rest = wire(raw: [0x1C, 0x01, 0x00, 0 &- (0x4F &+ 0x1D)])
    #expect(
      decoder.events(escapes + [0x5F] + rest) == [.message(id: 0x4F, message(hex("1C 01 00")))])
  }

  @Test func anEscapeEndsWithTheFrameItIsIn() {
    for terminator in [UInt8(0xA0), 0xA1] {
      for id in UInt8.min...UInt8.max {
        var decoder = VMDecoder(role: .vm)
        let bytes = [0x42, 0xAA, terminator] + wire(id: id, hex("1C 01 00"))
        #expect(
          decoder.events(bytes) == [
            .rejected(.danglingEscape), .message(id: id, message(hex("1C 01 00"))),
          ])
      }
    }
  }

  @Test func aNewConnectionInheritsNothing() {
    let long = wire(id: 0, [UInt8](repeating: 0xAA, count: 400))
    for old in [wire(id: 0xAA, hex("1C 01 00")), long] {
      for cut in old.indices {
        var decoder = VMDecoder(role: .vm)
        #expect(decoder.events(Array(old[..<cut])) == [])
        decoder.reset()
        #expect(decoder.events(Self.goodWire) == [Self.goodEvent])
      }
    }
  }

  @Test func aStreamWithoutTerminatorTakesNoMemory() {
    // The decoder is a value without references: what it holds is its size.
    #expect(_isPOD(VMDecoder.self))
    #expect(MemoryLayout<VMDecoder>.size < VMFrame.capacity + 32)
    var decoder = VMDecoder(role: .bmc)
    let chunk = [UInt8](repeating: 0x5A, count: 1 << 16)
    for _ in 0..<16 { #expect(decoder.events(chunk) == []) }
    #expect(decoder.events(hex("A1")) == [.control(.init(rawValue: 0x5A), argument: 0x5A)])
    #expect(decoder.events(Self.goodWire) == [Self.goodEvent])
  }
}
