import IPMI
import Testing

@testable import Faults

private let second: UInt64 = 1_000_000_000

/// An engine, and messages for it.
private struct Link {
  var engine: FaultEngine
  var now: UInt64 = 0

  init(_ text: String, seed: UInt64 = 1) throws {
    var schedule = try FaultSchedule(text, name: "")
    schedule.seed = seed
    engine = FaultEngine(schedule)
    engine.begin(at: 0)
  }

  mutating func request(_ command: Command = .getDeviceID) -> FaultVerdict {
    engine.pass(Message(command), .request, at: now)
  }

  mutating func response(_ command: Command = .getDeviceID, count: Int = 5) -> FaultVerdict {
    var message = Message(respondingTo: Message(command))
    for byte in 0..<count { message.append(UInt8(byte)) }
    return engine.pass(message, .response, at: now)
  }

  /// Which of `count` requests are lost, by their numbers from 1.
  mutating func lostRequests(_ count: Int) -> [Int] {
    (1...count).filter { _ in request().copies == 0 }
  }
}

@Suite struct FaultEngineTests {
  // MARK: When

  @Test(arguments: [
    ("drop request", Array(1...20)), ("drop request 3", [3]), ("drop request first 3", [1, 2, 3]),
    ("drop request every 6", [6, 12, 18]), ("drop request after 17", [18, 19, 20]),
    ("drop response 3", []), ("drop 3", [3]), ("drop of Get Chassis Status", []),
    ("drop request 100%", Array(1...20)),
  ])
  func `counts are of the messages that a rule concerns`(_ rule: String, _ lost: [Int]) throws {
    var link = try Link(rule)
    #expect(link.lostRequests(20) == lost)
    #expect(link.engine.count(ofRule: 0) == UInt64(lost.count))
  }

  @Test func `requests and responses are counted apart, or together`() throws {
    var apart = try Link("drop response 2")
    #expect([apart.request(), apart.response(), apart.request()].map(\.copies) == [1, 1, 1])
    #expect(apart.response().copies == 0)
    var together = try Link("drop any 2")
    #expect([together.request(), together.response()].map(\.copies) == [1, 0])
  }

  @Test func `a command has a count of its own`() throws {
    var link = try Link("drop request of Get Chassis Status 2")
    #expect(link.request(.getChassisStatus).copies == 1)
    #expect(link.request(.getDeviceID).copies == 1)
    #expect(link.request(.getChassisStatus).copies == 0)
    #expect(link.response(.getChassisStatus).copies == 1)
  }

  @Test func `time counts from the first use of the link`() throws {
    var engine = FaultEngine(try FaultSchedule("drop request after 5s", name: ""))
    engine.begin(at: 100 * second)
    engine.begin(at: 200 * second)
    let request = Message(.getDeviceID)
    #expect(engine.pass(request, .request, at: 105 * second - 1).copies == 1)
    #expect(engine.pass(request, .request, at: 105 * second).copies == 0)
    #expect(engine.pass(request, .request, at: 900 * second).copies == 0)
  }

  @Test func `every so many seconds, the next message`() throws {
    var link = try Link("drop request every 10s")
    var lost: [UInt64] = []
    for time in 0..<35 {
      link.now = UInt64(time) * second
      if link.request().copies == 0 { lost.append(UInt64(time)) }
    }
    #expect(lost == [10, 20, 30])
  }

  @Test func `what lasts begins once, and ends`() throws {
    for rule in ["drop request 3 for 5s", "drop request after 2 for 5s"] {
      var link = try Link(rule)
      #expect(link.request().copies == 1 && link.request().copies == 1)
      link.now = 40 * second
      #expect(link.request().copies == 0)
      link.now = 45 * second - 1
      #expect(link.request().copies == 0)
      link.now = 45 * second
      #expect(link.lostRequests(10) == [])
    }
    var always = try Link("busy request for 5s")
    #expect(always.request().answer != nil)
    always.now = 5 * second
    #expect(always.request().answer == nil)
    var again = try Link("drop request every 4 for 1s")
    #expect(again.lostRequests(6) == [4, 5, 6])
    again.now = 10 * second
    #expect(again.lostRequests(4) == [2, 3, 4])
  }

  @Test(arguments: UInt64(1)...5)
  func `chance is the seed's, and about as often as it says`(_ seed: UInt64) throws {
    var first = try Link("drop request 10%", seed: seed)
    var second = try Link("drop request 10%", seed: seed)
    var other = try Link("drop request 10%", seed: seed + 100)
    let lost = first.lostRequests(10_000)
    #expect(lost == second.lostRequests(10_000))
    #expect(lost != other.lostRequests(10_000))
    #expect((800...1200).contains(lost.count), "seed \(seed): \(lost.count)")
  }

  @Test func `one more rule changes nothing of what chance decides for the others`() throws {
    var alone = try Link("drop request 10%")
    var beside = try Link("drop request 10%\nduplicate response 50%\ndelay request 20% by 1s")
    #expect(alone.lostRequests(1000) == beside.lostRequests(1000))
  }

  // MARK: What

  @Test func `a message is delayed, duplicated, damaged`() throws {
    var link = try Link("delay request 1 by 6s\nduplicate request 2\ncorrupt request 3")
    #expect(link.request().delay == 6 * second)
    let twice = link.request()
    #expect(twice.copies == 2 && twice.delay == 0 && twice.damage == nil)
    let damaged = link.request()
    #expect(damaged.copies == 1 && damaged.damage != nil)
    #expect(link.request().isNothing)
  }

