import EmulatedPair
import Foundation
import TestSupport
import Testing

/// Both QEMUs share the BMC's registers: the two drivers meet, with nothing of ours or QEMU's in
/// between.
extension PairTests {
  @Test func `the demonstration shows what shared registers answer`() throws {
    let run = try CommandLineRun(
      ["pair-qemu", "--link", "registers", "--board", "ast2600-evb"], timeout: 240)
    try #require(run.status == .exited(0), "\(run.text)")
    #expect(run.lines.last?.hasPrefix("OK: 7 of 7 commands") == true)
    #expect(run.text.contains("sharing the BMC's registers"))
  }

  /// Data written to the FRU inventory and read back, each time of another size.
  @Test(arguments: SharedRegisters.all)
  func `the firmware answers through shared registers, run by interrupts`(
    _ link: SharedRegisters
  ) throws {
    let pair = try link.makePair { try .firmware($0, responder: $1) }
    try pair.start()
    let rounds = SharedRegisters.isThorough ? 5000 : 250
    var requests = ""
    var answers: [String] = []
    for round in 0..<rounds {
      let data = (0..<(1 + round % 50)).map { UInt8(truncatingIfNeeded: 31 * round + 7 * $0) }
      let count = UInt8(data.count)
      requests += "raw 0x0a 0x12 0 0 0 \(data.map { "\($0)" }.joined(separator: " "))\n"
      requests += "raw 0x0a 0x11 0 0 0 \(count)\n"
      answers += ([count, count] + data).map { String(format: "%02x", $0) }
    }
    // The console takes a few lines a second; half a megabyte of them would take minutes.
    let chunk = 500
    let lines = requests.split(separator: "\n")
    var printed: [String] = []
    let before = try hostInterrupts(of: pair)
    for start in stride(from: 0, to: lines.count, by: chunk) {
      let part = lines[start..<min(start + chunk, lines.count)].joined(separator: "\n") + "\n"
      try pair.host?.write(Data(part.utf8), to: "/tmp/requests")
      let result = try pair.run("ipmitool exec /tmp/requests", timeout: 400)
      #expect(result.status == 0)
      printed += result.lines.flatMap { $0.split(separator: " ").map(String.init) }
    }
    #expect(printed == answers)
    #expect(try hostInterrupts(of: pair) - before >= 2 * rounds)
  }

  /// Echo of every size, by Linux's drivers on both sides: none is lost, none is another's.
  @Test(arguments: SharedRegisters.all)
  func `Linux's drivers answer each other through shared registers`(
    _ link: SharedRegisters
  ) throws {
    let pair = try link.makePair { try .linux($0, responder: $1) }
    try pair.start()
    // Ten thousand of the longest would take an hour: each byte wakes both emulators.
    let short = (count: 10_000, longest: min(40, link.longestRequest))
    let long = (count: 200, longest: link.longestRequest)
    for (count, longest) in SharedRegisters.isThorough ? [short, long] : [long] {
      let before = try hostInterrupts(of: pair)
      let result = try pair.run(
        "ipmi-requester /dev/ipmi0 echo count=\(count) longest=\(longest) "
          + "seed=\(SharedRegisters.seed)", timeout: 1800)
      let account = try Account(result.lines)
      #expect(account.answered == count && account.isComplete, "\(account.summary)")
      // One for each response of BT, unless the driver finds it before; many for KCS.
      #expect(try hostInterrupts(of: pair) - before > count / 2)
      report(link, "\(account.summary), \(time(microseconds: account.mean)) each")
    }
  }

  /// The window in which OBF is set and its host has not seen it, by Linux's drivers on both sides.
  @Test(arguments: SharedRegisters.all.filter { $0.responder != "ibt" })
  func `a host that sees OBF late loses nothing`(_ link: SharedRegisters) throws {
    let pair = try link.makePair { try .linux($0, responder: $1) }
    try pair.start()
    let monitor = try pair.monitorHost()
    let count = SharedRegisters.isThorough ? 200 : 20
    var parts: [String] = []
    for delay in [0, 100, 150, 200, 1000] {
      try monitor.set("odr-delay", ofDevice: link.responder, to: "\(delay)")
      let result = try pair.run(
        "ipmi-requester /dev/ipmi0 echo count=\(count) shortest=20 longest=20", timeout: 300)
      let account = try Account(result.lines)
      #expect(account.answered == count && account.isComplete, "\(delay) µs: \(account.summary)")
      // Each of twenty bytes and their acknowledgement, and each of the response's, is seen so late.
      #expect(account.mean >= 40 * delay, "\(delay) µs")
      parts.append("\(time(microseconds: delay)): \(time(microseconds: account.mean))")
    }
    report(link, "a message, by OBF's delay: \(parts.joined(separator: "; "))")
  }

