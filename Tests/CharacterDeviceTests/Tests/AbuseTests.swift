import IPMI
import SystemInterfaces
import Testing

@testable import CharacterDevice

/// Hosts that misbehave, at a real daemon.
@Suite(.enabled(if: !Command.Way.all.isEmpty, "FUSE, or the device library"))
struct AbuseTests {
  @Test(arguments: ProgramTests.Kind.all, Command.Way.all)
  func daemonThatKeepsTheRulesGetsOverAll(_ kind: ProgramTests.Kind, by way: Command.Way) throws {
    let run = try Command.run(
      kind.options + ["--abuse", "all", "--quiet"] + kind.command(), by: way, timeout: 120)
    #expect(run.status == .exited(0), "\(run.lines)")
    let names = Abuse.all.filter { $0.kind == kind.kind }.map(\.name)
    #expect(names.count >= 14)
    for name in names {
      #expect(run.lines.contains { $0.hasPrefix("ok ") && $0.contains(" \(name): ") }, "\(name)")
    }
  }

  @Test func listHasEveryNameAndWhatItMeans() throws {
    let run = try Command.run(["--abuse", "list"])
    #expect(run.status == .exited(0))
    for abuse in Abuse.all {
      let index = try #require(run.lines.firstIndex(of: "  " + abuse.name))
      #expect(run.lines[index + 1] == "    The host \(abuse.summary).")
      #expect(run.lines[index + 2] == "    The driver: \(abuse.rule) (\(abuse.source)).")
    }
  }

  /// It lives for two answers, so the third request finds another process.
  @Test(arguments: Command.Way.all)
  func daemonThatEndsIsNotOKAndIsStartedAgain(by way: Command.Way) throws {
    let run = try Command.run(
      ["--bt", "--abuse", "bt-length-0", "--abuse", "bt-length-1", "--abuse", "bt-length-2"]
        + ["--quiet"] + ProgramTests.Kind.all[1].command(["exit=2"]), by: way, timeout: 60)
    #expect(run.status == .exited(1), "\(run.lines)")
    let results = run.lines.filter { $0.hasPrefix("ok ") || $0.hasPrefix("not ok ") }
    #expect(results.map { $0.hasPrefix("ok ") } == [true, false, true], "\(run.lines)")
    #expect(run.lines.contains("# it ended with status 7, and was started again"))
  }

  @Test(arguments: Command.Way.all)
  func lateAnswerIsRefusedAndReported(by way: Command.Way) throws {
    let run = try Command.run(
      ["--kcs", "ipmi-kcs3", "--abuse", "kcs-abort-while-working", "--quiet"]
        + ProgramTests.Kind.all[0].command(["late=50"]), by: way)
    #expect(run.status == .exited(0), "\(run.lines)")
    #expect(
      run.lines.contains { $0.hasPrefix("# the daemon: ") && $0.contains("1 write: EINVAL") },
      "\(run.lines)")
  }

  /// kcsbridged a46dd8f answers so where it has no ipmid: two bytes of its stack, then FFh.
  @Test(.enabled(if: Command.isAllowed, "FUSE in a mount namespace of one's own"))
  func answerToAnotherRequestIsReported() throws {
    let run = try Command.run(
      ["--kcs", "ipmi-kcs3", "--abuse", "kcs-no-data", "--quiet"]
        + ProgramTests.Kind.all[0].command(["wrong"]))
    #expect(
      run.lines.contains { $0.hasSuffix("1 answers to another request, 1 answers written") }
        || run.lines.contains { $0.hasSuffix("1 answers written, 1 answers to another request") },
      "\(run.lines)")
  }

  @Test func unknownNameIsRefused() throws {
    let run = try Command.run(["--bt", "--abuse", "none", "--", "true"])
    #expect(run.status == .exited(64))
    #expect(run.lines.contains { $0.contains("--abuse list names them") })
  }
}
