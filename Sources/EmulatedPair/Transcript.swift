import Foundation

/// What a child process printed, line by line, and how it ended; threads can wait for either.
final class Transcript: @unchecked Sendable {
  /// Guards everything below, and is broadcast whenever any of it changes.
  private let condition = NSCondition()
  private var lines: [String] = []
  private var partial: [UInt8] = []
  private var outputEnded = false
  private var exit: ExitStatus?
  private let observer: @Sendable (String) -> Void

  /// - Parameter observer: called with every complete line, on the thread that read it.
  init(observer: @escaping @Sendable (String) -> Void) {
    self.observer = observer
  }

  /// Takes bytes as they come, in any chunks; an empty chunk is the end of the output.
  func append(_ bytes: Data) {
    var complete: [String] = []
    condition.withLock {
      for byte in bytes {
        if byte == UInt8(ascii: "\n") {
          complete.append(takePartial())
        } else {
          partial.append(byte)
        }
      }
      if bytes.isEmpty {
        if !partial.isEmpty { complete.append(takePartial()) }
        outputEnded = true
      }
      lines += complete
    }
    // The observer comes first: who waits for a line finds it in the log already.
    for line in complete { observer(line) }
    condition.withLock { condition.broadcast() }
  }

  /// Consoles end lines with a carriage return as well.
  private func takePartial() -> String {
    while partial.last == UInt8(ascii: "\r") { partial.removeLast() }
    defer { partial.removeAll(keepingCapacity: true) }
    return String(decoding: partial, as: UTF8.self)
  }

  func ended(_ status: ExitStatus) {
    condition.withLock {
      exit = status
      condition.broadcast()
    }
  }

  var exitStatus: ExitStatus? { condition.withLock { exit } }
  var allLines: [String] { condition.withLock { lines } }
  var count: Int { condition.withLock { lines.count } }

  /// The line at `index`, or how the process ended if it never printed that many.
  enum Next {
    case line(String)
    case ended(ExitStatus)
    case timedOut
  }

  func next(_ index: Int, until deadline: Date) -> Next {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if index < lines.count { return .line(lines[index]) }
      if outputEnded, let exit { return .ended(exit) }
      if !condition.wait(until: deadline) { return .timedOut }
    }
  }

  /// How the process ended, or nil if it had not by `deadline`.
  func waitForExit(until deadline: Date) -> ExitStatus? {
    condition.lock()
    defer { condition.unlock() }
    while exit == nil || !outputEnded {
      if !condition.wait(until: deadline) { break }
    }
    return exit
  }
}

/// How a process ended.
public enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
  /// It returned this status.
  case exited(Int32)
  /// This signal ended it.
  case signalled(Int32)

  public var description: String {
    switch self {
    case .exited(let status): "exit status \(status)"
    case .signalled(let signal): "signal \(signal)"
    }
  }
}
