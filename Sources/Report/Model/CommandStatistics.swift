import IPMI

/// What became of one command, each time it was sent.
public struct CommandStatistics: Equatable, Sendable {
  public var requests = 0
  /// How many requests got no response.
  public var unanswered = 0
  /// How often each completion code came; `nil` for responses that have none.
  public var codes: [UInt8?: Int] = [:]
  public var latencies = Latencies()

  public init() {}

  /// How many were answered with another completion code than 00h.
  public var failures: Int {
    codes.reduce(0) { $0 + ($1.key == CompletionCode.success.rawValue ? 0 : $1.value) }
  }
}
