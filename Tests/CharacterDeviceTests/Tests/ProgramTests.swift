import EmulatedPair
import Foundation
import Testing

@testable import CharacterDevice

/// Real programs, real files: `ipmi-host-bridge openbmc` with a daemon.
///
/// By FUSE, which most containers do not allow, and by the device library.
@Suite(.enabled(if: !Command.Way.all.isEmpty, "FUSE, or the device library"))
struct ProgramTests {
  /// A daemon, and the options that give it its device.
  struct Kind: CustomTestStringConvertible, Sendable {
    var kind: DeviceKind
    var daemon: String
    var device: String
    var options: [String]

    var testDescription: String { daemon }

    static let all = [
      Kind(
        kind: .kcs, daemon: "kcsbridged", device: "ipmi-kcs3", options: ["--kcs", "ipmi-kcs3"]),
      Kind(kind: .bt, daemon: "btbridged", device: "ipmi-bt-host", options: ["--bt"]),
      Kind(kind: .ssif, daemon: "ssifbridged", device: "ipmi-ssif-host", options: ["--ssif"]),
    ]

    /// bmc-device-checks, of `firmware-stubs`: its own system calls, or the C library's.
    static func checks(for way: Command.Way) -> String? {
      ProcessInfo.processInfo.environment[
        way == .fuse ? "IPMI_HOST_BRIDGE_DEVICE_CHECKS" : "IPMI_HOST_BRIDGE_LIBRARY_CHECKS"]
    }
    /// The ways by which they can be run.
    static let checked = Command.Way.all.filter { checks(for: $0) != nil }

    /// Our own daemon, which does what that one does.
    func command(_ arguments: [String] = []) -> [String] {
      ["--", Command.daemon, daemon, "/dev/" + device] + arguments
    }
  }

  @Test(arguments: Kind.all, Command.Way.all)
  func daemonAnswersAScript(_ kind: Kind, by way: Command.Way) throws {
    let run = try Command.run(kind.options + ["--host", "simulate"] + kind.command(), by: way)
    #expect(run.status == .exited(0), "\(run.lines)")
    #expect(run.lines.contains("1..6"))
    #expect(run.lines.filter { $0.hasPrefix("ok ") }.count == 6)
    #expect(run.lines.contains { $0 == "ok 1 - \(kind.device) 06 01 Get Device ID -> 00" })
    #expect(run.lines.contains("\(kind.device) open"))
  }

  @Test(arguments: Kind.all) func whatTheDaemonReadsAndWritesIsTraced(_ kind: Kind) throws {
    let directory = try TemporaryDirectory()
    let file = directory.appending("daemon.jsonl")
    let run = try Command.run(
      kind.options + ["--host", "simulate", "--trace", file] + kind.command(),
      by: try #require(Command.Way.all.first))
    #expect(run.status == .exited(0), "\(run.lines)")
    let text = try String(contentsOfFile: file, encoding: .utf8)
    var open: [Int: String] = [:]
    var answered: [String] = []
    for line in text.split(separator: "\n").dropFirst() {
      let event = try #require(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(event["channel"] as? String == kind.device)
      guard let id = event["id"] as? Int, let name = event["name"] as? String else { continue }
      if event["event"] as? String == "request" {
        #expect(open.updateValue(name, forKey: id) == nil)
      } else {
        #expect(open.removeValue(forKey: id) == name)
        answered.append(name)
      }
    }
    // BT's host and SSIF's ask for capabilities first.
    #expect(answered.count == (kind.kind == .kcs ? 6 : 7), "\(text)")
    #expect(answered.suffix(6).first == "Get Device ID")
    #expect(open.isEmpty)
  }

  @Test(arguments: Kind.all, Command.Way.all)
  func exitStatusIsTheDaemonsOwn(_ kind: Kind, by way: Command.Way) throws {
    let run = try Command.run(
      kind.options + ["--host", "simulate"] + kind.command(["exit=2"]), by: way)
    #expect(run.status == .exited(7), "\(run.lines)")
    #expect(run.lines.contains { $0.hasPrefix("Bail out! The program ended with status 7") })
  }

  @Test(arguments: Command.Way.all)
  func everyLengthComesThroughUnchanged(by way: Command.Way) throws {
    let directory = try TemporaryDirectory()
    var script = ""
    for length in [0, 1, 2, 100, 252, 297] {
      let data = (0..<length).map { String(UInt8(truncatingIfNeeded: $0 &* 7), radix: 16) }
        .joined(separator: " ")
      script += "2e 10 \(data) -> 00 \(data)\n"
    }
    let file = directory.appending("script")
    try script.write(toFile: file, atomically: true, encoding: .utf8)
    let run = try Command.run(
      ["--kcs", "ipmi-kcs3", "--host", "script:" + file] + Kind.all[0].command(), by: way)
    #expect(run.status == .exited(0), "\(run.lines)")
    #expect(run.lines.filter { $0.hasPrefix("ok ") }.count == 6)
  }

  @Test func answerThatIsNotExpectedIsStatusOne() throws {
    let directory = try TemporaryDirectory()
    let file = directory.appending("script")
    try "06 01 -> c1\n06 04\n".write(toFile: file, atomically: true, encoding: .utf8)
    let run = try Command.run(
      ["--kcs", "ipmi-kcs3", "--host", "script:" + file] + Kind.all[0].command())
    #expect(run.status == .exited(1), "\(run.lines)")
    #expect(run.lines.contains { $0.hasPrefix("not ok 1 - ") })
    #expect(run.lines.contains { $0.hasPrefix("ok 2 - ") })
  }

  @Test(arguments: Command.Way.all)
  func duplicateAnswerIsEINVALOnKCS(by way: Command.Way) throws {
    let run = try Command.run(
      ["--kcs", "ipmi-kcs3", "--host", "simulate"] + Kind.all[0].command(["twice"]), by: way)
    #expect(run.status == .exited(0), "\(run.lines)")
    #expect(run.lines.filter { $0 == "write: EINVAL" }.count >= 5)
  }

  /// The driver gives a daemon 500 ms, the daemon takes 700: nothing it writes reaches the host.
  @Test(arguments: Command.Way.all)
  func lateAnswerOfSSIFIsEINVAL(by way: Command.Way) throws {
    let directory = try TemporaryDirectory()
    let file = directory.appending("script")
    try "06 01 -> d2".write(toFile: file, atomically: true, encoding: .utf8)
    let run = try Command.run(
      ["--ssif", "--host", "script:" + file] + Kind.all[2].command(["late=700"]), by: way,
      timeout: 60)
    #expect(run.lines.contains("write: EINVAL"), "\(run.lines)")
  }

  @Test(.enabled(if: Command.isAllowed, "FUSE in a mount namespace of one's own"))
  func nobodyElseSeesTheDevice() throws {
    let run = try Command.run(
      ["--kcs", "ipmi-kcs7", "--host", "simulate", "--", "sh", "-c"]
        + ["ls -l /dev/ipmi-kcs7 /dev/null /dev/fd/0; nsenter --version >/dev/null; exit 3"])
    #expect(run.status == .exited(3), "\(run.lines)")
    #expect(run.lines.contains { $0.hasSuffix(" /dev/ipmi-kcs7") })
    #expect(run.lines.contains { $0.hasSuffix(" /dev/null") })
    #expect(!FileManager.default.fileExists(atPath: "/dev/ipmi-kcs7"))
  }

  @Test(arguments: Command.Way.all)
  func programThatIsNotThereIsSaidSo(by way: Command.Way) throws {
    let run = try Command.run(
      ["--kcs", "ipmi-kcs3", "--host", "simulate", "--", "no-such-daemon"], by: way)
    #expect(run.status != .exited(0))
    #expect(run.lines.contains { $0.contains("could not run no-such-daemon: No such file") })
  }

  /// A `read` that sleeps keeps nobody off, a signal ends it, a file is closed when nobody has it any
  /// more, and a number that another file has got is that file's.
  @Test(arguments: Command.Way.all)
  func fileIsSharedAsTheKernelsAre(by way: Command.Way) throws {
    let directory = try TemporaryDirectory()
    let run = try Command.run(
      ["--kcs", "ipmi-kcs3", "--quiet", "--host", "unix:" + directory.appending("host"), "--"]
        + [Command.daemon, "share", "/dev/ipmi-kcs3"], by: way)
    #expect(run.status == .exited(0), "\(run.lines)")
    #expect(
      run.lines == [
        "an ioctl beside it: ok", "a read that slept, after a signal: EAGAIN",
        "a child's ioctl: ok", "its parent's: ok", "open while the parent has it: EBUSY",
        "a child's ioctl: ok", "open while a child has it: EBUSY",
        "open, once the child has ended: ok", "write to what has its number: ok", "open: ok",
      ])
  }

