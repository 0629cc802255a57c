import EmulatedPair
import Foundation
import IPMI
import Testing

@testable import CharacterDevice

/// Stock ipmitool and FreeIPMI on this machine, with a BMC behind their /dev/ipmi0.
@Suite(.enabled(if: !Command.Way.all.isEmpty, "FUSE, or the device library"))
struct HostProgramTests {
  /// A daemon behind KCS, which listens for a host.
  private static func daemon(_ socket: String, by way: Command.Way) throws -> ChildProcess {
    let process = try ChildProcess(
      name: "openbmc",
      command: [Command.executable, "openbmc", "--device", way.rawValue, "--kcs", "ipmi-kcs3"]
        + ["--host", "unix:" + socket, "--", Command.daemon, "kcsbridged", "/dev/ipmi-kcs3"],
      // What a server that is killed leaves goes with the folder.
      environment: ["TMPDIR": URL(fileURLWithPath: socket).deletingLastPathComponent().path])
    var cursor = 0
    try process.wait(for: "the daemon", from: &cursor, timeout: 20) { $0 == "ipmi-kcs3 open" }
    return process
  }

  @Test(
    .enabled(if: Programs.find("ipmitool") != nil, "ipmitool is not installed"),
    arguments: Command.Way.all)
  func ipmitoolReachesADaemonThroughBothFiles(by way: Command.Way) throws {
    let directory = try TemporaryDirectory()
    let socket = directory.appending("bmc")
    let daemon = try Self.daemon(socket, by: way)
    for last in ["01", "02", "03"] {
      let run = try Command.host(
        socket, ["ipmitool", "raw", "0x2e", "0x10", "1", "2", last], by: way)
      #expect(run.status == .exited(0), "\(run.lines)")
      #expect(run.lines.contains(" 01 02 \(last)"), "\(run.lines)")
    }
    #expect(daemon.lines.contains("ipmi-kcs3 read  b8 10 01 02 03"))
    #expect(daemon.exitStatus == nil)
  }

  @Test(
    .enabled(if: Programs.find("ipmitool") != nil, "ipmitool is not installed"),
    arguments: Command.Way.all)
  func ipmitoolReachesTheSimulator(by way: Command.Way) throws {
    let directory = try TemporaryDirectory()
    let socket = directory.appending("bmc")
    let bmc = try ChildProcess(
      name: "simulate", command: [Command.executable, "simulate", "--listen", "unix:" + socket])
    var cursor = 0
    try bmc.wait(for: "the BMC", from: &cursor, timeout: 20) { $0.hasPrefix("listening on ") }
    let info = try Command.host(socket, ["ipmitool", "mc", "info"], by: way)
    #expect(info.status == .exited(0), "\(info.lines)")
    #expect(info.lines.contains { $0.hasPrefix("IPMI Version") && $0.hasSuffix(": 2.0") })
    // An answer that is no success is ipmitool's own failure, and its status this program's.
    let trace = directory.appending("host.jsonl")
    let failure = try Command.host(
      socket, ["ipmitool", "raw", "6", "0xff"], by: way, options: ["--trace", trace])
    #expect(failure.status == .exited(1))
    let events = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
    #expect(events.dropFirst().allSatisfy { $0.contains(#""channel":"ipmi0""#) }, "\(events)")
    for event in ["connected", "request", "response", "disconnected"] {
      #expect(events.contains { $0.contains(#""event":"\#(event)""#) }, "\(event): \(events)")
    }
    // What ipmitool asked last.
    #expect(events.last { $0.contains("request") }?.contains(#""command":255"#) == true)
    if Programs.find("bmc-info") != nil {
      let free = try Command.host(
        socket, ["bmc-info", "--driver-type=OPENIPMI", "--driver-device=/dev/ipmi0"], by: way)
      #expect(free.status == .exited(0), "\(free.lines)")
      #expect(free.lines.contains { $0.hasPrefix("Device ID") && $0.hasSuffix(": 32") })
    }
  }

  /// ipmitool's own daemon of events, which the driver tells of them; ipmitool makes one.
  @Test(
    .enabled(if: Programs.find("ipmievd") != nil, "ipmievd is not installed"),
    arguments: Command.Way.all)
  func ipmievdIsToldOfAnEvent(by way: Command.Way) throws {
    let directory = try TemporaryDirectory()
    let socket = directory.appending("bmc")
    let bmc = try ChildProcess(
      name: "simulate", command: [Command.executable, "simulate", "--listen", "unix:" + socket])
    var cursor = 0
    try bmc.wait(for: "the BMC", from: &cursor, timeout: 20) { $0.hasPrefix("listening on ") }
    // It says when it waits, and ends with what it was told.
    let script = """
      mkfifo "$1/events"; ipmievd open nodaemon pidfile="$1/pid" >"$1/events" 2>&1 &
      while read -r line; do
        echo "$line"
        case $line in
          *"Waiting for events"*) ipmitool event 1 >"$1/event" 2>&1;;
          *"Upper Critical going high"*) kill $!; exit 0;;
        esac
      done <"$1/events"
      """
    let run = try Command.host(socket, ["sh", "-c", script, "sh", directory.path], by: way)
    #expect(run.status == .exited(0), "\(run.lines)")
    #expect(run.lines.last == "Temperature sensor - Upper Critical going high", "\(run.lines)")
  }

  @Test func withoutABMCItIsSaidWhatToDo() throws {
    let directory = try TemporaryDirectory()
    let run = try Command.host(directory.appending("none"), ["true"])
    #expect(run.status == .exited(1))
    #expect(run.lines.contains { $0.contains("start the BMC first") })
  }
}
