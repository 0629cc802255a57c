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
  /// Bytes that the system may hold for a connection each way, where it is TCP's: of itself it
  /// would let a peer that does not read fill megabytes.
  private static let socketBufferSize = 65_536

  private let group: MultiThreadedEventLoopGroup
  private let eventLoop: any EventLoop
  private let logger: Logger
  private let hasEnded = Mutex(false)
  /// What answered on each link when it had ended.
  private let last = Mutex<[ManagementController]?>(nil)
  private let shared: NIOLoopBoundBox<Shared>

  /// What belongs to the event loop.
  private final class Shared {
    let scratch = Scratch()
    var links: [Link] = []
    var listeners: [any Channel] = []
    var files: [UnixListener] = []
    var isEnding = false
  }

  /// A simulator without links.
  public init(logger: Logger) {
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
    switch address {
    case .unix(let path):
      let listener = try UnixListener(path)
      do {
        _ = try start(address, bmc) { $0.withBoundSocket(listener.descriptor) }
        try eventLoop.submit { [shared] in shared.value.files.append(listener) }.wait()
      } catch {
        listener.removeFile()
        throw LinkError("\(address): could not listen: \(error)")
      }
      return address
    case .tcp(let host, let port):
      do {
        let channel = try start(address, bmc) { bootstrap in
          bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(
              .socketOption(.so_sndbuf), value: SocketOptionValue(Self.socketBufferSize)
            )
            .childChannelOption(
              .socketOption(.so_rcvbuf), value: SocketOptionValue(Self.socketBufferSize)
            )
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .bind(host: host, port: port)
        }
        return .tcp(host: host, port: channel.localAddress?.port ?? port)
      } catch {
        throw LinkError("\(address): could not listen: \(error)")
      }
    }
  }

  private func start(
    _ address: LinkAddress, _ bmc: SimulatedBMC,
    _ bind: (ServerBootstrap) -> EventLoopFuture<any Channel>
  ) throws -> any Channel {
    let link = try makeLink(address, bmc)
    let bootstrap = ServerBootstrap(group: eventLoop)
      .childChannelOption(
        .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readSize)
      )
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(LinkHandler(link.value))
        }
      }
    let channel = try bind(bootstrap).wait()
    try eventLoop.submit { [shared] in shared.value.listeners.append(channel) }.wait()
    return channel
  }

  private func makeLink(
    _ address: LinkAddress, _ bmc: SimulatedBMC
  ) throws -> NIOLoopBound<Link> {
    let (eventLoop, logger) = (eventLoop, logger)
    return try eventLoop.submit { [shared] in
      let link = Link(
        address.description, bmc: bmc, scratch: shared.value.scratch, eventLoop: eventLoop,
        logger: logger)
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
      for listener in shared.value.listeners { listener.close(promise: nil) }
      for file in shared.value.files { file.removeFile() }
      for link in shared.value.links { link.end() }
    }.wait()
    let controllers = try controllers()
    last.withLock { $0 = controllers }
    try group.syncShutdownGracefully()
  }
}
