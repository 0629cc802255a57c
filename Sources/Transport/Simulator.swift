import Faults
import Logging
import ManagementController
import NIOCore
import NIOPosix
import Synchronization

/// BMCs behind sockets: any number of links, each with a BMC of its own, in one process.
///
/// One thread serves them all, and none of them waits for another.
public final class Simulator: Sendable {
  /// Bytes of one read: 400 short requests.
  private static let readSize = 2048

  private let group: MultiThreadedEventLoopGroup
  private let eventLoop: any EventLoop
  private let logger: Logger
  private let trace: TraceLog?
  private let faults: FaultSchedule?
  private let hasEnded = Mutex(false)
  /// What answered on each link when it had ended.
  private let last = Mutex<[ManagementController]?>(nil)
  /// How often each rule's fault had happened then.
  private let lastCounts = Mutex<[UInt64]?>(nil)
  private let shared: NIOLoopBoundBox<Shared>

  /// What belongs to the event loop.
  private final class Shared {
    let scratch = Scratch()
    var links: [Link] = []
    var sockets: [ServerSocket] = []
    var isEnding = false
  }

  /// A simulator without links.
  ///
  /// - Parameters:
  ///   - trace: What happens on the links goes there, each being the channel of its number, from 0 in
  ///     the order in which they are made.
  ///   - faults: What is made to go wrong; each link counts for itself.
  public init(logger: Logger, trace: TraceLog? = nil, faults: FaultSchedule? = nil) {
    self.trace = trace
    self.faults = faults
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    eventLoop = group.next()
    self.logger = logger
    shared = NIOLoopBoundBox.makeBoxSendingValue(Shared(), eventLoop: eventLoop)
  }

  /// The time that the BMCs are told, in nanoseconds.
  public static var now: UInt64 { Link.now }

  /// Makes a link on which a VM connects to `bmc`.
  ///
  /// - Returns: Where it listens: `address`, with the port that the system chose.
  public func listen(on address: LinkAddress, bmc: SimulatedBMC) throws -> LinkAddress {
    let link = try makeLink(address, bmc)
    let bootstrap = ServerBootstrap(group: eventLoop)
      .childChannelOption(
        .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readSize)
      )
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(link.value.handlers)
        }
      }
    let socket = try ServerSocket(address, bootstrap)
    try eventLoop.submit { [shared] in shared.value.sockets.append(socket) }.wait()
    return socket.address
  }

  private func makeLink(
    _ address: LinkAddress, _ bmc: SimulatedBMC
  ) throws -> NIOLoopBound<Link> {
    let (eventLoop, logger, trace, faults) = (eventLoop, logger, trace, faults)
    return try eventLoop.submit { [shared] in
      let channel = shared.value.links.count
      let link = Link(
        address.description, bmc: bmc, scratch: shared.value.scratch, eventLoop: eventLoop,
        logger: logger, tap: trace.map { WireTap($0, channel: channel) },
        faults: faults.map {
          FaultLink(address.description, $0, logger: logger, log: trace, channel: channel)
        })
      shared.value.links.append(link)
      return NIOLoopBound(link, eventLoop: eventLoop)
    }.wait()
  }

  /// Makes a link that connects `bmc` to a VM that listens, again and again.
  public func connect(to address: LinkAddress, bmc: SimulatedBMC) throws {
    let link = try makeLink(address, bmc)
    let (eventLoop, shared, logger) = (eventLoop, shared, logger)
    eventLoop.execute {
      Connector(
        address, link: link.value, eventLoop: eventLoop, logger: logger,
        isEnding: { shared.value.isEnding }
      ).attempt()
    }
  }

  /// What answers on each link, in the order in which the links were made: as it is now or, when all
  /// links have ended, after its last request.
  public func controllers() throws -> [ManagementController] {
    if let last = last.withLock({ $0 }) { return last }
    return try eventLoop.submit { [shared] in shared.value.links.map(\.bmc.controller) }.wait()
  }

  /// How often each rule's fault has happened, in the schedule's order, on all links.
  public func faultCounts() throws -> [UInt64] {
    if let last = lastCounts.withLock({ $0 }) { return last }
    return try eventLoop.submit { [shared, faults] in
      var counts = [UInt64](repeating: 0, count: faults?.rules.count ?? 0)
      for link in shared.value.links {
        for (index, count) in (link.faults?.counts ?? []).enumerated() { counts[index] += count }
      }
      return counts
    }.wait()
  }

  /// Ends all links: nobody can connect any more, connections are closed, socket files removed. No
  /// effect when called again.
  public func end() throws {
    let isFirst = hasEnded.withLock { hasEnded in
      defer { hasEnded = true }
      return !hasEnded
    }
    // A loop that has ended would never say that it has done anything.
    guard isFirst else { return }
    try eventLoop.submit { [shared] in
      shared.value.isEnding = true
      for socket in shared.value.sockets { socket.end() }
      for link in shared.value.links { link.end() }
    }.wait()
    let controllers = try controllers()
    last.withLock { $0 = controllers }
    let counts = try faultCounts()
    lastCounts.withLock { $0 = counts }
    try group.syncShutdownGracefully()
  }
}
