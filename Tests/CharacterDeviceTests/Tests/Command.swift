import EmulatedPair
import Foundation

/// `ipmi-host-bridge openbmc`, as a user runs it.
enum Command {
  private static let directory = URL(fileURLWithPath: runner).deletingLastPathComponent()
  static let executable = directory.appendingPathComponent("ipmi-host-bridge").path
  static let daemon = directory.appendingPathComponent("bmc-daemon").path

  private static var runner: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
  }

  /// Runs it to its end; both of its outputs, in lines.
  static func run(
    _ arguments: [String], timeout: TimeInterval = 30
  ) throws -> (status: ExitStatus, lines: [String]) {
    let process = try ChildProcess(
      name: "openbmc", command: [executable, "openbmc"] + arguments)
    return (try process.waitForExit(timeout: timeout), process.lines)
  }

  /// Runs a program of a host's in front of the BMC at `socket`, likewise.
  static func host(
    _ socket: String, _ command: [String]
  ) throws -> (status: ExitStatus, lines: [String]) {
    let process = try ChildProcess(
      name: "host", command: [executable, "host", "--bmc", "unix:" + socket, "--"] + command)
    return (try process.waitForExit(timeout: 30), process.lines)
  }

  /// Whether this machine lets us have devices: the command itself says.
  static let isAllowed: Bool = {
    let trial = try? run(["--kcs", "ipmi-kcs3", "--host", "simulate", "--", "true"])
    return trial.map { $0.status != .exited(77) } ?? true
  }()
}
