import Foundation

/// A program that runs beside this one, with its console: what it prints can be waited for, and
/// lines can be typed into it. It is killed when this value is released, or by a signal that ends
/// this program.
public final class ChildProcess: @unchecked Sendable {
  /// The name used in messages, such as "BMC".
  public let name: String
  /// Guards `process`, which only `kill` touches after `init`.
  private let process: Process
  private let input: FileHandle
  private let transcript: Transcript

  /// Starts a program.
  /// - Parameters:
  ///   - name: what messages call it.
  ///   - command: the program, found on `PATH` unless it has a slash, and its arguments.
  ///   - environment: variables set on top of this program's own.
  ///   - log: a file that gets every line it prints, appended.
  ///   - observer: called with every line it prints.
  public init(
    name: String, command: [String], environment: [String: String] = [:], log: URL? = nil,
    observer: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    self.name = name
    guard let program = command.first, let path = Programs.find(program) else {
      throw EmulatorError(
        "\(command.first ?? "") was not found on PATH; `make demo` installs what is needed")
    }
    let logFile = try log.map(LogFile.init)
    let transcript = Transcript { line in
      logFile?.append(line)
      observer(line)
    }
    self.transcript = transcript

    Interruption.prepare()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = Array(command.dropFirst())
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    let output = Pipe()
    let input = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = input
    self.process = process
    self.input = input.fileHandleForWriting
    process.terminationHandler = { ended in
      transcript.ended(
        ended.terminationReason == .exit
          ? .exited(ended.terminationStatus) : .signalled(ended.terminationStatus))
    }
    do {
      try Interruption.start(process)
    } catch {
      throw EmulatorError("could not start \(path): \(error.localizedDescription)")
    }
    // A thread of its own: whoever waits for a line may block all of the global queue's.
    let reader = output.fileHandleForReading
    Thread.detachNewThread {
      var chunk: Data
      repeat {
        chunk = reader.availableData
        transcript.append(chunk)
      } while !chunk.isEmpty
    }
  }

  deinit {
    kill()
    // Foundation's process and its run loop's source keep each other, and what is captured here,
    // until somebody has waited.
    if transcript.exitStatus != nil { process.waitUntilExit() }
  }

  /// The id of the process.
  public var processIdentifier: Int32 { process.processIdentifier }

  /// How it ended, or nil while it runs.
  public var exitStatus: ExitStatus? { transcript.exitStatus }

  /// Everything it has printed so far, without line ends.
  public var lines: [String] { transcript.allLines }

  /// Types one line into its console.
  public func type(_ line: String) throws {
    do {
      try input.write(contentsOf: Data((line + "\n").utf8))
    } catch {
      throw EmulatorError("\(name) takes no input any more" + state())
    }
  }

  /// Reads on from line number `cursor` to the first that `isWanted` accepts, and moves `cursor`
  /// behind it.
  /// - Throws: an `EmulatorError` that says what was awaited, when `timeout` seconds have passed or
  ///   the process has ended.
  @discardableResult
  public func wait(
    for what: String, from cursor: inout Int, timeout: TimeInterval,
    where isWanted: (String) throws -> Bool
  ) throws -> String {
    let deadline = Date(timeIntervalSinceNow: timeout)
    while true {
      switch transcript.next(cursor, until: deadline) {
      case .line(let line):
        cursor += 1
        if try isWanted(line) { return line }
      case .ended(let status):
        throw EmulatorError("\(name) ended (\(status)) while waiting for \(what)" + tail())
      case .timedOut:
        throw EmulatorError(
          "\(name): no \(what) within \(timeout.formatted()) s" + tail())
      }
    }
  }

  /// Waits for the process to end by itself.
  public func waitForExit(timeout: TimeInterval) throws -> ExitStatus {
    guard let status = transcript.waitForExit(until: Date(timeIntervalSinceNow: timeout)) else {
      throw EmulatorError("\(name) did not end within \(timeout.formatted()) s" + tail())
    }
    return status
  }

  /// Ends the process at once (SIGKILL), if it has not ended already, and waits until it is gone.
  public func kill() {
    Interruption.unregister(process.processIdentifier)
    guard transcript.exitStatus == nil else { return }
    sendSignal(SIGKILL, to: process.processIdentifier)
    _ = transcript.waitForExit(until: Date(timeIntervalSinceNow: 10))
  }

  /// Stops the process where it is (SIGSTOP), until `resume`.
  public func suspend() { sendSignal(SIGSTOP, to: process.processIdentifier) }

  /// Lets a suspended process go on (SIGCONT).
  public func resume() { sendSignal(SIGCONT, to: process.processIdentifier) }

  /// Asks the process to end, as Ctrl-C does (SIGINT).
  public func interrupt() { sendSignal(SIGINT, to: process.processIdentifier) }

  private func state() -> String {
    transcript.exitStatus.map { " (\($0))" } ?? ""
  }

  private func tail() -> String {
    let last = lines.suffix(15)
    if last.isEmpty { return "; it printed nothing" }
    return "; its last lines:\n" + last.map { "  | \($0)" }.joined(separator: "\n")
  }
}

/// A file that lines are appended to.
private final class LogFile: Sendable {
  private let handle: FileHandle

  init(_ url: URL) throws {
    if !FileManager.default.fileExists(atPath: url.path) {
      guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
        throw EmulatorError("could not write \(url.path)")
      }
    }
    do {
      handle = try FileHandle(forWritingTo: url)
      try handle.seekToEnd()
    } catch {
      throw EmulatorError("could not write \(url.path): \(error.localizedDescription)")
    }
  }

  func append(_ line: String) {
    // A full disk must not end the emulation; the log is then short.
    try? handle.write(contentsOf: Data((line + "\n").utf8))
  }

  deinit { try? handle.close() }
}
