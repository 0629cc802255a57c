import IPMI
import TestSupport
import Testing

@testable import SystemInterfaces

/// What Linux's `kcs_bmc_cdev_ipmi` does with each byte in each phase.
@Suite struct KCSResponderTests {
  typealias Phase = KCSResponder<300>.Phase

  /// A responder and its channel, brought to a phase by the host's accesses.
  struct World {
    var channel = KCSChannel()
    var responder = KCSResponder<300>()

    init(_ phase: Phase) {
      channel.enables = .hostDecode
      switch phase {
      case .idle: break
      case .writeStart: command(0x61)
      case .writeData:
        command(0x61)
        data(0x18)
      case .writeEndCommand:
        self = World(.writeData)
        command(0x62)
      case .writeDone:
        self = World(.writeEndCommand)
        data(0x01)
      case .waitRead:
        self = World(.writeDone)
        _ = responder.takeRequest()
      case .read:
        self = World(.waitRead)
        responder.respond([0x1C, 0x01, 0x00], on: &channel)
        _ = channel.hostReadData()
      case .abortError1: command(0x60)
      case .abortError2:
        command(0x60)
        data(0x00)
      case .error: command(0x44)
      }
    }

    mutating func command(_ byte: UInt8) {
      channel.hostWriteCommand(byte)
      responder.service(&channel)
    }

    mutating func data(_ byte: UInt8) {
      channel.hostWriteData(byte)
      responder.service(&channel)
    }
  }

  /// A phase, a byte, and what follows: phase, S1:S0, ODR if it was written, error code.
  struct Row: CustomTestStringConvertible, Sendable {
    var phase: Phase
    var isCommand: Bool
    var byte: UInt8
    var next: Phase
    var state: KCSState
    var output: UInt8?
    var error: UInt8

    init(
      _ phase: Phase, command byte: UInt8, _ next: Phase, _ state: KCSState, _ output: UInt8?,
      _ error: UInt8
    ) {
      (self.phase, isCommand, self.byte) = (phase, true, byte)
      (self.next, self.state, self.output, self.error) = (next, state, output, error)
    }

    init(
      _ phase: Phase, data byte: UInt8, _ next: Phase, _ state: KCSState, _ output: UInt8?,
      _ error: UInt8
    ) {
      self.init(phase, command: byte, next, state, output, error)
      isCommand = false
    }

    var testDescription: String {
      "\(phase), \(isCommand ? "command" : "data") \(String(byte, radix: 16))"
    }
  }

  static let phases: [Phase] = [
    .idle, .writeStart, .writeData, .writeEndCommand, .writeDone, .waitRead, .read, .abortError1,
    .abortError2, .error,
  ]

  /// The error code a phase starts with: what was recorded on the way there.
  static func error(in phase: Phase) -> UInt8 {
    switch phase {
    case .abortError1, .abortError2: 0x01
    case .error: 0x02
    default: 0x00
    }
  }

  static let rows: [Row] =
    phases.map { Row($0, command: 0x61, .writeStart, .write, 0, 0x00) }
    + phases.map { Row($0, command: 0x44, .error, .error, 0, 0x02) }
    + phases.map {
      // The code of an earlier error survives a second GET_STATUS/ABORT.
      Row($0, command: 0x60, .abortError1, .write, 0, max(error(in: $0), 0x01))
    }
    + phases.map {
      $0 == .writeData
        ? Row($0, command: 0x62, .writeEndCommand, .write, 0, 0x00)
        : Row($0, command: 0x62, .error, .error, 0, error(in: $0))
    }
    + [
      Row(.idle, data: 0x12, .error, .error, 0, 0x00),
      Row(.writeStart, data: 0x12, .writeData, .write, 0, 0x00),
      Row(.writeData, data: 0x12, .writeData, .write, 0, 0x00),
      Row(.writeEndCommand, data: 0x12, .writeDone, .read, nil, 0x00),
      Row(.writeDone, data: 0x12, .error, .error, 0, 0x00),
      Row(.waitRead, data: 0x12, .error, .error, 0, 0x00),
      Row(.read, data: 0x68, .read, .read, 0x01, 0x00),
      // The phase stays, so that a READ that follows is served.
      Row(.read, data: 0x12, .read, .error, 0, 0x00),
      Row(.abortError1, data: 0x12, .abortError2, .read, 0x01, 0x01),
      Row(.abortError2, data: 0x12, .idle, .idle, 0, 0x01),
      Row(.error, data: 0x12, .error, .error, 0, 0x02),
    ]

