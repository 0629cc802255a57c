import Faults
import IPMI
import TestSupport
import Testing
import VMProtocol

@testable import Transport

/// What a schedule makes of a connection's bytes, without a connection and by virtual time.
@Suite struct FaultStageTests {
  private struct Wire {
    var stage = FaultStage()
    var engine: FaultEngine
    var now: UInt64 = 0

    init(_ rules: String..., seed: UInt64 = 1) throws {
      let schedule = try FaultSchedule(rules.joined(separator: "\n"), name: "")
      engine = FaultEngine(FaultSchedule(schedule.rules, seed: seed))
      engine.begin(at: 0)
    }

    /// What the BMC gets of what the host sends.
    mutating func hostSends(_ bytes: [UInt8]) -> [UInt8] {
      stage.take(bytes.span, from: .host, now: now, by: &engine)
      return stage.takeOutput(for: .bmc)
    }

    /// What the host gets of what the BMC sends.
    mutating func bmcSends(_ bytes: [UInt8]) -> [UInt8] {
      stage.take(bytes.span, from: .bmc, now: now, by: &engine)
      return stage.takeOutput(for: .host)
    }

    /// What either gets by `time`.
    mutating func advance(to time: UInt64) -> (host: [UInt8], bmc: [UInt8]) {
      now = time
      stage.advance(to: now, by: &engine)
      return (stage.takeOutput(for: .host), stage.takeOutput(for: .bmc))
    }
  }

  private func response(_ command: Command, id: UInt8, _ data: [UInt8] = [1, 2, 3]) -> [UInt8] {
    var message = Message(respondingTo: Message(command))
    message.append(contentsOf: data.span)
    return frame(message, id: id)
  }

  // MARK: What passes

