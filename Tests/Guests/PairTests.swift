import EmulatedPair
import Foundation
import Testing

/// Real pairs: a PC with Debian's Linux and a BMC with our firmware, each in a stock QEMU.
///
/// One at a time, since each needs both cores of a small machine.
@Suite(
  .serialized,
  .enabled(
    if: guestTestsAreWanted, "`make test` makes the guests, and sets IPMI_HOST_BRIDGE_GUEST_TESTS"))
struct PairTests {
  /// How long Linux's driver may take to give a request up and bring the interface back: KCS's own
  /// time-out of 5 s, for the request and for the recovery.
  private static let recoveryLimit: TimeInterval = 15

  @Test func `the demonstration shows what the firmware answers`() throws {
    let logs = try TemporaryDirectory()
    let run = try CommandLineRun(["pair-qemu", "--log-directory", logs.path], timeout: 240)
    try #require(run.status == .exited(0), "\(run.text)")
    let lines = Set(run.lines)
    #expect(run.lines.last?.hasPrefix("OK: 7 of 7 commands") == true)
    for command in Demonstration.commands { #expect(lines.contains("$ \(command)")) }
    #expect(run.text.contains("ipmi-host-bridge firmware for npcm750-evb"))
    #expect(run.text.contains("Get Device ID"))
    for log in ["bmc.log", "host.log"] {
      let contents = try String(contentsOfFile: logs.appending(log), encoding: .utf8)
      #expect(contents.contains("\n"))
    }
  }

  @Test func `a command that fails on the host makes the verdict, and commands keep their output`()
    throws
  {
    let directory = try TemporaryDirectory()
    let script = directory.appending("script")
    // Longer than one line of the console takes.
    let padding = String(repeating: "# padding\n", count: 1000)
    try (padding + "echo from the script; printf 'no end of line'; exit 5\n")
      .write(toFile: script, atomically: true, encoding: .utf8)
    let run = try CommandLineRun(
      ["pair-qemu", "--host-command", "ipmitool mc info", "--host-script", script], timeout: 240)
    #expect(run.status == .exited(1))
    let verdict = try #require(run.lines.last)
    try #require(verdict.hasPrefix("FAILED"), "\(run.text)")
    #expect(verdict.contains("ended with status 5"))
    #expect(run.text.contains("\nfrom the script\nno end of line\n"))
  }

  @Test func `the BMC answers again after the host is killed in the middle of a request`() throws {
    let pair = try makePair()
    try pair.start()
    let before = try pair.run("ipmitool mc info")
    #expect(before.status == 0)
    try leaveRequestUnanswered(pair)
    pair.killHost()
    pair.bmc?.resume()
    try pair.startHost()
    let after = try firstSuccess("ipmitool mc info", of: pair)
    #expect(after.lines == before.lines)
  }

  @Test func `the host gets answers again after its BMC is killed in the middle of a request`()
    throws
  {
    let pair = try makePair()
    try pair.start()
    let before = try pair.run("ipmitool mc info")
    #expect(before.status == 0)
    try leaveRequestUnanswered(pair)
    pair.killBMC()
    try pair.startBMC()
    let after = try firstSuccess("ipmitool mc info", of: pair)
    #expect(after.lines == before.lines)
  }

  @Test func `either side may be killed at any moment of a stream of requests`() throws {
    let pair = try makePair()
    try pair.start()
    let before = try pair.run("ipmitool raw 6 1")
    #expect(before.status == 0)
    for round in 1...3 {
      let bmc = try #require(pair.bmc)
      var cursor = bmc.lines.count
      try pair.host?.begin("while :; do ipmitool raw 6 1; done >/dev/null 2>&1 &")
      for _ in 0..<5 {
        try bmc.wait(for: "stream of requests", from: &cursor, timeout: 30) {
          $0.contains("Get Device ID")
        }
      }
      if round == 2 {
        pair.killHost()
        try pair.startHost()
      } else {
        pair.killBMC()
        try pair.startBMC()
        _ = try pair.host?.finish("the stream's start", timeout: 60)
        _ = try pair.run("kill $(jobs -p) 2>/dev/null; killall -q ipmitool; true")
      }
      let after = try firstSuccess("ipmitool raw 6 1", of: pair)
      #expect(after.lines == before.lines, "round \(round)")
    }
  }

  @Test func `an interrupted demonstration leaves nothing behind`() throws {
    let process = try CommandLineRun.start(["pair-qemu"])
    var cursor = 0
    try process.wait(for: "host's boot", from: &cursor, timeout: 60) {
      $0.hasPrefix("host  booting")
    }
    var children = try childProcesses(of: process.processIdentifier)
    let deadline = Date(timeIntervalSinceNow: 30)
    while children.count < 2, Date() < deadline {
      children = try childProcesses(of: process.processIdentifier)
    }
    #expect(children.count == 2)
    process.interrupt()
    #expect(try process.waitForExit(timeout: 30) == .exited(128 + SIGINT))
    for child in children { #expect(!isRunning(child), "\(child)") }
  }

  // MARK: What they share

  func makePair(controlsHost: Bool = true) throws -> EmulatedPair {
    let bmc: BMC
    // To try the tests themselves where the firmware is the suspect.
    if ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_TEST_BMC"] == "ipmi_sim" {
      bmc = .ipmiSim()
    } else {
      bmc = try .firmware(#require(Board.named("npcm750-evb")), controlsHost: controlsHost)
    }
    return try EmulatedPair(
      EmulatedPair.Configuration(
        bmc: bmc, hostKernel: try Artifacts.hostKernel(), hostInitrd: try Artifacts.hostInitrd()))
  }

  /// Runs a command until it succeeds, for at most `recoveryLimit`: QEMU looks for a BMC that went
  /// away once a second, and until then answers itself that there is none (completion code D2h).
  func firstSuccess(_ command: String, of pair: EmulatedPair) throws -> CommandResult {
    let deadline = Date(timeIntervalSinceNow: Self.recoveryLimit)
    while true {
      let left = deadline.timeIntervalSinceNow
      let result = try pair.run(command, timeout: max(left, 0))
      if result.status == 0 { return result }
      try #require(left > 0, "\(result.lines)")
    }
  }

  /// Stops the BMC, and has the host send a request that it so cannot answer.
  private func leaveRequestUnanswered(_ pair: EmulatedPair) throws {
    pair.bmc?.suspend()
    // A process that waits for its response is in select or poll.
    let sent = try pair.run(
      "ipmitool raw 6 1 >/dev/null 2>&1 & "
        + "until grep -Eq 'select|poll' /proc/$!/wchan; do :; done; jobs")
    #expect(sent.lines.contains { $0.contains("Running") }, "\(sent.lines)")
  }

  private func childProcesses(of process: Int32) throws -> [Int32] {
    // One file per thread: a child belongs to the thread that started it.
    let tasks = "/proc/\(process)/task"
    return try FileManager.default.contentsOfDirectory(atPath: tasks).flatMap { thread in
      let list = (try? String(contentsOfFile: "\(tasks)/\(thread)/children", encoding: .utf8)) ?? ""
      return list.split(separator: " ").compactMap { Int32($0) }
    }
  }

  private func isRunning(_ process: Int32) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
      return false
    }
    // A zombie has ended; whoever inherited it has not noticed yet.
    return !status.contains(") Z ")
  }
}