  /// On an idle link nothing runs: no interrupt, and no emulator looks.
  @Test func `an idle link of registers costs nothing`() throws {
    let link = SharedRegisters("npcm750-evb", "kcs1")
    let pair = try link.makePair { try .linux($0, responder: $1) }
    try pair.start()
    let before = try hostInterrupts(of: pair)
    let switches = try contextSwitches(of: try #require(pair.bmc))
    #expect(try pair.run("sleep 5").status == 0)
    #expect(try hostInterrupts(of: pair) - before == 0)
    // The emulator's own timers wake it; a loop that polls would do it many thousand times.
    let taken = try contextSwitches(of: try #require(pair.bmc)) - switches
    #expect(taken < 5000, "\(taken) in 5 s")
  }

  @Test func `what the host writes to port 80h appears in Linux through the link`() throws {
    let link = SharedRegisters("ast2600-evb", "kcs3")
    let pair = try link.makePair { try .linux($0, responder: $1) }
    try pair.start()
    let codes = Array("0123456789ABCDEF".utf8)
    let read = try pair.postCodes(afterWriting: String(decoding: codes, as: UTF8.self))
    #expect(read.suffix(codes.count) == codes[...])
    #expect(read.count > codes.count, "SeaBIOS's are missing")
  }

  // MARK: Death

  /// Who answers, how often somebody is killed, and how often that is in a full run.
  struct Deaths: CustomTestStringConvertible, Sendable {
    var link: SharedRegisters
    var isLinux: Bool
    var count: Int
    var fullCount: Int

    var testDescription: String { "\(link.testDescription), \(isLinux ? "Linux" : "firmware")" }

    static let all = [
      Deaths(
        link: SharedRegisters("npcm750-evb", "kcs1"), isLinux: false, count: 4, fullCount: 100),
      Deaths(
        link: SharedRegisters("ast2600-evb", "ibt"), isLinux: false, count: 4, fullCount: 80),
      Deaths(
        link: SharedRegisters("npcm750-evb", "kcs1"), isLinux: true, count: 2, fullCount: 20),
    ]
  }

  /// kill -9 at a random instant of a stream of requests; one in four times it is the host.
  @Test(arguments: Deaths.all)
  func `either side of shared registers may die at any instant`(_ deaths: Deaths) throws {
    var random = SplitMix64(seed: SharedRegisters.seed)
    let pair = try deaths.link.makePair {
      deaths.isLinux ? try .linux($0, responder: $1) : try .firmware($0, responder: $1)
    }
    try pair.start()
    let before = try pair.run("ipmitool raw 6 1")
    #expect(before.status == 0)
    var longest: TimeInterval = 0
    for round in 1...(SharedRegisters.isThorough ? deaths.fullCount : deaths.count) {
      let bmc = try #require(pair.bmc)
      var cursor = bmc.lines.count
      try pair.host?.begin(
        "while :; do ipmitool raw 6 1; done >/dev/null 2>&1 & echo $! >/tmp/stream")
      for _ in 0..<(2 + random.next() % 8) {
        try bmc.wait(for: "stream of requests", from: &cursor, timeout: 60) {
          $0.contains("Get Device ID") || $0.contains(" 06 01")
        }
      }
      // The lines come when an answer does: so any instant of what is between two.
      usleep(UInt32(random.next() % 20_000))
      let killsHost = round % 4 == 2
      if killsHost {
        pair.killHost()
        #expect(bmc.exitStatus == nil)
        try pair.startHost()
      } else {
        pair.killBMC()
        #expect(pair.host?.process.exitStatus == nil)
        try pair.startBMC()
        _ = try pair.host?.finish("the stream's start", timeout: 60)
        _ = try pair.run("kill -9 $(cat /tmp/stream); killall -q ipmitool; true")
      }
      let started = Date()
      let after = try firstAnswer(of: pair)
      longest = max(longest, Date().timeIntervalSince(started))
      #expect(after == before.lines, "round \(round), seed \(SharedRegisters.seed)")
    }
    report(
      deaths.link, "\(deaths.testDescription): answered again in \(longest.rounded()) s at most")
  }

  // MARK: What they share

  /// The answer to the first Get Device ID that is answered. Linux's KCS gives a request up after
  /// ten tries of 5 s, and one may be on its way.
  private func firstAnswer(of pair: EmulatedPair) throws -> [String] {
    let deadline = Date(timeIntervalSinceNow: 90)
    while true {
      let result = try pair.run("ipmitool raw 6 1", timeout: 90)
      if result.status == 0 { return result.lines }
      try #require(Date() < deadline, "\(result.lines)")
    }
  }

  /// How many interrupts the host's driver has taken.
  private func hostInterrupts(of pair: EmulatedPair) throws -> Int {
    let result = try pair.run("grep ipmi_si /proc/interrupts")
    let counts = result.lines.flatMap { line in
      line.split(separator: " ").dropFirst().prefix { Int($0) != nil }.compactMap { Int($0) }
    }
    return try #require(counts.isEmpty ? nil : counts.reduce(0, +), "\(result.lines)")
  }

  /// How often the threads of a process were given a processor because they had something to do.
  private func contextSwitches(of process: ChildProcess) throws -> Int {
    let tasks = "/proc/\(process.processIdentifier)/task"
    return try FileManager.default.contentsOfDirectory(atPath: tasks).reduce(0) { sum, thread in
      let status = try String(contentsOfFile: "\(tasks)/\(thread)/status", encoding: .utf8)
      let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary") }
      return sum + (line?.split(separator: "\t").last.flatMap { Int($0) } ?? 0)
    }
  }

  private func report(_ link: SharedRegisters, _ result: String) {
    print("\(link.testDescription): \(result)")
  }
}
