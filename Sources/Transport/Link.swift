import Logging
import NIOCore

/// One link: a BMC that outlives its connections, and whoever is connected.
///
/// Belongs to one event loop, as all it is called from does.
final class Link {
  /// How long a peer waits for an earlier one to leave, before it is refused.
  ///
  /// A peer that closes and connects anew is here before its own end has been read.
  static let patience = TimeAmount.milliseconds(100)

  let scratch: Scratch
  var bmc: SimulatedBMC
  private let name: String
  private let eventLoop: any EventLoop
  private let logger: Logger
  /// Whoever looks on.
  let tap: WireTap?
  /// What is made to go wrong.
  let faults: FaultLink?
  private var current: LinkHandler?
  private var waiting: LinkHandler?
  private var timer: (deadline: UInt64, task: Scheduled<Void>)?
  /// The counters that have been logged.
  private var logged = SimulatedBMC.Statistics()

  init(
    _ name: String, bmc: SimulatedBMC, scratch: Scratch, eventLoop: any EventLoop, logger: Logger,
    tap: WireTap? = nil, faults: FaultLink? = nil
  ) {
    self.name = name
    self.tap = tap
    self.faults = faults
    self.bmc = bmc
    self.scratch = scratch
    self.eventLoop = eventLoop
    self.logger = logger
  }

  // MARK: Connections

  /// What serves a connection.
  var handlers: [any ChannelHandler] {
    let handler = LinkHandler(self)
    guard let faults else { return [handler] }
    return [FaultHandler(faults, tap: tap), handler]
  }

  /// A peer has connected: it is served, or waits a moment, or is refused.
  func arrived(_ handler: LinkHandler) {
    if current == nil {
      current = handler
      handler.begin()
    } else if waiting == nil {
      waiting = handler
      let waiter = NIOLoopBound(handler, eventLoop: eventLoop)
      let link = NIOLoopBound(self, eventLoop: eventLoop)
      eventLoop.scheduleTask(in: Self.patience) {
        if link.value.waiting === waiter.value { link.value.refuse(waiter.value) }
      }
    } else {
      refuse(handler)
    }
  }

  private func refuse(_ handler: LinkHandler) {
    logger.notice("\(name): another peer is connected; a second one is refused")
    handler.end()
  }

  /// A peer has left.
  func left(_ handler: LinkHandler, wasServed: Bool) {
    if handler === waiting { waiting = nil }
    guard handler === current else { return }
    current = nil
    if wasServed {
      bmc.disconnect(now: Self.now)
      tap?.disconnected()
      let statistics = bmc.statistics
      logger.notice(
        "\(name): disconnected",
        metadata: [
          "requests": "\(statistics.requests)", "damaged-frames": "\(statistics.rejectedFrames)",
        ])
      served()
    }
    if let next = waiting {
      waiting = nil
      current = next
      next.begin()
    }
  }

  /// The BMC has a peer.
  func connected(to peer: String) {
    logger.notice("\(name): connected", metadata: ["peer": "\(peer)"])
    bmc.connect(now: Self.now)
    tap?.connected()
  }

  /// Ends the connection.
  func end() {
    waiting?.end()
    current?.end()
  }

  // MARK: Bytes and time

  static var now: UInt64 { NIODeadline.now().uptimeNanoseconds }

  /// Gives the BMC what it takes of `input`.
  func serve(_ input: inout ByteBuffer) {
    guard input.readableBytes > 0 else { return }
    let taken = bmc.receive(input.readableBytesUInt8Span, now: Self.now)
    // With faults they have been seen as they were sent.
    if let tap, faults == nil {
      tap.hostSends(input.readableBytesUInt8Span.extracting(first: taken))
    }
    input.moveReaderIndex(forwardBy: taken)
  }

  /// What has been moved from the BMC is about to be sent.
  func sends(_ output: ByteBuffer) {
    if let tap { tap.bmcSends(output.readableBytesUInt8Span) }
  }

  /// Sees to what has changed: the next deadline, and what is worth a line of the log.
  func served() {
    tap?.flush()
    if bmc.deadline != timer?.deadline { setTimer() }
    if bmc.statistics.hostControls != logged.hostControls
      || bmc.statistics.refusedHostControls != logged.refusedHostControls
      || bmc.statistics.hostResets != logged.hostResets
      || bmc.statistics.announcements != logged.announcements
    {
      logNews()
    }
  }

  private func setTimer() {
    timer?.task.cancel()
    timer = nil
    guard let deadline = bmc.deadline else { return }
    let link = NIOLoopBound(self, eventLoop: eventLoop)
    let task = eventLoop.scheduleTask(deadline: .uptimeNanoseconds(deadline)) {
      link.value.timeIsUp()
    }
    timer = (deadline, task)
  }

  private func timeIsUp() {
    timer = nil
    bmc.advance(to: Self.now)
    current?.flush()
    served()
  }

  private func logNews() {
    let statistics = bmc.statistics
    let action = bmc.lastAction?.name.description ?? ""
    if statistics.announcements != logged.announcements {
      let bits = String(bmc.capabilities?.rawValue ?? 0, radix: 16, uppercase: true)
      logger.notice("\(name): the VM has announced its capabilities: \(bits)h")
    }
    if statistics.hostControls != logged.hostControls {
      logger.notice("\(name): the VM was asked for: \(action)")
    }
    if statistics.refusedHostControls != logged.refusedHostControls {
      logger.notice("\(name): the VM cannot do: \(action)")
    }
    if statistics.hostResets != logged.hostResets { logger.notice("\(name): the VM was reset") }
    logged = statistics
  }
}
