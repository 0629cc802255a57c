import EmulatedPair
import Foundation
import Testing

/// Whether there is a stock PC.
private let hasQEMU =
  FileManager.default.isExecutableFile(atPath: "/usr/bin/qemu-system-x86_64")

/// `ipmi-host-bridge pair` as a user runs it, and many of it over machines.
@Suite(.enabled(if: hasFirmware)) struct CommandTests {
  /// The executable that was built along with the tests, in the same folder.
  private static let executable = URL(fileURLWithPath: Artifacts.executablePath())
    .deletingLastPathComponent().appendingPathComponent("ipmi-host-bridge").path

  private static func run(
    _ command: [String], environment: [String: String] = [:]
  ) throws -> (status: Int32, lines: [String]) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text.split(separator: "\n").map(String.init))
  }

  private static func pair(_ arguments: String...) throws -> (status: Int32, lines: [String]) {
    try run([executable, "pair"] + arguments)
  }

  /// A directory for one test, which is removed after it.
  private static func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("pair-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try body(directory.path)
  }

  @Test func withoutArgumentsItPrintsTheConversation() throws {
    let (status, lines) = try Self.pair()
    #expect(status == 0)
    #expect(lines.first?.hasSuffix("BMC   ipmi-host-bridge firmware for npcm750-evb") == true)
    #expect(lines.contains { $0.contains("host  KCS 06 01 Get Device ID -> 00 completed") })
    #expect(lines.contains { $0.hasPrefix("13 transactions: ") })
    #expect(lines.contains { $0.hasPrefix("1 of 1 pairs good") })
  }

  /// A trace tells what happened, and changes nothing of it.
  @Test(arguments: ["npcm750", "ast2600"]) func aRunIsTraced(soc: String) throws {
    try Self.withDirectory { directory in
      let plain = try Self.pair("--soc", soc, "--seed", "5", "--random-faults")
      let traced = try Self.pair(
        "--soc", soc, "--seed", "5", "--random-faults", "--trace", "\(directory)/run.jsonl",
        "--trace",
        "\(directory)/run.vcd", "--trace", "\(directory)/run.pcapng")
      #expect(traced.status == 0)
      #expect(traced.lines.last == plain.lines.last, "the same hash")
      let file = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/run.jsonl"))
      var counts: [String: Int] = [:]
      var time = 0
      for line in file.split(separator: UInt8(ascii: "\n")).dropFirst() {
        let event = try #require(JSONSerialization.jsonObject(with: line) as? [String: Any])
        let next = try #require(event["time"] as? Int)
        #expect(next >= time)
        time = next
        counts[try #require(event["event"] as? String), default: 0] += 1
      }
      // The conversation's requests, and those that faults have had said again.
      #expect(counts["response", default: 0] >= 13)
      #expect(counts["request", default: 0] >= counts["response", default: 0])
      #expect(counts["write", default: 0] > 100)
      let faults = plain.lines.compactMap { $0.wholeMatch(of: /.* (\d+) faults/)?.1 }.first
      #expect(counts["fault"] == Int(try #require(faults)))
      let waveform = try String(contentsOfFile: "\(directory)/run.vcd", encoding: .utf8)
      #expect(waveform.contains("$scope module \(soc == "npcm750" ? "kcs1" : "kcs3") $end"))
      #expect(waveform.contains("$scope module ibt $end") == (soc != "npcm750"))
      // A schedule's have the number of their rule.
      let ruled = "\(directory)/ruled.jsonl"
      let scheduled = try Self.pair(
        "--soc", soc, "--fault", "reset bmc request 200", "--fault", "delay request 2 by 1ms",
        "--trace",
        ruled)
      #expect(scheduled.status == 0, "\(scheduled.lines)")
      let text = try String(contentsOfFile: ruled, encoding: .utf8)
      #expect(text.contains(#""event":"fault","what":"bmc delay","rule":2}"#))
      let packets = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/run.pcapng"))
      #expect(packets.count > 1000)
    }
  }

  @Test func aRunIsReplayedAndADifferenceNamed() throws {
    try Self.withDirectory { directory in
      let file = "\(directory)/run.txt"
      try "06 01\nbt 06 04\n".write(
        toFile: "\(directory)/s.txt", atomically: true, encoding: .utf8)
      let recorded = try Self.pair(
        "--soc", "ast2400", "--script", "\(directory)/s.txt", "--random-faults", "--seed", "9",
        "--record", file)
      #expect(recorded.status == 0, "\(recorded.lines)")
      let replayed = try Self.pair("--replay", file)
      #expect(replayed.status == 0, "\(replayed.lines)")
      #expect(replayed.lines.contains { $0.hasPrefix("The same run: ") })
      #expect(replayed.lines.last == recorded.lines.last)

      // With a schedule, too.
      let scheduled = try Self.pair(
        "--script", "\(directory)/s.txt", "--soc", "ast2400", "--record", file, "--fault",
        "reset bmc request 2", "--fault", "abort every 3", "--fault-seed", "5")
      #expect(scheduled.status == 0, "\(scheduled.lines)")
      #expect(scheduled.lines.contains("rule 1: reset bmc request 2"))
      #expect(try Self.pair("--replay", file).lines.last == scheduled.lines.last)

      // Of another seed: the recording's header and its trace do not go together.
      let text = try String(contentsOfFile: file, encoding: .utf8)
      try text.replacing("\nseed 1\n", with: "\nseed 10\n").write(
        toFile: file, atomically: true, encoding: .utf8)
      let other = try Self.pair("--replay", file)
      #expect(other.status == 1)
      #expect(other.lines.contains { $0.hasPrefix("Not the run that was recorded: line ") })
    }
  }

  @Test func pairsGoOnAsLongAsThereIsTime() throws {
    try Self.withDirectory { directory in
      let file = "\(directory)/all.txt"
      let timed = try Self.pair("--seconds", "0.2", "--threads", "1", "--summary", file)
      #expect(timed.status == 0, "\(timed.lines)")
      let text = try String(contentsOfFile: file, encoding: .utf8)
      let count = try #require(text.split(separator: "\n")[1].split(separator: " ").last)
      #expect(try #require(Int(count)) >= 1)
      // They are the first seeds, as a count has them.
      let counted = try Self.pair(
        "--count", String(count), "--random-faults", "--summary", "\(file)2")
      #expect(counted.status == 0, "\(counted.lines)")
      #expect(try String(contentsOfFile: "\(file)2", encoding: .utf8) == text)
    }
  }

  @Test(arguments: [
    (["--soc", "vax"], "there is no SoC or board 'vax'"),
    (["--bmc", "/nowhere"], "could not read /nowhere"),
    (["--host", #filePath], "CommandTests.swift is no ELF file"),
    (["--dtb", #filePath], "CommandTests.swift: "),
    (["--replay", #filePath], "CommandTests.swift is no recording"),
    (["--merge", #filePath], "CommandTests.swift is no summary"),
    (["--count", "0"], "no such number of seeds"),
    (["--record", "x", "--count", "2"], "--record is for one pair"),
    (["--record", "x", "--seconds", "1"], "--record is for one pair"),
    (["--seconds=-1"], "--seconds is between"),
    (["--threads", "0"], "--threads is between"),
    (["--fault", "drop 3"], "'drop any 3': drop is for capture and simulate, on the wire"),
    (["--fault", "abort"], "a host's program decides itself when to give up"),
    (["--scenario", "endless-events"], "it is for capture, simulate"),
    (["--replay", "x", "--fault", "abort"], "What is replayed says all itself"),
  ])
  func whatIsWrongIsSaid(_ arguments: [String], _ message: String) throws {
    let (status, lines) = try Self.run([Self.executable, "pair"] + arguments)
    #expect(status != 0)
    #expect(lines.joined().contains(message), "\(lines)")
  }

  @Test(.enabled(if: hasQEMU), arguments: ["npcm750", "ast2400"])
  func aPCOfStockQEMUIsAnswered(_ soc: String) throws {
    try Self.withDirectory { directory in
      let socket = "\(directory)/bmc.sock"
      let bmc = Process()
      let output = Pipe()
      bmc.executableURL = URL(fileURLWithPath: Self.executable)
      bmc.arguments = ["pair", "--soc", soc, "--host", "unix:\(socket)"]
      bmc.standardOutput = output
      try bmc.run()
      let host = try Self.run([
        "/usr/bin/qemu-system-x86_64", "-accel", "tcg", "-nographic", "-no-reboot",
        "-kernel", Artifacts.hostStub(), "-append", "bt=none",
        "-chardev", "socket,id=ipmi0,path=\(socket),reconnect=1",
        "-device", "ipmi-bmc-extern,chardev=ipmi0,id=bmc0", "-device", "isa-ipmi-kcs,bmc=bmc0",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
      ])
      #expect(host.status == 85, "\(host.lines)")
      #expect(host.lines.contains { $0.contains("KCS 06 01 Get Device ID -> 00 completed") })
      // It ends when its host does.
      let text = String(
        decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      bmc.waitUntilExit()
      #expect(bmc.terminationStatus == 0)
      #expect(text.contains(" 04 02 Platform Event Message -> 00"))
    }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/parallel")))
  func partsOnMachinesAddUpToTheWhole() throws {
    let package = try #require(
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent() as URL?)
    try Self.withDirectory { directory in
      let environment = ["IPMI_HOST_BRIDGE": Self.executable]
      let script = package.appending(path: "Sources/ipmi-host-bridge/Scale/pairs-on-hosts").path
      // This machine twice, as two would be.
      let parts = try Self.run(
        [script, "1", "10", "3", ":,1/:", "\(directory)/results", "--soc", "ast2500"],
        environment: environment)
      #expect(parts.status == 0, "\(parts.lines)")
      let whole = try Self.pair(
        "--soc", "ast2500", "--seed", "1", "--count", "10", "--summary", "\(directory)/whole.txt")
      #expect(whole.status == 0)
      func text(_ file: String) throws -> String {
        try String(contentsOfFile: "\(directory)/\(file)", encoding: .utf8)
      }
      #expect(try text("results/total.txt") == text("whole.txt"))

      // A part that was lost is run again, and only that.
      try FileManager.default.removeItem(atPath: "\(directory)/results/seeds-4-3.txt")
      let again = try Self.run(
        [script, "1", "10", "3", ":", "\(directory)/results", "--soc", "ast2500"],
        environment: environment)
      #expect(again.status == 0, "\(again.lines)")
      #expect(again.lines.count { $0.contains("3 of 3 pairs good") } == 1)
      #expect(try text("results/total.txt") == text("whole.txt"))
    }
  }
}
