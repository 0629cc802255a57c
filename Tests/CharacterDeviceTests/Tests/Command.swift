import EmulatedPair
import Foundation

/// `ipmi-host-bridge openbmc`, as a user runs it.
enum Command {
  private static let directory = URL(fileURLWithPath: runner).deletingLastPathComponent()
  static let executable = directory.appendingPathComponent("ipmi-host-bridge").path
  /// How a program may get at its devices here. FUSE, where this machine allows it; the library, where
  /// IPMI_HOST_BRIDGE_DEVICE_LIBRARY names one.
  enum Way: String, CaseIterable {
    case fuse, preload

    static let all = allCases.filter { $0 == .fuse ? isAllowed : hasLibrary }
    private static let hasLibrary =
      ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_DEVICE_LIBRARY"] != nil
  }

  static let daemon = directory.appendingPathComponent("bmc-daemon").path

  private static var runner: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
  }

  /// Runs it to its end; both of its outputs, in lines.
  static func run(
    _ arguments: [String], by way: Way = .fuse, timeout: TimeInterval = 30
  ) throws -> (status: ExitStatus, lines: [String]) {
    let process = try ChildProcess(
      name: "openbmc", command: [executable, "openbmc", "--device", way.rawValue] + arguments)
    return (try process.waitForExit(timeout: timeout), process.lines)
  }

  /// Runs it where /dev/fuse is a file that FUSE does not know; as root, or as nobody.
  static func runWithoutFUSE(
    _ arguments: [String], asNobody: Bool = false, environment: [String: String] = [:]
  ) throws -> (status: ExitStatus, lines: [String]) {
    let user = asNobody ? "setpriv --reuid 65534 --regid 65534 --clear-groups" : ""
    let script = "mount --bind /dev/null /dev/fuse && cd / && exec \(user) \"$@\""
    let process = try ChildProcess(
      name: "openbmc",
      command: ["unshare", "-m", "sh", "-c", script, "sh", executable, "openbmc"] + arguments,
      environment: environment)
    return (try process.waitForExit(timeout: 30), process.lines)
  }

  /// Runs a program of a host's in front of the BMC at `socket`, likewise.
  static func host(
    _ socket: String, _ command: [String], by way: Way = .fuse, options: [String] = []
  ) throws -> (status: ExitStatus, lines: [String]) {
    let process = try ChildProcess(
      name: "host",
      command: [executable, "host", "--device", way.rawValue, "--bmc", "unix:" + socket]
        + options + ["--"] + command)
    return (try process.waitForExit(timeout: 30), process.lines)
  }

  /// Whether this machine lets us have devices: the command itself says.
  static let isAllowed: Bool = {
    let trial = try? run(["--kcs", "ipmi-kcs3", "--host", "simulate", "--", "true"])
    return trial.map { $0.status != .exited(77) } ?? true
  }()
}
