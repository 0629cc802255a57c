import Faults
import IPMI
import Testing

@testable import UnicornMachine

/// Faults by rules between a pair's registers: each kind, real firmware, and that the same host is
/// answered when it is over.
@Suite(.enabled(if: hasFirmware)) struct ScheduledFaultTests {
  private static func schedule(_ text: String, seed: UInt64 = 1) throws -> FaultSchedule {
    FaultSchedule(try FaultSchedule(text, name: "").rules, seed: seed)
  }

  private static func run(
    _ board: BMCBoard, _ rules: String, _ host: PairConfiguration.Host? = nil, seed: UInt64 = 1
  ) throws -> (result: PairResult, trace: String) {
    var configuration = try configuration(board, host)
    configuration.schedule = try schedule(rules)
    let (result, trace) = try Pair(configuration).run(seed: seed, keepsTrace: true)
    return (result, String(decoding: trace, as: UTF8.self))
  }

  /// A rule, and the fault that the trace has of it.
  static let faults = [
    ("delay request 3 by 10ms", "bmc delay"), ("delay request every 2 by 5ms", "bmc delay"),
    ("delay response 2 by 50ms", "host delay"), ("corrupt request 2", "bit changed"),
    ("corrupt response 3", "bit changed"), ("reset bmc request 3", "bmc reset"),
    ("reset bmc response 2 for 50ms", "bmc reset"), ("reset host request 4", "host reset"),
    ("reset host response first 3", "host reset"), ("reset bmc after 200us", "bmc reset"),
  ]

  @Test(arguments: faults)
  func `a program's conversation ends well after each kind`(
    _ rule: String, _ fault: String
  ) throws {
    let (result, trace) = try Self.run(
      BMCBoard.all[0], rule, .program(hostStub(), commandLine: ""))
    #expect(result.outcome == .good)
    #expect(result.faults > 0)
    #expect(trace.contains(" fault \(fault)\n"))
    #expect(trace.contains(" faults are over\n"))
  }

  /// By KCS and by BT, on a board that has both.
  @Test(
    arguments: faults + [
      ("abort request 2", "host abort"), ("abort every 3", "host abort"),
      // Longer than KCS's time-out, which a program would spend polling.
      ("delay request 2 by 20s", "bmc delay"),
    ])
  func `a script's conversation ends well after each kind`(
    _ rule: String, _ fault: String
  ) throws {
    let board = try BMCBoard(named: "ast2600")
    let (result, trace) = try Self.run(board, rule)
    #expect(result.outcome == .good)
    #expect(trace.contains(" fault \(fault)\n"))
    let again = try Self.run(board, rule)
    #expect(again.trace == trace)
  }

  @Test func `the message that a rule names is the one that has it`() throws {
    let script = try PairConfiguration.Host.script(HostScript("06 01\n06 04\nbt 06 01\nbt 00 01"))
    let (result, trace) = try Self.run(
      BMCBoard(named: "ast2600"), "corrupt response of Get Self Test Results", script)
    #expect(result.outcome == .good && result.faults == 1)
    // A completion code that is not 00h, of the second response and of no other before the end.
    let responses = trace.split(separator: "\n").filter { $0.contains(" host response ") }
      .prefix(4).map { $0.split(separator: " ").dropFirst(3).prefix(3).joined(separator: " ") }
    #expect(responses.count == 4)
    #expect(responses[0] == "1C 01 00" && responses[2] == "1C 01 00" && responses[3] == "04 01 00")
    #expect(responses[1].hasPrefix("1C 04 ") && responses[1] != "1C 04 00")
  }

  @Test func `a request whose command is another one is answered as that`() throws {
    let (result, trace) = try Self.run(
      BMCBoard.all[0], "corrupt request 1", .script(HostScript("06 01\n06 01")))
    #expect(result.outcome == .good)
    let first = trace.split(separator: "\n").first { $0.contains(" host response ") }
    #expect(first?.contains(" host response 1C 01 ") == false)
  }

  @Test func `chance is the pair's seed's and the schedule's`() throws {
    var configuration = try configuration(BMCBoard.all[0])
    configuration.schedule = try Self.schedule("delay request 30% by 1ms")
    let pair = try Pair(configuration)
    let hashes = try (1...4).map { try pair.run(seed: $0).0.traceHash }
    #expect(try (1...4).map { try pair.run(seed: $0).0.traceHash } == hashes)
    configuration.schedule?.seed = 2
    let others = try Pair(configuration)
    #expect(try (1...4).map { try others.run(seed: $0).0.traceHash } != hashes)
  }

  /// Without a schedule a pair is what it was before there were any.
  @Test func `a schedule without a fault changes nothing`() throws {
    var configuration = try configuration(BMCBoard.all[0])
    let without = try Pair(configuration).run(seed: 3, keepsTrace: true).trace
    configuration.schedule = try Self.schedule("delay request of Get POH Counter by 1s")
    let with = try Pair(configuration).run(seed: 3, keepsTrace: true).trace
    // Up to the end of the first run.
    #expect(with.starts(with: without))
  }

  @Test(arguments: FaultScenario.all.filter { (try? $0.rules(for: .registers)) != nil }.map(\.name))
  func `every scenario for pairs ends well`(_ name: String) throws {
    let rules = try FaultScenario(named: name).rules(for: .registers)
    let (result, trace) = try Self.run(
      BMCBoard.all[0], FaultSchedule(rules).text,
      .script(HostScript([String](repeating: "06 22\n06 01\n0A 40\n", count: 5).joined())))
    #expect(result.outcome == .good)
    if name != "creative-silence" { #expect(trace.contains(" fault ")) }
  }
}
