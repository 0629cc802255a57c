import Faults
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A tap between VMs and their BMC: forwards every byte as it is, and looks on.
///
/// Each VM that connects gets a connection of its own to the BMC. Where there is none to be had, or
/// where either end closes its own, the other is closed, too: the VM sees what it would see without
/// the tap, a moment later. With a schedule of faults it sees those, too.
public final class Capture: Sendable {
  private let group: MultiThreadedEventLoopGroup
  private let eventLoop: any EventLoop
  private let target: LinkAddress
  private let log: TraceLog
  private let logger: Logger
  private let hasEnded = Mutex(false)
  /// How often each rule's fault had happened when it ended.
  private let lastCounts = Mutex<[UInt64]?>(nil)
  private let shared: NIOLoopBoundBox<Shared>

  private final class Shared {
    var sockets: [ServerSocket] = []
    var connections: [ObjectIdentifier: any Channel] = [:]
    let faults: FaultLink?

    init(_ faults: FaultLink?) { self.faults = faults }
  }

  /// A tap without VMs.
  ///
  /// - Parameters:
  ///   - target: Where the BMC listens.
  ///   - log: Where what is seen goes, on channel 0.
  ///   - faults: What is made to go wrong; its rules count the messages of all VMs.
  public init(
    to target: LinkAddress, log: TraceLog, logger: Logger, faults: FaultSchedule? = nil
  ) {
    self.target = target
    self.log = log
    self.logger = logger
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    eventLoop = group.next()
    let link = faults.map {
      FaultLink(target.description, $0, logger: nil, log: log, channel: 0)
    }
    shared = NIOLoopBoundBox.makeBoxSendingValue(Shared(link), eventLoop: eventLoop)
  }

  /// Lets VMs connect.
  ///
  /// - Returns: Where it listens: `address`, with the port that the system chose.
  public func listen(on address: LinkAddress) throws -> LinkAddress {
    let (eventLoop, target, log, logger, shared) = (eventLoop, target, log, logger, shared)
    let bootstrap = ServerBootstrap(group: eventLoop)
      // Nothing is read from a VM before its BMC is there.
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let key = ObjectIdentifier(channel)
          shared.value.connections[key] = channel
          channel.closeFuture.whenComplete { _ in shared.value.connections[key] = nil }
          let tap = WireTap(log, channel: 0)
          let faults = shared.value.faults
          let joint = Joint(tap, seesHost: faults == nil)
          if let faults {
            try channel.pipeline.syncOperations.addHandler(FaultHandler(faults, tap: tap))
          }
          let handler = JointHandler(joint, .host) {
            Self.connect(channel, joint, to: target, eventLoop, logger)
          }
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
    let socket = try ServerSocket(address, bootstrap)
    try eventLoop.submit { [shared] in shared.value.sockets.append(socket) }.wait()
    return socket.address
  }

  /// Connects a VM's joint to the BMC.
  private static func connect(
    _ vm: any Channel, _ joint: Joint, to target: LinkAddress, _ eventLoop: any EventLoop,
    _ logger: Logger
  ) {
    let joint = NIOLoopBound(joint, eventLoop: eventLoop)
    ClientBootstrap(group: eventLoop)
      .channelOption(.autoRead, value: false)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(JointHandler(joint.value, .bmc))
        }
      }
      .connect(to: target)
      .whenComplete { result in
        switch result {
        case .success(let bmc):
          joint.value.begin(vm: vm, bmc: bmc)
        case .failure(let error):
          logger.notice("\(target): the BMC cannot be reached, the VM is let go: \(error)")
          vm.close(promise: nil)
        }
      }
  }

  /// How often each rule's fault has happened, in the schedule's order.
  public func faultCounts() throws -> [UInt64] {
    if let last = lastCounts.withLock({ $0 }) { return last }
    return try eventLoop.submit { [shared] in shared.value.faults?.counts ?? [] }.wait()
  }

  /// Ends all connections, and removes the sockets. No effect when called again.
  public func end() throws {
    let isFirst = hasEnded.withLock { hasEnded in
      defer { hasEnded = true }
      return !hasEnded
    }
    guard isFirst else { return }
    try eventLoop.submit { [shared] in
      for socket in shared.value.sockets { socket.end() }
      for channel in shared.value.connections.values { channel.close(promise: nil) }
    }.wait()
    let counts = try faultCounts()
    lastCounts.withLock { $0 = counts }
    try group.syncShutdownGracefully()
  }
}
