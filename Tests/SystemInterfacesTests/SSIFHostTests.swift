import IPMI
import TestSupport
import Testing

@testable import SystemInterfaces

/// A bus whose every transfer is written down, to a BMC that is told what to do.
struct ScriptedBus: SMBusController {
  var alert = false
  /// Writes, in order; a write that is refused, too.
  var writes: [(command: UInt8, block: [UInt8], withPEC: Bool, time: UInt64)] = []
  /// Command codes of reads, and when.
  var reads: [(command: UInt8, time: UInt64)] = []
  /// Whether a write is acknowledged.
  var accepts: (_ command: UInt8, _ block: [UInt8]) -> Bool = { _, _ in true }
  /// What the reads return, in order; after the last one nothing.
  var blocks: [[UInt8]?] = []

  mutating func alertResponse() -> UInt8? {
    defer { alert = false }
    return alert ? 0x20 : nil
  }

  mutating func writeBlock(
    _ command: UInt8, _ block: SMBusBlock, withPEC: Bool, now: UInt64
  ) -> Bool {
    writes.append((command, Array(block), withPEC, now))
    return accepts(command, Array(block))
  }

  mutating func readBlock(_ command: UInt8, withPEC: Bool, now: UInt64) -> SMBusBlock? {
    reads.append((command, now))
    guard !blocks.isEmpty else { return nil }
    return blocks.removeFirst().map { SMBusBlock($0.span)! }
  }

  /// The response to Get System Interface Capabilities.
  static func capabilities(
    _ flags: UInt8 = 0x80, input: UInt8 = 0xFF, output: UInt8 = 0xFF
  ) -> [UInt8] { [0x1C, 0x57, 0x00, 0x00, flags, input, output] }
}

@Suite struct SSIFHostTests {
  /// Runs `host` to the end of its transaction, with time as it asks.
  private func run(_ host: inout SSIFHost, _ bus: inout ScriptedBus, now: inout UInt64) -> HostEvent
  {
    for _ in 0..<3000 {
      let event = host.event(on: &bus, now: now)
      if event == .progressed { continue }
      guard case .waiting(let end) = event else { return event }
      #expect(end > now)
      now = end
    }
    Issue.record("the transaction does not end")
    return .idle
  }

  private func run(_ host: inout SSIFHost, _ bus: inout ScriptedBus) -> HostEvent {
    var now: UInt64 = 0
    return run(&host, &bus, now: &now)
  }

  /// A host that has asked a BMC of these capabilities, and knows how a request ends.
  private func asked(
    _ capabilities: [UInt8] = ScriptedBus.capabilities(), end: SSIFHost.RequestEnd? = nil
  ) -> SSIFHost {
    var host = SSIFHost()
    var bus = ScriptedBus()
    bus.blocks = [capabilities]
    switch end {
    case .endCommand: bus.blocks += [[0x1C, 0x01, 0xC7]]
    case .shortMiddle:
      bus.accepts = { command, _ in command != 0x08 }
      bus.blocks += [[0x1C, 0x01, 0xC7]]
    case .nonemptyMiddle:
      bus.accepts = { command, block in command != 0x08 && !block.isEmpty }
    case nil: break
    }
    host.start(end == nil ? Message(.getDeviceID) : .pattern(33))
    bus.blocks.append([0x1C, 0x01, 0x00])
    let event = run(&host, &bus)
    #expect(event == .complete && host.requestEnd == end)
    return host
  }

  // MARK: What is asked first

  @Test func theFirstRequestIsPrecededByTheQuestion() {
    var host = SSIFHost()
    var bus = ScriptedBus()
    bus.blocks = [ScriptedBus.capabilities(0x88), [0x1C, 0x01, 0x00, 0x20]]
    host.start(Message(.getDeviceID))
    #expect(run(&host, &bus) == .complete)
    #expect(bus.writes.map(\.block) == [[0x18, 0x57, 0x00], [0x18, 0x01]])
    #expect(bus.writes.map(\.command) == [0x02, 0x02])
    #expect(bus.writes.map(\.withPEC) == [false, true], "PEC once it is known")
    #expect(host.response.map { Array($0.bytes) } == [0x1C, 0x01, 0x00, 0x20])
    bus.blocks = [[0x1C, 0x01, 0x00]]
    host.start(Message(.getDeviceID))
    #expect(run(&host, &bus) == .complete)
    #expect(bus.writes.count == 3, "asked once")
  }

