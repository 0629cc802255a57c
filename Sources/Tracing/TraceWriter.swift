import IPMI

/// Turns events into the bytes of a file.
///
/// A writer is a value without I/O: bytes go to a closure, in the order of the file, in pieces of at
/// most 1 KiB, so what was handed over is a file at any moment.
public protocol TraceWriter: Sendable {
  /// Whoever takes the bytes.
  typealias Sink = (Span<UInt8>) -> Void

  /// Starts the file; once, before all events.
  ///
  /// - Parameter channels: All channels, in the order of their numbers; at most
  ///   ``TraceChannel/limit``.
  mutating func begin(_ header: TraceHeader, channels: Span<TraceChannel>, to sink: Sink)

  /// Adds an event.
  mutating func write(_ event: TraceEvent, to sink: Sink)
}

/// What a writer puts together before it hands it over: a block, or a line.
typealias TraceBytes = FixedBytes<1024>

extension FixedBytes {
  /// Gives the bytes away, and forgets them.
  mutating func flush(to sink: (Span<UInt8>) -> Void) {
    // A copy with a life of its own: see ``IPMI/FixedBytes``.
    let array = array
    sink(array.span.extracting(0..<count))
    removeAll()
  }
}
