import Faults
import Testing

@testable import UnicornMachine

/// Files of runs, and files of what became of many.
struct RecordingTests {
  private static func makeRecording(_ host: Recording.Host) -> Recording {
    Recording(
      board: "ast2500-evb", firmware: .init([1, 2, 3], path: "/a b/c.elf"),
      deviceTree: .init([4], path: "t.dtb"), host: host, seed: .max, hasFaults: true,
      schedule: FaultSchedule([FaultRule(.abort, .request, .every(3))], seed: 7),
      trace: Array("1 bmc > x\n2 host r 0CA3 08\n".utf8))
  }

  @Test func whatIsWrittenIsRead() throws {
    let recording = Self.makeRecording(.script("06 01\n\n# twice\n06 01"))
    let read = try Recording(recording.bytes, name: "r")
    #expect(read.bytes == recording.bytes)
    #expect(read.firmware.path == "/a b/c.elf")
    #expect(read.schedule == recording.schedule && read.schedule?.rules.count == 1)
    guard case .script("06 01\n\n# twice\n06 01") = read.host else {
      Issue.record("the script is \(read.host)")
      return
    }
    let program = Self.makeRecording(.program(.init([9], path: "h.elf"), arguments: "kcs=none"))
    #expect(try Recording(program.bytes, name: "r").bytes == program.bytes)
  }

  @Test func theFirstDifferenceIsNamed() {
    let recording = Self.makeRecording(.script("06 01"))
    #expect(recording.firstDifference(to: recording.trace) == nil)
    let other = Array("1 bmc > x\n2 host r 0CA3 09\n3 bmc > y\n".utf8)
    #expect(
      recording.firstDifference(to: other)
        == "line 2 of the trace was '2 host r 0CA3 08', and is '2 host r 0CA3 09'")
    #expect(
      recording.firstDifference(to: Array("1 bmc > x\n".utf8))
        == "line 2 of the trace was '2 host r 0CA3 08', and is the end")
  }

  @Test func aDamagedRecordingIsRefused() {
    let bytes = Self.makeRecording(.script("06 01")).bytes
    for index in bytes.indices {
      #expect(throws: MachineError.self) { try Recording(Array(bytes[..<index]), name: "r") }
    }
    var changed = bytes
    changed[bytes.count - 2] ^= 1
    #expect(throws: MachineError.self) { try Recording(changed, name: "r") }
  }

  @Test func aScriptsMistakeIsNamedByItsLine() {
    for (script, line) in [
      ("06", 1), ("06 01\n07 01", 2), ("06 01\n\nxy zz", 3), ("06 01\npost", 2),
      ("wait -1\n06 01", 1), ("06 01 1FF", 1), ("bt", 1),
    ] {
      let error = #expect(throws: MachineError.self) { try HostScript(script) }
      #expect(error?.description.hasPrefix("line \(line) of the script") == true, "\(script)")
    }
    #expect(throws: MachineError.self) { try HostScript("# nothing") }
  }

  @Test func boardsHaveTheirNamesAndTheirSoCs() throws {
    for board in BMCBoard.all {
      #expect(try BMCBoard(named: board.name).name == board.name)
      #expect(try BMCBoard(named: board.socName).name == board.name)
    }
    let error = #expect(throws: MachineError.self) { try BMCBoard(named: "vax") }
    #expect(error?.description.contains("ast2600 (ast2600-evb)") == true)
  }
}

/// Parts of a run over many seeds.
@Suite(.enabled(if: hasFirmware)) struct PairSummaryTests {
  @Test func partsAddUpToTheWhole() throws {
    let configuration = try configuration(BMCBoard.all[0], hasFaults: true)
    func run(
      _ seeds: Range<UInt64>, threads: Int, lifetime: Int = 256
    ) throws -> PairSummary {
      var campaign = PairCampaign(configuration, seeds: seeds, threads: threads)
      campaign.lifetime = lifetime
      return try campaign.run()
    }
    let whole = try run(1..<6, threads: 2)
    // As well where a pair is made anew in between.
    #expect(try run(1..<6, threads: 1, lifetime: 2) == whole)
    var parts = PairSummary()
    for seeds in [4..<6, 1..<2, 2..<4] as [Range<UInt64>] {
      // By way of a file, as on other machines.
      parts.join(try PairSummary(try run(seeds, threads: 1).text, name: "part"))
    }
    #expect(parts == whole)
    #expect(parts.text == whole.text)
  }

  @Test func badPairsAreKept() throws {
    let text = try PairCampaign(
      try configuration(BMCBoard.all[0]), seeds: 1..<2, threads: 1
    ).run().text
    let summary = try PairSummary(text + "bad 7 hung: a reason\n", name: "s")
    #expect(summary.bad == [.init(seed: 7, reason: "hung: a reason")])
    #expect(try PairSummary(summary.text, name: "s") == summary)
    for broken in ["", "x", text + "what\n", text.replacing("pairs 1", with: "pairs -1")] {
      #expect(throws: MachineError.self) { try PairSummary(broken, name: "s") }
    }
  }
}