  @Test(
    arguments: [
      [0x1C, 0x57, 0xC1], [0x1C, 0x57, 0x00, 0x00, 0x80, 0xFF],
      [0x1C, 0x57, 0x00, 0x00, 0xC0, 0xFF, 0xFF],
    ] as [[UInt8]])
  func aBMCThatDoesNotSayHasOnePart(answer: [UInt8]) {
    var host = asked(answer)
    #expect(host.capabilities == SSIFCapabilities())
    var bus = ScriptedBus()
    bus.blocks = [[0x1C, 0x01, 0x00]]
    host.start(.pattern(33))
    #expect(run(&host, &bus) == .complete)
    #expect(host.response.map { Array($0.bytes) } == [0x1C, 0x01, 0xC8])
    #expect(bus.writes.isEmpty)
    host.start(.pattern(32))
    #expect(run(&host, &bus) == .complete)
    #expect(bus.writes.map(\.command) == [0x02])
  }

  /// What QEMU says; what it would mean with fewer parts; and sizes beyond what the parts can hold.
  @Test func theCapabilitiesAreCutToWhatIsPossible() throws {
    func capabilities(_ flags: UInt8, _ input: UInt8, _ output: UInt8) throws -> SSIFCapabilities {
      let bytes = ScriptedBus.capabilities(flags, input: input, output: output)
      return try #require(SSIFCapabilities(Message(bytes.span)!))
    }
    let many = try capabilities(0x80, 0xFF, 0xFF)
    #expect(many.transactions == .manyParts && !many.supportsPEC)
    #expect(many.requestCapacity == 255 && many.responseCapacity == 255)
    let two = try capabilities(0x48, 0xFF, 0xFF)
    #expect(two.transactions == .twoParts && two.supportsPEC)
    #expect(two.requestCapacity == 63 && two.responseCapacity == 62)
    let one = try capabilities(0x00, 0xFF, 20)
    #expect(one.requestCapacity == 32 && one.responseCapacity == 20)
  }

  @Test func theCapabilitiesOfTheTargetAreItsOwn() {
    var response = Message(respondingTo: SSIFCapabilities.request)
    SSIFCapabilities.target.append(to: &response)
    #expect(Array(response.bytes) == [0x1C, 0x57, 0x00, 0x00, 0x88, 0xFE, 0xFE])
    #expect(SSIFCapabilities(response) == .target)
  }

  // MARK: How a request ends

  @Test func theTestOfHowARequestEnds() {
    var host = SSIFHost()
    var bus = ScriptedBus()
    bus.accepts = { command, block in command != 0x08 && !block.isEmpty }
    bus.blocks = [ScriptedBus.capabilities(), [0x1C, 0x01, 0x00]]
    host.start(.pattern(63))
    #expect(run(&host, &bus) == .complete)
    #expect(host.requestEnd == .nonemptyMiddle)
    let commands = bus.writes.map(\.command)
    let tries = Array(repeating: [0x06, 0x07, 0x08] as [UInt8], count: 5)
    let empty = Array(repeating: [0x06, 0x07, 0x07] as [UInt8], count: 5)
    #expect(commands == [0x02] + tries.joined() + empty.joined() + [0x06, 0x07])
    #expect(bus.writes[1..<4].map(\.block.count) == [32, 32, 1])
    #expect(bus.writes[16..<19].map(\.block.count) == [32, 32, 0])
    #expect(bus.writes.suffix(2).map(\.block.count) == [32, 31])
  }

