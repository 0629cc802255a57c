import Dispatch
import Foundation
import Synchronization

/// Ends this program's own children when a signal ends this program.
enum Interruption {
  private struct State {
    var children: Set<Int32> = []
    var directories: Set<String> = []
    var sources: [any DispatchSourceSignal] = []
  }
  private static let state = Mutex(State())

  /// Takes SIGINT, SIGTERM and SIGHUP over, once; and makes a write to a child that has ended an
  /// error instead of a signal.
  static func prepare() {
    state.withLock { state in
      guard state.sources.isEmpty else { return }
      ignoreSignal(SIGPIPE)
      for number in [SIGINT, SIGTERM, SIGHUP] {
        ignoreSignal(number)
        let queue = DispatchQueue(label: "ipmi-host-bridge.signals")
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler { end(by: number) }
        source.resume()
        state.sources.append(source)
      }
    }
  }

  /// Starts a child. A signal that arrives meanwhile waits, so that it finds this one too.
  static func start(_ child: Process) throws {
    try state.withLock { state in
      try child.run()
      state.children.insert(child.processIdentifier)
    }
  }
  static func unregister(_ child: Int32) { state.withLock { _ = $0.children.remove(child) } }

  /// A directory that is removed as well.
  static func register(_ directory: String) {
    state.withLock { _ = $0.directories.insert(directory) }
  }
  static func unregister(_ directory: String) {
    state.withLock { _ = $0.directories.remove(directory) }
  }

  private static func end(by number: Int32) {
    state.withLock { state in
      for child in state.children { sendSignal(SIGKILL, to: child) }
      for child in state.children { waitForEnd(of: child) }
      for directory in state.directories {
        try? FileManager.default.removeItem(atPath: directory)
      }
      // What a shell reports for a program that a signal ended. Still in the lock: a thread that
      // sees its child end waits here, and does not end the program by another status.
      exit(128 + number)
    }
  }
}

/// `kill(2)`.
func sendSignal(_ number: Int32, to process: Int32) {
  _ = kill(process, number)
}

/// Returns once a child has ended, and leaves it to be collected by whoever started it.
private func waitForEnd(of child: Int32) {
  var information = unsafe siginfo_t()
  _ = unsafe waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT)
}

private func ignoreSignal(_ number: Int32) {
  _ = signal(number, SIG_IGN)
}
