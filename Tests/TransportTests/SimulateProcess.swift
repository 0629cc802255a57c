import EmulatedPair
import Foundation

/// `ipmi-host-bridge simulate`, as a user runs it.
enum SimulateProcess {
  /// How it ended, and what it has printed.
  typealias Outcome = (status: ExitStatus, lines: [String])

  /// The executable that was built along with the tests, in the same folder.
  static let executable = URL(fileURLWithPath: runner).deletingLastPathComponent()
    .appendingPathComponent("ipmi-host-bridge").path

  private static var runner: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
  }

  /// Starts it, or another command; with links to listen on, returns when it does.
  static func start(
    _ arguments: [String], command: String = "simulate"
  ) throws -> ChildProcess {
    let process = try ChildProcess(
      name: command,
      // As a shell starts it: this program ignores SIGPIPE, and its children inherit that.
      command: ["env", "--default-signal=PIPE", executable, command] + arguments)
    var cursor = 0
    for argument in arguments where argument == "--listen" {
      try process.wait(for: argument, from: &cursor, timeout: 60) { $0.hasPrefix("listening on ") }
    }
    return process
  }

  /// Runs it, or another command, to its own end.
  static func run(
    _ arguments: [String], command: String = "simulate"
  ) throws -> Outcome {
    let process = try ChildProcess(name: command, command: [executable, command] + arguments)
    return (try process.waitForExit(timeout: 30), process.lines)
  }
}

extension ChildProcess {
  /// Sends a signal that ends it, and waits for that.
  func end(by signal: CInt) throws -> ExitStatus {
    Glibc.kill(processIdentifier, signal)
    return try waitForExit(timeout: 20)
  }
}