  @Test(arguments: UInt64(1)...4)
  func `what no rule is about passes byte for byte, in pieces of any size`(_ seed: UInt64) throws {
    var generator = TestSupport.SplitMix64(seed: seed)
    var wire = try Wire("drop any of Get POH Counter", "cut of Get POH Counter")
    for side in [true, false] {
      var sent: [UInt8] = []
      for _ in 0..<200 {
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: sent += request(.getDeviceID, id: UInt8.random(in: 0...255, using: &generator))
        case 1: sent += response(.getDeviceID, id: UInt8.random(in: 0...255, using: &generator))
        case 2: sent += [0x02, 0xA1, 0xA0, 0xA1, 0xAA, 0xA0, 0x08, 0x3F, 0xA1]
        case 3: sent += [UInt8](repeating: 0x55, count: 2000) + [0xA0]
        default:
          sent += (0..<50).map { _ in UInt8.random(in: 0...255, using: &generator) } + [0xA0]
        }
      }
      var arrived: [UInt8] = []
      var rest = sent[...]
      while !rest.isEmpty {
        let piece = Array(rest.prefix(Int.random(in: 1...700, using: &generator)))
        rest = rest.dropFirst(piece.count)
        arrived += side ? wire.hostSends(piece) : wire.bmcSends(piece)
      }
      #expect(arrived == sent, "\(generator)")
    }
    #expect(wire.stage.takeNotes().isEmpty)
  }

  // MARK: Messages

  @Test func `a dropped message is gone, and nothing else`() throws {
    var wire = try Wire("drop request 2", "drop response 1")
    let (one, two) = (request(.getDeviceID, id: 1), request(.getChassisStatus, id: 2))
    #expect(wire.hostSends(one + two + qemuGreeting + one) == one + qemuGreeting + one)
    #expect(wire.bmcSends(response(.getDeviceID, id: 1) + bmcGreeting) == bmcGreeting)
    let notes = wire.stage.takeNotes()
    #expect(notes.map(\.what) == ["request dropped", "response dropped"])
    #expect(notes.map(\.rule) == [0, 1])
  }

  @Test func `a delayed message holds those behind it, and no control command`() throws {
    var wire = try Wire("delay response 1 by 2s")
    let (one, two) = (response(.getDeviceID, id: 1), response(.getChassisStatus, id: 2))
    #expect(wire.bmcSends(one) == [])
    #expect(wire.stage.deadline == 2 * second)
    wire.now = second
    #expect(wire.bmcSends(two + [0x02, 0xA1]) == [0x02, 0xA1])
    #expect(wire.advance(to: 2 * second - 1).host == [])
    #expect(wire.advance(to: 2 * second).host == one + two)
    #expect(wire.stage.deadline == nil)
    #expect(wire.bmcSends(one) == one)
  }

  @Test func `a duplicated message arrives twice`() throws {
    var wire = try Wire("duplicate any 1")
    let one = request(.getDeviceID, id: 1)
    #expect(wire.hostSends(one + one) == one + one + one)
  }

  /// Frames with bytes that are escaped, too.
  @Test(arguments: UInt64(1)...200)
  func `a corrupted frame is dropped by its receiver, and costs no other`(_ seed: UInt64) throws {
    var wire = try Wire("corrupt response 1", seed: seed)
    let one = response(.getDeviceID, id: 0xA0, [0xA0, 0xA1, 0xAA, UInt8(truncatingIfNeeded: seed)])
    let two = response(.getChassisStatus, id: 2)
    let arrived = wire.bmcSends(one + two)
    let found = events(arrived)
    try #require(found.count == 2, "seed \(seed)")
    #expect(found[0] == .rejected(.badChecksum))
    #expect(found[1] == events(two)[0])
    let differences = zip(one + two, arrived).filter { $0 != $1 }
    #expect(differences.count == 1 && arrived.count == one.count + two.count)
    #expect(differences.allSatisfy { ($0 ^ $1).nonzeroBitCount == 1 })
  }

  @Test func `a truncated message is a legal frame`() throws {
    var wire = try Wire("truncate response 1 to 4")
    let short = events(wire.bmcSends(response(.getDeviceID, id: 9, [1, 2, 3])))
    var expected = Message(respondingTo: Message(.getDeviceID))
    expected.append(1)
    #expect(short == [.message(id: 9, expected)])
  }

  @Test func `an answer goes to the host under the request's id, and nothing to the BMC`() throws {
    var wire = try Wire("busy request 1", "answer request 2 with 00 AB")
    #expect(wire.hostSends(request(.getDeviceID, id: 7)) == [])
    #expect(events(wire.stage.takeOutput(for: .host)) == [answer(.getDeviceID, .nodeBusy, id: 7)])
    #expect(wire.hostSends(request(.getDeviceID, id: 8)) == [])
    #expect(wire.stage.takeOutput(for: .host) == response(.getDeviceID, id: 8, [0xAB]))
  }

  // MARK: The link

  @Test func `attention stays while it lasts, then is what the BMC said`() throws {
    var wire = try Wire("attention request 1 for 5s")
    _ = wire.bmcSends(bmcGreeting)
    _ = wire.hostSends(request(.getDeviceID, id: 1))
    #expect(wire.stage.takeOutput(for: .host) == [0x02, 0xA1])
    #expect(wire.bmcSends([0x00, 0xA1]) == [])
    #expect(wire.bmcSends([0x02, 0xA1]) == [0x02, 0xA1])
    #expect(wire.advance(to: 5 * second).host == [0x02, 0xA1])
    #expect(wire.bmcSends([0x00, 0xA1]) == [0x00, 0xA1])
  }

  @Test func `a host is reset where it has said that it can be`() throws {
    var wire = try Wire("reset host request 1", "reset host request 2")
    let one = request(.getDeviceID, id: 1)
    #expect(wire.hostSends(one) == one)
    #expect(wire.stage.takeOutput(for: .host) == [])
    #expect(wire.stage.takeNotes()[0].what.hasPrefix("host not reset"))
    _ = wire.hostSends(qemuGreeting + one)
    #expect(wire.stage.takeOutput(for: .host) == [0x04, 0xA1])
  }

  @Test func `a BMC is reset by a Cold Reset whose response nobody sees`() throws {
    var wire = try Wire("reset bmc request 2 for 3s")
    let open = request(.getChassisStatus, id: 0xFF)
    let one = request(.getDeviceID, id: 1)
    #expect(wire.hostSends(open) == open)
    // Behind the request, under an id that is free.
    #expect(wire.hostSends(one) == one + request(.coldReset, id: 0xFE))
    #expect(wire.stage.takeOwnRequests().map(\.id) == [0xFE])
    #expect(wire.bmcSends(response(.coldReset, id: 0xFE, [])) == [])
    #expect(wire.bmcSends(response(.getDeviceID, id: 1)) == [])
    #expect(wire.hostSends(one) == [])
    wire.now = 3 * second
    #expect(wire.hostSends(one) == one)
    let notes = wire.stage.takeNotes().map(\.what)
    #expect(
      notes == [
        "BMC reset", "response lost: the BMC is away", "request lost: the BMC is away",
      ])
  }

  @Test func `nothing passes behind a cut`() throws {
    var wire = try Wire("cut request 1 for 3s")
    let one = request(.getDeviceID, id: 1)
    #expect(wire.hostSends(one + one) == one)
    #expect(wire.stage.isCut && wire.engine.cutEnd(at: second) != nil)
    #expect(wire.bmcSends(response(.getDeviceID, id: 1)) == [])
  }

  @Test func `time alone makes things happen`() throws {
    var wire = try Wire("attention every 2s", "cut after 5s")
    #expect(wire.advance(to: 2 * second).host == [0x02, 0xA1])
    #expect(wire.advance(to: 4 * second).host == [0x02, 0xA1])
    #expect(!wire.stage.isCut)
    _ = wire.advance(to: 5 * second)
    #expect(wire.stage.isCut)
  }

  // MARK: Bounds

  @Test func `what is held back is bounded`() throws {
    var wire = try Wire("delay request by 1s")
    let sent = (0..<64).map { request(.getDeviceID, id: $0) }
    for frame in sent {
      #expect(!wire.stage.isFull)
      #expect(wire.hostSends(frame) == [])
    }
    #expect(wire.stage.isFull)
    #expect(wire.advance(to: second).bmc == sent.flatMap { $0 })
    #expect(!wire.stage.isFull)
  }

  @Test func `a frame without an end is not kept`() throws {
    var wire = try Wire("drop request")
    var arrived = 0
    for _ in 0..<1000 { arrived += wire.hostSends([UInt8](repeating: 0x55, count: 1000)).count }
    #expect(arrived > 999_000)
    // And the next one is a message again.
    _ = wire.hostSends([0xA0])
    #expect(wire.hostSends(request(.getDeviceID, id: 1)) == [])
  }
}