  @Test func `faults of one message add up`() throws {
    var link = try Link("delay response 1 by 1s\nduplicate response 1\ndelay response 1 by 2s")
    let verdict = link.response()
    #expect(verdict.delay == 3 * second && verdict.copies == 2)
    #expect(rules(of: verdict) == [0, 1, 2])
  }

  @Test func `a truncated message is whole up to its end`() throws {
    var link = try Link("truncate response first 2 to 4")
    let short = link.response(count: 10)
    #expect(short.isChanged && short.message.count == 4)
    #expect(short.message.completionCode == .success && short.message.data(0) == 0)
    // One that is no longer is as it was.
    #expect(!link.response(count: 1).isChanged)
    #expect(link.engine.count(ofRule: 0) == 2)
  }

  @Test func `an answer is of the request, in the BMC's place`() throws {
    var link = try Link("busy request 1\nanswer request 2 with 00 AB CD")
    let busy = link.request(.getChassisStatus)
    #expect(busy.copies == 0)
    #expect(busy.answer == Message(respondingTo: Message(.getChassisStatus), .nodeBusy))
    let answer = try #require(link.request(.getChassisStatus).answer)
    #expect(answer.completionCode == .success && answer.data(0) == 0xAB && answer.data(1) == 0xCD)
    #expect(answer.dataCount == 2)
  }

  @Test func `the first rule that takes a message away has it`() throws {
    var link = try Link("drop request 2\nbusy request every 2\ncut request 2")
    #expect(link.request().isNothing)
    let verdict = link.request()
    #expect(verdict.copies == 0 && verdict.answer == nil)
    #expect(rules(of: verdict) == [0, 2])
    #expect(link.engine.count(ofRule: 1) == 0)
    // It has counted the message all the same.
    _ = link.request()
    #expect(link.request().answer != nil)
  }

  private func rules(of verdict: FaultVerdict) -> [Int] {
    var rules: [Int] = []
    while let rule = verdict.nextRule(from: (rules.last ?? -1) + 1) { rules.append(rule) }
    return rules
  }

  // MARK: The link

  @Test(arguments: [
    ("cut request 3", [3]), ("cut after request 3", [3]), ("cut", [1]),
    ("cut request first 2", [1, 2]), ("cut request every 4", [4, 8]), ("abort request 5", [5]),
    ("attention response 1", []), ("reset host request 2", [2]),
  ])
  func `what happens to the link happens behind a message that passes`(
    _ rule: String, _ expected: [Int]
  ) throws {
    var link = try Link(rule)
    var happened: [Int] = []
    for number in 1...9 {
      let verdict = link.request()
      #expect(verdict.copies == 1)
      if !verdict.isNothing { happened.append(number) }
    }
    #expect(happened == expected)
  }

  @Test func `a cut refuses connections for its time`() throws {
    var link = try Link("cut request 2 for 3s")
    _ = link.request()
    #expect(link.engine.cutEnd(at: link.now) == nil)
    link.now = 10 * second
    _ = link.request()
    #expect(link.engine.cutEnd(at: 10 * second) != nil)
    #expect(link.engine.cutEnd(at: 13 * second - 1) != nil)
    #expect(link.engine.cutEnd(at: 13 * second) == nil)
  }

  @Test func `nothing passes a BMC that starts again, and rules do not count it`() throws {
    var link = try Link("reset bmc request 2 for 5s\nduplicate request 3")
    #expect(link.request().isNothing)
    #expect(link.request().copies == 1)
    link.now = 5 * second - 1
    let lost = link.response()
    #expect(lost.copies == 0 && lost.isLostToAbsence && lost.nextRule(from: 0) == 0)
    #expect(link.request().copies == 0)
    link.now = 5 * second
    #expect(link.request().copies == 2)
    #expect(link.engine.count(ofRule: 0) == 1)
  }

  @Test func `time alone makes things happen to the link`() throws {
    var link = try Link("reset host after 10s\nattention every 4s\ndrop after 3s")
    #expect(link.engine.deadline == 4 * second)
    #expect(link.engine.advance(to: 4 * second - 1) == nil)
    #expect(link.engine.advance(to: 4 * second) == 1)
    #expect(link.engine.advance(to: 4 * second) == nil)
    #expect(link.engine.deadline == 8 * second)
    #expect(link.engine.advance(to: 11 * second) == 0)
    #expect(link.engine.advance(to: 11 * second) == 1)
    #expect(link.engine.advance(to: 11 * second) == nil)
    #expect(link.engine.deadline == 15 * second)
    #expect(link.engine.count(ofRule: 1) == 2)
    let never = FaultEngine(try FaultSchedule("cut 3\ndrop after 3s", name: ""))
    #expect(never.deadline == nil)
  }

  @Test func `the end of time is no trouble`() throws {
    var engine = FaultEngine(
      try FaultSchedule("cut request 1 for 1min\nattention after 10min", name: ""))
    engine.begin(at: .max - 1)
    _ = engine.pass(Message(.getDeviceID), .request, at: .max - 1)
    #expect(engine.cutEnd(at: .max - 1) != nil)
    #expect(engine.deadline == .max)
  }
}
