import Glibc
import IPMI
import NIOCore
import Synchronization
import Tracing

/// Where traces go: into files, and to whoever looks on.
public final class TraceLog: Sendable {
  private struct State: ~Copyable {
    var files: TraceFiles
    var time: UInt64 = 0
    var hasEnded = false
  }

  private let state: Mutex<State>
  /// When the trace began, on the clock of ``Simulator/now``.
  private let start: UInt64
  private let observer: @Sendable (TraceEvent) -> Void

  /// Begins a trace.
  ///
  /// - Parameters:
  ///   - paths: The files, each of the ``TraceFormat`` of its name.
  ///   - comment: How the trace came to be.
  ///   - observer: Called for each event, by one thread at a time.
  public init(
    _ paths: [String], channels: [TraceChannel], comment: String,
    observer: @escaping @Sendable (TraceEvent) -> Void = { _ in }
  ) throws(LinkError) {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    start = Simulator.now
    self.observer = observer
    let header = TraceHeader(
      origin: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec),
      comment: FixedBytes(truncating: comment))
    state = Mutex(State(files: try TraceFiles(paths, header, channels)))
  }

  /// Adds what has happened by now.
  public func record(channel: Int, _ occurrence: TraceEvent.Occurrence) {
    let now = Simulator.now &- start
    state.withLock { state in
      state.time = max(state.time, now)
      let event = TraceEvent(time: state.time, channel: channel, occurrence)
      state.files.write(event)
      observer(event)
    }
  }

  /// Writes what is recorded: at the end of a batch.
  public func flush() {
    state.withLock { $0.files.flush() }
  }

  /// Ends the files.
  ///
  /// - Returns: What could not be written.
  public func end() -> [String] {
    state.withLock { state in
      guard !state.hasEnded else { return [] }
      state.hasEnded = true
      return state.files.end()
    }
  }
}

extension FixedBytes {
  /// The text, or as much of it as fits.
  public init(truncating text: String) {
    self.init()
    for character in text.unicodeScalars {
      let encoded = Array(String(character).utf8)
      guard append(contentsOf: encoded.span) else { return }
    }
  }
}

extension String {
  /// The text that a module without strings has put together.
  public init<let size: Int>(_ text: FixedBytes<size>) {
    self = String(decoding: (0..<text.count).map { text[$0] }, as: UTF8.self)
  }
}
