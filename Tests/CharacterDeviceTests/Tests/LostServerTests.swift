import EmulatedPair
import Foundation
import Testing

/// What becomes of a daemon once nobody serves its device any more.
@Suite(.enabled(if: !Command.Way.all.isEmpty, "FUSE, or the device library"))
struct LostServerTests {
  /// Kills the server once the daemon has said `word`. The daemon is a shell's child, so that it
  /// outlives its server; the pipe ends when it does.
  private static let script = """
    pipe=$1; word=$2; shift 2; mkfifo "$pipe"
    "$@" >"$pipe" 2>&1 & server=$!
    while read -r line; do
      echo "$line"
      case $line in "$word"*) kill -9 $server;; esac
    done <"$pipe"
    """

  /// What a daemon prints from the beginning to its own end, of which its server has no part.
  private static func outlive(
    _ kind: ProgramTests.Kind, by way: Command.Way, as mode: String, killedAfter word: String
  ) throws -> [String] {
    let directory = try TemporaryDirectory()
    let process = try ChildProcess(
      name: "server",
      command: ["sh", "-c", script, "sh", directory.appending("pipe"), word]
        + [Command.executable, "openbmc", "--device", way.rawValue, "--quiet"] + kind.options
        + ["--host", "unix:" + directory.appending("host")]
        + ["--", "sh", "-c", "\"$@\" & wait", "sh"]
        + [Command.daemon, mode, "/dev/" + kind.device],
      // What a server that is killed leaves goes with the folder.
      environment: ["TMPDIR": directory.path])
    _ = try process.waitForExit(timeout: 30)
    return process.lines
  }

  /// Errors, which do not pass, and never the end of a file; one edge, so EPOLLET does not loop.
  @Test(arguments: ProgramTests.Kind.all, Command.Way.all)
  func killedServerIsAnErrorOfEveryCall(_ kind: ProgramTests.Kind, by way: Command.Way) throws {
    let lines = try Self.outlive(kind, by: way, as: "lost", killedAfter: "waits")
    let calls = ["read: ENOTCONN", "write: ENOTCONN", "ioctl: ENOTCONN"]
    let own = Array(lines.suffix(11))
    let results = own.filter { !$0.contains("0x") }
    #expect(results == ["waits"] + calls + calls + ["edges: 0"], "\(lines)")
    // A socket says POLLHUP, and that it can be read; with POLLERR where bytes of ours are lost.
    let ready = own.filter { $0.contains("0x") }.map { String($0.split(separator: " ")[1]) }
    #expect(Set(ready).isSubset(of: way == .fuse ? ["0x8"] : ["0x11", "0x19"]), "\(lines)")
    #expect(ready.count == 3)
  }

  /// One that looked at POLLIN and POLLOUT alone once went on for ever, at 40 % of a processor.
  @Test(arguments: ProgramTests.Kind.all, Command.Way.all)
  func daemonOfAKilledServerEnds(_ kind: ProgramTests.Kind, by way: Command.Way) throws {
    let lines = try Self.outlive(kind, by: way, as: kind.daemon, killedAfter: "user ")
    let last = try #require(lines.last)
    #expect(last.hasPrefix("poll: ") || last.hasPrefix("epoll: ") || last == "read: ENOTCONN")
  }

  /// A shell ends and leaves its daemon behind.
  @Test(arguments: Command.Way.all)
  func daemonThatIsLeftRunningEndsWithItsServer(by way: Command.Way) throws {
    let directory = try TemporaryDirectory()
    let pipe = directory.appending("pipe")
    let run = try Command.run(
      ["--bt", "--host", "unix:" + directory.appending("host"), "--", "sh", "-c"]
        + ["mkfifo $0; \"$@\" >$0 & read -r line <$0; echo daemon $!; exit 3", pipe]
        + [Command.daemon, "btbridged", "/dev/ipmi-bt-host"], by: way)
    #expect(run.status == .exited(3), "\(run.lines)")
    let line = try #require(run.lines.first { $0.hasPrefix("daemon ") }, "\(run.lines)")
    let daemon = try #require(Int32(line.dropFirst("daemon ".count)))
    #expect(kill(daemon, 0) < 0)
  }
}
