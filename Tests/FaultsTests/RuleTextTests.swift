import IPMI
import Testing

@testable import Faults

/// A rule's text, and what it means.
@Suite struct RuleTextTests {
  private static let second: UInt64 = 1_000_000_000

  static let good: [(String, FaultRule)] = [
    ("drop response 3", FaultRule(.drop, .response, .at(3))),
    ("drop 3", FaultRule(.drop, .any, .at(3))),
    ("drop", FaultRule(.drop, .any, .always)),
    ("drop any after 10 for 5s", FaultRule(.drop, .any, .after(10), for: 5 * second)),
    ("drop request first 7", FaultRule(.drop, .request, .first(7))),
    ("drop request after 2.5s", FaultRule(.drop, .request, .afterTime(2_500_000_000))),
    ("drop response every 1min", FaultRule(.drop, .response, .everyTime(60 * second))),
    (
      "delay response every 10 by 6s",
      FaultRule(.delay(by: 6 * second), .response, .every(10))
    ),
    ("delay by 250ms response", FaultRule(.delay(by: 250_000_000), .response, .always)),
    ("delay any 1 by 20us", FaultRule(.delay(by: 20_000), .any, .at(1))),
    ("delay any 1 by 7ns", FaultRule(.delay(by: 7), .any, .at(1))),
    (
      "duplicate response of Get Device ID",
      FaultRule(.duplicate, .response, of: .getDeviceID, .always)
    ),
    (
      "duplicate response of get device id 2",
      FaultRule(.duplicate, .response, of: .getDeviceID, .at(2))
    ),
    ("duplicate of 0601", FaultRule(.duplicate, .any, of: .getDeviceID, .always)),
    ("drop of 2eFF", FaultRule(.drop, .any, of: Command(.oemGroup, 0xFF), .always)),
    ("drop of Get POH Counter", FaultRule(.drop, .any, of: .getPOHCounter, .always)),
    ("corrupt request 1%", FaultRule(.corrupt, .request, .probability(10_000))),
    ("corrupt request 0.0001%", FaultRule(.corrupt, .request, .probability(1))),
    ("corrupt 100%", FaultRule(.corrupt, .any, .probability(1_000_000))),
    ("truncate response every 3 to 3", FaultRule(.truncate(to: 3), .response, .every(3))),
    ("truncate to 4", FaultRule(.truncate(to: 4), .response, .always)),
    ("truncate request to 2", FaultRule(.truncate(to: 2), .request, .always)),
    ("busy request every 4", FaultRule(.busy, .request, .every(4))),
    ("busy", FaultRule(.answer(with: [0xC0]), .request, .always)),
    ("answer with C0", FaultRule(.busy, .request, .always)),
    (
      "answer request of Get Message Flags with 00 02 first 4",
      FaultRule(.answer(with: [0, 2]), .request, of: .getMessageFlags, .first(4))
    ),
    ("cut after request 5 for 3s", FaultRule(.cut, .request, .after(5), for: 3 * second)),
    ("cut request after 5 for 3s", FaultRule(.cut, .request, .after(5), for: 3 * second)),
    ("cut", FaultRule(.cut, .request, .at(1))),
    ("cut every response 2", FaultRule(.cut, .response, .every(2))),
    ("cut after 10s", FaultRule(.cut, .request, .afterTime(10 * second))),
    ("reset bmc after 20", FaultRule(.resetBMC, .request, .after(20))),
    ("reset BMC after 20", FaultRule(.resetBMC, .request, .after(20))),
    ("reset host response 2", FaultRule(.resetHost, .response, .at(2))),
    ("attention response every 1", FaultRule(.attention, .response, .every(1))),
    ("abort", FaultRule(.abort, .request, .at(1))),
    ("\tabort   request\t2 ", FaultRule(.abort, .request, .at(2))),
  ]

  @Test(arguments: good)
  func `a rule is read, and its own text is read as the same`(
    _ text: String, _ rule: FaultRule
  ) throws {
    #expect(try FaultRule(text) == rule)
    #expect(try FaultRule(rule.description) == rule, "\(rule)")
  }