  /// The program that checks the real drivers on an ARM BMC, built for this machine; with the C
  /// library, where that is what brings its calls.
  @Test(
    .enabled(
      if: !Kind.checked.isEmpty,
      "IPMI_HOST_BRIDGE_DEVICE_CHECKS and _LIBRARY_CHECKS name no bmc-device-checks"),
    arguments: Kind.all, Kind.checked)
  func deviceDoesWhatTheDriverDoes(_ kind: Kind, by way: Command.Way) throws {
    let directory = try TemporaryDirectory()
    let file = directory.appending("script")
    // More than are answered: the program ends first.
    try String(repeating: "06 01\n", count: 8).write(
      toFile: file, atomically: true, encoding: .utf8)
    let name = String(kind.daemon.dropLast("bridged".count))
    let run = try Command.run(
      kind.options + ["--host", "script:" + file, "--quiet", "--"]
        + [Kind.checks(for: way)!, name, "/dev/" + kind.device], by: way, timeout: 60)
    let checks = run.lines.filter { !$0.contains(" - \(kind.device) ") }
    #expect(!checks.contains { $0.hasPrefix("not ok") }, "\(run.lines)")
    let count = checks.count { $0.hasPrefix("ok ") }
    #expect(count == [.kcs: 36, .bt: 21, .ssif: 18][kind.kind])
    // Whole, up to the plan at its end.
    #expect(checks.contains("1..\(count)"), "\(run.lines)")
  }

  /// An ordinary user: not root, and no right but to open /dev/fuse, as distributions give it.
  @Test(
    .enabled(if: getuid() == 0 && Command.isAllowed, "only root can be somebody else"),
    arguments: Kind.all)
  func ordinaryUserNeedsNoPrivilege(_ kind: Kind) throws {
    let script = """
      mount -t tmpfs tmpfs /mnt && mknod -m 666 /mnt/fuse c 10 229 &&
      mount --bind /mnt/fuse /dev/fuse && cd / &&
      exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
      """
    let arguments =
      [Command.executable, "openbmc"] + kind.options + ["--host", "simulate"] + kind.command()
    let process = try ChildProcess(
      name: "openbmc", command: ["unshare", "-m", "sh", "-c", script, "sh"] + arguments)
    let status = try process.waitForExit(timeout: 30)
    #expect(status == .exited(0), "\(process.lines)")
    #expect(process.lines.contains("user 65534 has /dev/\(kind.device)"))
    #expect(process.lines.filter { $0.hasPrefix("ok ") }.count == 6)
  }
}
