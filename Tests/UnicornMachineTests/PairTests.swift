import Testing

@testable import UnicornMachine

/// The project's firmware with hosts of all kinds.
@Suite(.enabled(if: hasFirmware)) struct PairTests {
  /// What one side prints in a run.
  private static func lines(
    _ configuration: PairConfiguration, seed: UInt64
  ) throws -> (PairResult, bmc: [String], host: [String]) {
    let pair = try Pair(configuration)
    var lines: (bmc: [String], host: [String]) = ([], [])
    pair.onLine = { side, _, text in
      if side == .bmc { lines.bmc.append(text) } else { lines.host.append(text) }
    }
    let result = try pair.run(seed: seed).0
    return (result, lines.bmc, lines.host)
  }

  @Test(arguments: BMCBoard.all)
  func everyBoardAnswersTheSameCommands(_ board: BMCBoard) throws {
    let (result, bmc, host) = try Self.lines(configuration(board), seed: 1)
    #expect(result.outcome == .good)
    #expect(bmc.first == "ipmi-host-bridge firmware for \(board.name)")
    #expect(bmc.contains("POST code 01"))
    let requests = HostScript.standard(for: board).requestCount
    #expect(host.count == requests)
    #expect(host[0].hasPrefix("06 01 Get Device ID -> 00: 20 01 00 01 02 8F 00 00 00 "))
    #expect(host[1] == "06 04 Get Self Test Results -> 00: 55 00")
    #expect(host.contains("3E 01 -> C1"))
    // The same answers as of the first board, but for what says which product it is.
    let other = try Self.lines(configuration(BMCBoard.all[0]), seed: 2).host
    for (mine, theirs) in zip(host, other)
    where !mine.hasPrefix("06 01") && !mine.hasPrefix("06 37") {
      #expect(mine == theirs)
    }
    // KCS and, where the board has it, BT: which asks for its capabilities itself, once.
    #expect(result.latencies.count == UInt64(requests + (board.hasBT ? 1 : 0)))
  }

  @Test(arguments: BMCBoard.all)
  func aProgramTalksToEveryBoard(_ board: BMCBoard) throws {
    let (result, bmc, host) = try Self.lines(
      configuration(board, .program(hostStub(), commandLine: "")), seed: 1)
    #expect(result.outcome == .good, "\(host)")
    let asked = host.filter { $0.contains(" -> 00 ") }
    let count = board.hasBT ? 24 : 12
    #expect(asked.count >= count, "\(host)")
    #expect(host.last == "host: \(asked.count) of \(asked.count) requests answered")
    #expect(bmc.contains("POST code 2F"))
    #expect(result.hostInstructions > 100_000)
  }

  /// Its memory is the machines', tens of megabytes.
  @Test(arguments: [true, false]) func aPairIsGivenBack(_ hasProgram: Bool) throws {
    weak var pair: Pair?
    weak var processor: (any HostProcessor)?
    do {
      let host = hasProgram ? try PairConfiguration.Host.program(hostStub(), commandLine: "") : nil
      let strong = try Pair(configuration(BMCBoard.all[0], host))
      pair = strong
      processor = strong.host
      #expect(try strong.run(seed: 1).0.outcome == .good)
    }
    #expect(pair == nil)
    #expect(processor == nil)
  }

  @Test func theCommandLineReachesTheProgram() throws {
    let (result, _, host) = try Self.lines(
      configuration(BMCBoard.all[1], .program(hostStub(), commandLine: "kcs=none count=2")),
      seed: 1)
    #expect(result.outcome == .good)
    #expect(!host.contains { $0.hasPrefix("KCS ") })
    #expect(host.count { $0.hasPrefix("BT 0A 40 Get SEL Info -> 00") } == 2)
  }

  // MARK: A pure function

  @Test(arguments: [false, true])
  func theSameSeedIsTheSameTrace(_ hasFaults: Bool) throws {
    let one = try configuration(BMCBoard.all[0], hasFaults: hasFaults)
    let pair = try Pair(one)
    var hashes: [UInt64] = []
    for seed in 1...2 as ClosedRange<UInt64> {
      let (result, trace) = try pair.run(seed: seed, keepsTrace: true)
      hashes.append(result.traceHash)
      // A pair that has run before, and one that has not; a trace that is kept, and one that is not.
      let (again, new) = try Pair(one).run(seed: seed, keepsTrace: true)
      #expect(trace == new)
      #expect(try pair.run(seed: seed).0.traceHash == again.traceHash)
      #expect(again.traceHash == result.traceHash)
      #expect(again.virtualTime == result.virtualTime)
    }
    #expect(Set(hashes).count == hashes.count)
  }

  @Test(arguments: BMCBoard.all)
  func aProgramsRunIsRepeatedOnEveryBoard(_ board: BMCBoard) throws {
    let one = try configuration(board, .program(hostStub(), commandLine: ""), hasFaults: true)
    let pair = try Pair(one)
    _ = try pair.run(seed: 8)
    let trace = try pair.run(seed: 9, keepsTrace: true).trace
    #expect(try Pair(one).run(seed: 9, keepsTrace: true).trace == trace)
  }

  // MARK: Faults

  @Test(arguments: BMCBoard.all)
  func noPairHangsWhateverHappens(_ board: BMCBoard) throws {
    let campaign = PairCampaign(
      try configuration(board, hasFaults: true), seeds: 1000..<1008, threads: 2)
    let summary = try campaign.run()
    #expect(summary.pairs == 8)
    #expect(summary.bad == [], "\(summary.bad)")
    #expect(summary.faults > 8)
  }

  @Test func everyKindOfFaultHappens() throws {
    let pair = try Pair(configuration(BMCBoard.all[0], hasFaults: true))
    var text = ""
    for seed in 0..<8 as Range<UInt64> {
      text += String(decoding: try pair.run(seed: seed, keepsTrace: true).trace, as: UTF8.self)
    }
    for fault in ["host abort", "host reset", "bmc reset", "host delay", "bmc delay"] {
      #expect(text.contains(" fault \(fault)\n"))
    }
    // And what the abort is made of: GET_STATUS/ABORT.
    #expect(text.contains(" host w 0CA3 60\n"))
  }

  /// Firmware that sleeps for ever, behind a register that nobody reads.
  @Test func aSilentBMCIsNoticed() throws {
    let board = BMCBoard.all[0]
    let silent = try image([A32.waitForInterrupt, A32.branch(-1)], for: board)
    let script = try HostScript("06 01")
    let pair = try Pair(
      PairConfiguration(board: board, firmware: silent, host: .script(script), hasFaults: false))
    let result = try pair.run(seed: 1).0
    #expect(result.outcome == .failed("the host: 1 of its requests were not answered"))
    // A program that waits for ever: long after that, it hangs.
    let waiting = try elf64Loop()
    let other = try Pair(
      PairConfiguration(
        board: board, firmware: silent, host: .program(waiting, commandLine: ""),
        hasFaults: false))
    other.patience = 20_000_000
    guard case .hung = try other.run(seed: 1).0.outcome else {
      Issue.record("a host that loops for ever hangs")
      return
    }
  }

  /// The BMC restarts itself by its watchdog, as Cold Reset has it, and answers again.
  @Test(arguments: BMCBoard.all)
  func aColdResetIsSurvived(_ board: BMCBoard) throws {
    let script = try HostScript("06 01\n06 02\nwait 300000\n06 04\n06 01")
    let (result, bmc, host) = try Self.lines(configuration(board, .script(script)), seed: 3)
    #expect(result.outcome == .good, "\(bmc) \(host)")
    #expect(bmc.count { $0.hasPrefix("ipmi-host-bridge firmware for") } == 2)
    #expect(host.count == 4)
  }
}

/// A program for x86-64 that does nothing for ever.
private func elf64Loop() throws -> ELFImage {
  func bytes(_ value: UInt64, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(value >> UInt64($0 * 8) & 0xFF) }
  }
  var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + Array(repeating: 0, count: 9)
  file += bytes(2, 2) + bytes(62, 2) + bytes(1, 4) + bytes(0x10_0000, 8) + bytes(64, 8)
  file += bytes(0, 8) + bytes(0, 4) + bytes(64, 2) + bytes(56, 2) + bytes(1, 2)
  file += bytes(0, 2) + bytes(0, 2) + bytes(0, 2)
  file += bytes(1, 4) + bytes(5, 4) + bytes(120, 8) + bytes(0x10_0000, 8) + bytes(0x10_0000, 8)
  file += bytes(2, 8) + bytes(2, 8) + bytes(4, 8)
  // jmp to itself
  return try ELFImage(file + [0xEB, 0xFE], name: "loop")
}
