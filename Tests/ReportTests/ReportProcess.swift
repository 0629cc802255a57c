import EmulatedPair
import Foundation

/// `ipmi-host-bridge report`, as a user runs it.
enum ReportProcess {
  /// The executable that was built along with the tests, in the same folder.
  private static let executable = URL(fileURLWithPath: runner).deletingLastPathComponent()
    .appendingPathComponent("ipmi-host-bridge").path

  private static var runner: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
  }

  /// Runs it to its end.
  static func run(_ arguments: [String]) throws -> (status: ExitStatus, text: String) {
    let process = try ChildProcess(name: "report", command: [executable, "report"] + arguments)
    return (try process.waitForExit(timeout: 60), process.lines.joined(separator: "\n"))
  }
}