  @Test func aBMCOfTwoPartsIsTestedWithTwo() {
    var host = SSIFHost()
    var bus = ScriptedBus()
    bus.accepts = { command, _ in command != 0x08 }
    bus.blocks = [
      ScriptedBus.capabilities(0x40, input: 63, output: 62), [0x1C, 0x01, 0xC7],
      [0x1C, 0x01, 0x00],
    ]
    host.start(.pattern(63))
    #expect(run(&host, &bus) == .complete)
    #expect(host.requestEnd == .shortMiddle)
    let tries = Array(repeating: [0x06, 0x08] as [UInt8], count: 5)
    #expect(bus.writes.map(\.command) == [0x02] + tries.joined() + [0x06, 0x07, 0x06, 0x07])
    #expect(bus.writes[12].block == [])
  }

  /// The parts of every length, for each way that it can end.
  @Test func thePartsOfEveryLength() {
    for end in [SSIFHost.RequestEnd.endCommand, .shortMiddle, .nonemptyMiddle] {
      let base = asked(end: end)
      for count in 2...255 {
        var host = base
        var bus = ScriptedBus()
        bus.blocks = [[0x1C, 0x01, 0x00]]
        let request = Message.pattern(count)
        host.start(request)
        #expect(run(&host, &bus) == .complete)
        if end == .nonemptyMiddle, count > 63 {
          #expect(host.response?.completionCode == .requestLengthExceeded && bus.writes.isEmpty)
          continue
        }
        #expect(host.response?.completionCode == .success)
        #expect(Array(bus.writes.map(\.block).joined()) == Array(request.bytes))
        let commands = bus.writes.map(\.command)
        let middles = bus.writes.dropFirst().dropLast()
        #expect(middles.allSatisfy { $0.command == 0x07 && $0.block.count == 32 })
        guard count > 32 else {
          #expect(commands == [0x02])
          continue
        }
        #expect(commands.first == 0x06 && bus.writes[0].block.count == 32)
        #expect(commands.last == (end == .endCommand ? 0x08 : 0x07))
        #expect((bus.writes.last?.block.count == 0) == (end == .shortMiddle && count % 32 == 0))
      }
    }
  }

  // MARK: Time

  /// 5 writes, 60 ms apart, each from the start.
  @Test func aWriteThatIsNotAcknowledgedIsTriedFiveTimes() {
    for refused in [0x06, 0x07, 0x08] as [UInt8] {
      var host = asked(end: .endCommand)
      var bus = ScriptedBus()
      bus.accepts = { command, _ in command != refused }
      host.start(.pattern(80))
      #expect(run(&host, &bus) == .failed)
      #expect(host.isIdle && host.response == nil)
      let tries = bus.writes.filter { $0.command == 0x06 }
      #expect(tries.map(\.time) == [0, 60_000_000, 120_000_000, 180_000_000, 240_000_000])
      #expect(bus.reads.isEmpty)
      // The link works afterwards.
      bus.accepts = { _, _ in true }
      bus.blocks = [[0x1C, 0x01, 0x00]]
      host.start(.pattern(80))
      #expect(run(&host, &bus) == .complete)
    }
  }

  @Test func aWriteThatIsAcknowledgedAtLastIsSentOnce() {
    for failures in 1...4 {
      var host = asked()
      var bus = ScriptedBus()
      bus.accepts = { _, _ in false }
      bus.blocks = [[0x1C, 0x01, 0x00]]
      host.start(Message(.getDeviceID))
      var now: UInt64 = 0
      for _ in 0..<failures {
        _ = host.event(on: &bus, now: now)
        guard case .waiting(let end) = host.event(on: &bus, now: now) else { break }
        #expect(end == now + 60_000_000)
        #expect(host.event(on: &bus, now: end - 1) == .waiting(until: end))
        now = end
        _ = host.event(on: &bus, now: now)
      }
      bus.accepts = { _, _ in true }
      #expect(run(&host, &bus, now: &now) == .complete)
      #expect(bus.writes.count == failures + 1)
    }
  }

  /// The first read after 5 ms, 250 in all, 60 ms apart.
  @Test func aResponseThatDoesNotComeIsReadFor250Times() {
    var host = asked()
    var bus = ScriptedBus()
    host.start(Message(.getDeviceID))
    #expect(run(&host, &bus) == .failed)
    #expect(bus.reads.map(\.time) == (0..<250).map { 5_000_000 + $0 * 60_000_000 })
    #expect(bus.reads.allSatisfy { $0.command == 0x03 } && bus.writes.count == 1)
  }

