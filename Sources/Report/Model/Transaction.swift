import IPMI

/// A request and what became of it.
public struct Transaction: Equatable, Sendable {
  /// Its place among all of the trace, from 1.
  public var number: Int
  /// The number of its channel.
  public var channel: Int
  /// What joins request and response where several are under way.
  public var id: UInt8
  /// When it began, in the trace's nanoseconds: its request, or the response that nobody asked for.
  public var start: UInt64
  /// When it ended: its response, or what made a response impossible.
  public var end: UInt64
  /// `nil` where a response came that nobody had asked for.
  public var request: Message?
  public var response: Message?
  public var outcome: Outcome

  /// What became of it.
  public enum Outcome: Equatable, Sendable {
    /// The response is not there yet.
    case open
    /// Answered with completion code 00h.
    case completed
    /// Answered with another completion code, or without one.
    case failed
    /// There was no response before the same id was used again.
    case superseded
    /// There was no response before a side was reset, or gone.
    case interrupted
    /// There was no response before the trace's end.
    case unfinished
    /// A response without a request.
    case unasked
  }

  /// How long the response took, in nanoseconds; `nil` where there is none, or no request.
  public var latency: UInt64? {
    request == nil || response == nil ? nil : end - start
  }

  /// The command, of the request where there is one.
  public var command: Command? { (request ?? response)?.command }
}

extension Transaction.Outcome {
  /// In words, for whoever reads the page.
  public var name: String {
    switch self {
    case .open, .unfinished: "no response before the trace ends"
    case .completed: "completed"
    case .failed: "failed"
    case .superseded: "no response before its id was used again"
    case .interrupted: "no response before a reset, or the end of the connection"
    case .unasked: "a response that nobody asked for"
    }
  }
}
