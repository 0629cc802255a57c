import NIOCore
import NIOPosix
import VMProtocol

/// Sends a recorded host's requests to a BMC again, one at a time, and compares the answers.
public struct Replay: Sendable {
  /// When a request is sent.
  public enum Speed: String, CaseIterable, Sendable {
    /// As long after the first as it was recorded, or when the one before it is answered.
    case recorded
    /// When the one before it is answered.
    case full
  }

  /// What came of it.
  public struct Result: Sendable {
    /// How many requests were sent, and answered or given up.
    public var exchanges = 0
    public var differences = 0
    /// Commands of the BMC that a board would have done: power off, reset, NMI, shutdown.
    public var hostControls = 0
  }

  public let recording: Recording
  public let speed: Speed
  /// How long a response is waited for, in nanoseconds.
  public let timeout: UInt64
  public let rules: [ReplayRule]

  public init(
    _ recording: Recording, speed: Speed, timeout: UInt64 = 5_000_000_000, rules: [ReplayRule] = []
  ) {
    self.recording = recording
    self.speed = speed
    self.timeout = timeout
    self.rules = rules
  }

  /// Connects to the BMC at `address`, and returns when the last request is done.
  ///
  /// - Parameters:
  ///   - log: Has one channel, for what is said.
  ///   - progress: Called about once a second with the number of requests that are done.
  ///   - difference: Called with each difference.
  /// - Throws: ``LinkError`` where the BMC cannot be reached, or is gone before the end.
  public func run(
    to address: LinkAddress, log: TraceLog? = nil, progress: @escaping @Sendable (Int) -> Void,
    difference: @escaping @Sendable (ReplayDifference) -> Void
  ) throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? group.syncShutdownGracefully() }
    let eventLoop = group.next()
    let end = eventLoop.makePromise(of: Result.self)
    let bootstrap = ClientBootstrap(group: eventLoop).channelInitializer { [self] channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(
          ReplayHandler(
            self, end, log.map { WireTap($0, channel: 0) }, progress: progress,
            difference: difference))
      }
    }
    do {
      _ = try bootstrap.connect(to: address).wait()
    } catch {
      let error = LinkError("\(address): the BMC cannot be reached: \(error)")
      end.fail(error)
      throw error
    }
    do {
      return try end.futureResult.wait()
    } catch let error as LinkError {
      throw LinkError("\(address): \(error.description)")
    }
  }
}