  @Test func aResponseThatComesAtLastIsTaken() {
    for failures in [1, 2, 100, 249] {
      var host = asked()
      var bus = ScriptedBus()
      bus.blocks = Array(repeating: nil, count: failures)
      bus.blocks.append([0x1C, 0x01, 0x00])
      host.start(Message(.getDeviceID))
      #expect(run(&host, &bus) == .complete)
      #expect(bus.reads.count == failures + 1)
    }
  }

  @Test func theAlertMakesTheHostReadAtOnce() {
    var host = asked()
    var bus = ScriptedBus()
    bus.blocks = [nil, [0x1C, 0x01, 0x00]]
    host.start(Message(.getDeviceID))
    _ = host.event(on: &bus, now: 0)
    #expect(host.event(on: &bus, now: 0) == .waiting(until: 5_000_000))
    bus.alert = true
    #expect(host.event(on: &bus, now: 1) == .progressed)
    #expect(!bus.alert && bus.reads.isEmpty)
    #expect(host.event(on: &bus, now: 1) == .progressed)
    // It was another one's: back to waiting.
    #expect(bus.reads.map(\.time) == [1])
    #expect(host.event(on: &bus, now: 2) == .waiting(until: 60_000_001))
    bus.alert = true
    #expect(host.event(on: &bus, now: 3) == .progressed)
    #expect(host.event(on: &bus, now: 3) == .complete)
  }

  @Test func theAlertOfAnIdleLinkIsAttentionOnce() {
    var host = SSIFHost()
    var bus = ScriptedBus()
    #expect(host.event(on: &bus, now: 0) == .idle)
    bus.alert = true
    #expect(host.event(on: &bus, now: 0) == .attention)
    #expect(host.event(on: &bus, now: 0) == .idle)
  }

  // MARK: Wrong answers

  private static let parts: [[UInt8]] = {
    let bytes = [0x1C, 0x01, 0x00] + (3..<110).map { UInt8($0) }
    return [
      [0x00, 0x01] + bytes[..<30], [0] + bytes[30..<61], [1] + bytes[61..<92],
      [0xFF] + bytes[92...],
    ]
  }()