  @Test func `a rule's own text has its clauses in one order`() throws {
    #expect(
      try FaultRule("delay by 6000ms every 10 of 0601 response").description
        == "delay response of Get Device ID every 10 by 6s")
    #expect(try FaultRule("answer with c0 3").description == "busy request 3")
    #expect(
      try FaultRule("cut after request 5 for 0.5s").description == "cut request after 5 for 500ms")
    #expect(try FaultRule("drop 12.5%").description == "drop any 12.5%")
    #expect(try FaultRule("drop of 2e01").description == "drop any of 2E01")
  }

  /// What is wrong, and a part of what is said of it.
  static let bad: [(String, String)] = [
    ("", "a rule is expected"), ("   ", "a rule is expected"),
    ("dorp response 3", "'dorp' is no fault: drop, delay"),
    ("DROP response 3", "'DROP' is no fault"),
    ("drop respnse 3", "'respnse' is not understood: request, response"),
    ("drop response request", "the direction is given twice"),
    ("drop response after request 3", "the direction is given twice"),
    ("drop 0", "'0': a number from 1 on"), ("drop first 0", "from 1 on"),
    ("drop every", "'every' is the last word"), ("drop every x", "'x': a number from 1 on"),
    ("drop every -3", "'-3': a number"), ("drop after +3", "'+3': a number"),
    ("drop 99999999999999999999", "a number from 1 on"), ("drop 3x", "'3x': a number"),
    ("drop 3 every 4", "write two rules"), ("drop 1% 2%", "write two rules"),
    ("drop 0%", "percentage"), ("drop 101%", "percentage"), ("drop x%", "percentage"),
    ("drop 0.00001%", "percentage"), ("drop 1.%", "percentage"), ("drop %", "percentage"),
    ("drop .5%", "percentage"), ("drop 1.5.5%", "percentage"),
    ("drop every 0s", "a longer time"), ("drop for", "'for' is the last word"),
    ("drop for 3", "'3': a time is expected, such as 6s"), ("drop for 0s", "'0s': a time"),
    ("drop for 3h", "'3h': a time"), ("drop for 1.5ns", "'1.5ns': a time"),
    ("drop for 99999999999min", "a time"), ("drop for 1s for 2s", "'for' is given twice"),
    ("drop of", "'of' is the last word"),
    ("drop of Get Divice ID", "'Get Divice ID' is no command"),
    ("drop of 0701", "NetFn is even"), ("drop of 4001", "below 40h"),
    ("drop of request", "'' is no command"),
    ("drop of 0601 of 0602", "'of' is given twice"),
    ("drop by 3s", "'by' is for delay, not for drop"), ("delay response 3", "delay by how much?"),
    ("delay 3 by", "'by' is the last word"), ("delay by 1s by 2s", "'by' is given twice"),
    ("drop to 3", "'to' is for truncate"), ("truncate 3", "truncate to how many"),
    ("truncate to 2", "a response 3"), ("truncate any to 2", "a response 3"),
    ("truncate request to 1", "at least 2 bytes"), ("truncate to 3 to 4", "'to' is given twice"),
    ("answer 3", "answer with what?"), ("answer with", "1 to 40 bytes"),
    ("answer with 1", "1 to 40 bytes"), ("answer with 00 with 01", "'with' is given twice"),
    ("answer with " + [String](repeating: "00", count: 41).joined(separator: " "), "1 to 40"),
    ("busy with C1", "'with' is for answer"), ("drop with C1", "'with' is for answer"),
    ("busy response", "busy is for requests"), ("answer any with C1", "answer is for requests"),
    ("reset", "reset what?"), ("reset 3", "reset what?"), ("reset pc 3", "reset what?"),
    ("abort for 3s", "abort does not last"), ("reset host for 3s", "reset host does not last"),
    ("drop \u{1F4A5}", "is not understood"), ("drop \u{0663}", "is not understood"),
  ]

  @Test(arguments: bad)
  func `what is no rule is an error that says why`(_ text: String, _ expected: String) {
    let error = #expect(throws: FaultSyntaxError.self) { try FaultRule(text) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: UInt64(1)...4)
  func `any words are a rule or an error`(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let words = [
      "drop", "delay", "answer", "reset", "host", "bmc", "cut", "busy", "of", "Get", "Device", "ID",
      "0601", "every", "after", "first", "for", "by", "to", "with", "3", "0", "6s", "1%", "request",
      "response", "any", "C0", "\u{E9}", "%", "s", ".", "truncate",
    ]
    for _ in 0..<500 {
      let count = Int(random.next(in: 0...9))
      let text = (0..<count).map { _ in words[Int(random.next() % UInt64(words.count))] }
        .joined(separator: " ")
      guard let rule = try? FaultRule(text) else { continue }
      #expect((try? FaultRule(rule.description)) == rule, "seed \(seed): \(text)")
    }
  }

  // MARK: Schedules

  @Test func `a file has a rule a line, comments, and a seed`() throws {
    let text = """
      # what a bad day has
      drop response 3   # the third

      \tseed 7
      cut after request 5 for 3s\r
      """
    let schedule = try FaultSchedule(text, name: "bad-day.txt")
    #expect(schedule.seed == 7)
    #expect(
      schedule.rules == [
        FaultRule(.drop, .response, .at(3)),
        FaultRule(.cut, .request, .after(5), for: 3_000_000_000),
      ])
    #expect(try FaultSchedule(schedule.text, name: "") == schedule)
    #expect(try FaultSchedule("", name: "") == FaultSchedule([]))
  }

  @Test(arguments: [
    ("drop 3\n\ndrop x", "f.txt, line 3: 'x' is not understood"),
    ("seed", "f.txt, line 1: 'seed' and one number"), ("seed 1 2", "line 1"),
    ("drop\r\nseed x", "f.txt, line 2: 'seed'"),
    ([String](repeating: "drop", count: 65).joined(separator: "\n"), "line 65: too many rules"),
  ])
  func `an error of a file names its line`(_ text: String, _ expected: String) {
    let error = #expect(throws: FaultSyntaxError.self) {
      try FaultSchedule(text, name: "f.txt")
    }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
  }

  @Test func `a rule that an engine cannot have is found`() throws {
    let schedule = try FaultSchedule("delay by 1s\nabort 2\ndrop 3", name: "")
    #expect(schedule.firstRule(foreignTo: .wire) == 2)
    #expect(schedule.firstRule(foreignTo: .registers) == 3)
    #expect(FaultSchedule([]).firstRule(foreignTo: .wire) == nil)
  }

  // MARK: Scenarios

  @Test func `every scenario's rules can be had where it says`() throws {
    #expect(Set(FaultScenario.all.map(\.name)).count == 8)
    for scenario in FaultScenario.all {
      #expect(try FaultScenario(named: scenario.name).summary == scenario.summary)
      var places = 0
      for engine in [FaultEngineKind.wire, .registers] {
        let isThere = scenario.place.contains(engine == .wire ? "capture" : "pair")
        guard isThere else {
          #expect(throws: FaultSyntaxError.self) { try scenario.rules(for: engine) }
          continue
        }
        places += 1
        let rules = try scenario.rules(for: engine)
        #expect(!rules.isEmpty)
        #expect(FaultSchedule(rules).firstRule(foreignTo: engine) == nil, "\(scenario.name)")
      }
      #expect(places > 0 || scenario.elsewhere != nil)
    }
  }

  @Test func `a scenario that does not exist, or not here, is an error that names what there is`() {
    let unknown = #expect(throws: FaultSyntaxError.self) { try FaultScenario(named: "bmc-gon") }
    #expect(unknown?.description.contains("silent-device-id, watchdog-reset") == true)
    let foreign = #expect(throws: FaultSyntaxError.self) {
      try FaultScenario(named: "ssif-lost-stop").rules(for: .wire)
    }
    #expect(foreign?.description.contains("openbmc --ssif --abuse ssif-lost-stop") == true)
  }

  @Test func `the list has a paragraph for each`() {
    let words = FaultScenario.list.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for scenario in FaultScenario.all {
      #expect(FaultScenario.list.contains("\(scenario.name): \(scenario.summary)\n"))
      #expect(words.contains(scenario.source))
    }
  }
}
