import EmulatedPair
import Foundation

/// Runs the command line as a user does.
struct CommandLineRun {
  let status: ExitStatus
  /// Standard output and standard error, in the order of arrival.
  let lines: [String]

  var text: String { lines.joined(separator: "\n") }

  init(
    _ arguments: [String], environment: [String: String] = [:], timeout: TimeInterval = 30
  ) throws {
    let process = try Self.start(arguments, environment: environment)
    status = try process.waitForExit(timeout: timeout)
    lines = process.lines
  }

  static func start(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> ChildProcess {
    try ChildProcess(
      name: "ipmi-host-bridge", command: [executable] + arguments, environment: environment)
  }

  /// The executable that was built along with the tests, in the same folder.
  static let executable = URL(fileURLWithPath: runner).deletingLastPathComponent()
    .appendingPathComponent("ipmi-host-bridge").path

  private static var runner: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
  }
}

/// Whether the tests that need the guests are wanted. `make test` makes what they need and sets
/// this; then a missing file is a failure, not a reason to skip.
let guestTestsAreWanted =
  ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_GUEST_TESTS"] == "1"