  /// The number of any part but the last is wrong: the response is read again from its start.
  @Test func aPartWithAWrongNumberMakesTheHostReadAgain() {
    for part in 1...2 {
      for number in UInt8.min..<0xFF where number != UInt8(part - 1) {
        var host = asked()
        var bus = ScriptedBus()
        var wrong = Self.parts
        wrong[part][0] = number
        bus.blocks = Array(wrong[...part]) + Self.parts
        host.start(Message(.getDeviceID))
        #expect(run(&host, &bus) == .complete)
        #expect(host.response?.count == 110)
        #expect(
          bus.reads.map(\.command) == [0x03] + Array(repeating: 0x09, count: part)
            + [0x03, 0x09, 0x09, 0x09])
      }
    }
  }

  @Test func aPartInTheMiddleThatIsNotFullMakesTheHostReadAgain() {
    for length in 1..<32 {
      var host = asked()
      var bus = ScriptedBus()
      bus.blocks = [Self.parts[0], Array(Self.parts[1][..<length])] + Self.parts
      host.start(Message(.getDeviceID))
      #expect(run(&host, &bus) == .complete)
      #expect(host.response?.count == 110)
    }
  }

  @Test func aPartThatIsNotAcknowledgedMakesTheHostReadAgain() {
    for part in 1...3 {
      var host = asked()
      var bus = ScriptedBus()
      bus.blocks = Array(Self.parts[..<part])
      bus.blocks += [nil] + Self.parts
      host.start(Message(.getDeviceID))
      #expect(run(&host, &bus) == .complete)
      #expect(host.response?.count == 110)
    }
  }

  /// Parts without an end: never more than fits.
  @Test func aResponseWithoutEndIsGivenUp() {
    var host = asked()
    var bus = ScriptedBus()
    let endless = [Self.parts[0]] + (0..<20).map { [UInt8($0)] + [UInt8](repeating: 0, count: 31) }
    bus.blocks = Array(Array(repeating: endless, count: 250).joined())
    host.start(Message(.getDeviceID))
    #expect(run(&host, &bus) == .failed)
    bus.blocks = Self.parts
    host.start(Message(.getDeviceID))
    #expect(run(&host, &bus) == .complete)
  }

  /// Another command's, a request, one without a completion code, an empty block.
  @Test(
    arguments: [
      [0x1C, 0x02, 0x00], [0x18, 0x01, 0x00], [0x20, 0x01, 0x00], [0x1C, 0x01], [0x1C], [],
      [0x00, 0x01],
    ] as [[UInt8]])
  func whatDoesNotAnswerTheRequestIsNotTheResponse(block: [UInt8]) {
    var host = asked()
    var bus = ScriptedBus()
    bus.blocks = [block, [0x1C, 0x01, 0x00]]
    host.start(Message(.getDeviceID))
    #expect(run(&host, &bus) == .complete)
    #expect(bus.reads.count == 2)
    #expect(host.response.map { Array($0.bytes) } == [0x1C, 0x01, 0x00])
  }

  /// Often the beginning of a response, of one of several parts, or one of its parts.
  private func randomBlock(_ random: inout SplitMix64) -> [UInt8]? {
    let draw = random.next()
    let bytes: [UInt8] = (0..<Int((draw >> 8) % 33)).map { _ in
      UInt8(truncatingIfNeeded: random.next())
    }
    switch draw & 7 {
    case 0, 1: return nil
    case 2: return bytes
    case 3, 4: return [0x1C, 0x01] + Array(bytes.dropFirst(2))
    case 5: return [0x00, 0x01] + Array(bytes.dropFirst(2))
    default: return [UInt8(draw >> 20 & 3) &- 1] + Array(bytes.dropFirst())
    }
  }

  /// Whatever the BMC sends, each transaction ends, and a good one is understood.
  @Test func randomAnswersNeverHangTheHost() {
    var random = SplitMix64(seed: 0x5348)
    var host = SSIFHost()
    var bus = ScriptedBus()
    var now: UInt64 = 0
    for round in 0..<300 {
      let accepted = random.next() & 7
      bus.accepts = { command, _ in UInt64(command & 7) != accepted }
      bus.blocks = (0..<Int(random.next() % 400)).map { _ in randomBlock(&random) }
      host.start(.pattern(2 + Int(random.next() % 254)))
      let event = run(&host, &bus, now: &now)
      #expect(event == .complete || event == .failed, "\(random)")
      bus.accepts = { _, _ in true }
      bus.blocks = [ScriptedBus.capabilities()] + Array(repeating: [0x1C, 0x01, 0x00], count: 8)
      host.start(Message(.getDeviceID))
      #expect(run(&host, &bus, now: &now) == .complete, "round \(round), \(random)")
    }
  }

  // MARK: Saved states

  @Test func damagedStatesNeverCrash() {
    var random = SplitMix64(seed: 0x5353)
    var host = asked(end: .endCommand)
    var bus = ScriptedBus()
    bus.blocks = [Self.parts[0]]
    host.start(.pattern(40))
    for _ in 0..<2 { _ = host.event(on: &bus, now: 0) }
    let good = StateBytes(saving: host).bytes
    var rejected = 0
    for _ in 0..<2_000 {
      var bytes = good
      for _ in 0..<1 + random.next() % 4 {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      var copy = SSIFHost()
      guard StateBytes.restore(&copy, from: bytes) else {
        rejected += 1
        continue
      }
      copy.abort()
      _ = copy.event(on: &bus, now: 0)
      bus.blocks = [ScriptedBus.capabilities()] + Array(repeating: [0x1C, 0x01, 0x00], count: 8)
      copy.start(Message(.getDeviceID))
      #expect(run(&copy, &bus) == .complete, "\(random)")
    }
    #expect(rejected > 100)
  }
}