  @Test(arguments: rows) func everyByteInEveryPhase(row: Row) {
    var world = World(row.phase)
    #expect(world.responder.phase == row.phase)
    // An ODR that no row writes tells whether it was written.
    world.channel.bmcWriteData(0xEE)
    _ = world.channel.hostReadData()
    if row.isCommand { world.command(row.byte) } else { world.data(row.byte) }
    #expect(world.responder.phase == row.next)
    #expect(world.channel.str.state == row.state)
    #expect(world.channel.odr == row.output ?? 0xEE)
    #expect(world.channel.str.contains(.outputBufferFull) == (row.output != nil))
    #expect(!world.channel.str.contains(.inputBufferFull))
    #expect(world.responder.errorCode.rawValue == row.error)
  }

  /// The state stays ERROR while the rest is read, and becomes IDLE at the end.
  @Test func aREADAfterAWrongByteIsServedInTheErrorState() {
    var world = World(.read)
    world.data(0x12)
    #expect(world.channel.hostReadData() == 0)
    for expected in [0x01, 0x00] as [UInt8] {
      world.data(KCSControl.read)
      #expect(world.channel.str.state == .error)
      #expect(world.channel.str.contains(.outputBufferFull))
      #expect(world.channel.hostReadData() == expected)
    }
    world.data(KCSControl.read)
    #expect(world.channel.str == .outputBufferFull, "IDLE, and the dummy byte")
    #expect(world.responder.phase == .idle)
  }

  @Test func withoutIBFTheInterruptIsSomeoneElses() {
    for phase in Self.phases {
      var world = World(phase)
      let before = world.channel
      let accepted = world.responder.service(&world.channel)
      #expect(!accepted)
      #expect(world.channel == before)
    }
  }

  /// Linux's limit is 1000 bytes: the 1001st is refused with 06h.
  @Test func anOverlongRequestIsALengthError() {
    for isLast in [false, true] {
      var channel = KCSChannel()
      channel.enables = .hostDecode
      var responder = KCSResponder<1000>()
      channel.hostWriteCommand(0x61)
      responder.service(&channel)
      for byte in 0..<1000 {
        channel.hostWriteData(UInt8(truncatingIfNeeded: byte))
        responder.service(&channel)
        #expect(channel.str.state == .write)
      }
      if isLast {
        channel.hostWriteCommand(0x62)
        responder.service(&channel)
      }
      channel.hostWriteData(0xFF)
      responder.service(&channel)
      #expect(channel.str.state == .error)
      #expect(responder.errorCode == .length)
      let request = responder.takeRequest()
      #expect(request == nil)
      channel.hostWriteCommand(0x60)
      responder.service(&channel)
      channel.hostWriteData(0)
      responder.service(&channel)
      #expect(channel.hostReadData() == 0x06)
    }
  }

  @Test func aRequestIsTakenOnce() {
    var world = World(.writeDone)
    let taken = [world.responder.takeRequest(), world.responder.takeRequest()]
    #expect(taken == [[0x18, 0x01], nil])
  }

  @Test(arguments: [0, 1, 2]) func aResponseTooShortIsRefused(count: Int) {
    var world = World(.waitRead)
    let before = world.channel
    let bytes = [UInt8](repeating: 0, count: count)
    let accepted = world.responder.respond(FixedBytes(bytes.span)!, on: &world.channel)
    #expect(!accepted)
    #expect(world.channel == before)
  }

  @Test func aResponseIsRefusedInEveryOtherPhase() {
    for phase in Self.phases where phase != .waitRead {
      var world = World(phase)
      let accepted = world.responder.respond([0x1C, 0x01, 0x00], on: &world.channel)
      #expect(!accepted)
    }
  }

  @Test func attentionChangesOneBitAndNothingElse() {
    for phase in Self.phases {
      for isSet in [true, false, true] {
        var world = World(phase)
        let before = world.channel.str
        world.responder.setAttention(isSet, on: &world.channel)
        #expect(world.channel.str == (isSet ? before.union(.smsAttention) : before))
        world.responder.setAttention(false, on: &world.channel)
        #expect(world.channel.str == before)
      }
    }
  }

  /// Any byte at any time, and then a transaction: the link is never stuck.
  @Test func randomBytesNeverBlockTheChannel() {
    var random = SplitMix64(seed: 0x4B43_53)
    var world = World(.idle)
    for round in 0..<20_000 {
      for _ in 0..<50 {
        let draw = random.next()
        let byte =
          draw & 1 == 0
          ? UInt8(truncatingIfNeeded: draw >> 8) : [0x60, 0x61, 0x62, 0x68][Int(draw >> 8 & 3)]
        if draw & 2 == 0 { world.command(byte) } else { world.data(byte) }
        if draw & 4 == 0 { _ = world.responder.takeRequest() }
        if draw & 8 == 0 {
          world.responder.respond([0x1C, byte, 0x00], on: &world.channel)
        }
      }
      var pair = KCSPair()
      pair.channel = world.channel
      pair.responder = world.responder
      #expect(pair.transact(.pattern(4))?.count == 5, "round \(round), \(random)")
      world.channel = pair.channel
      world.responder = pair.responder
    }
  }
}
