import Faults
import IPMI
import Logging
import NIOCore
import Tracing

/// The faults of one link: a schedule at work, whoever is connected.
///
/// Belongs to one event loop, as its handlers do.
final class FaultLink {
  var engine: FaultEngine
  private let name: String
  private let logger: Logger?
  private let log: TraceLog?
  private let channel: Int

  /// - Parameters:
  ///   - logger: Is told of each fault.
  ///   - log: Where they go as well, on `channel`.
  init(_ name: String, _ schedule: FaultSchedule, logger: Logger?, log: TraceLog?, channel: Int) {
    self.name = name
    engine = FaultEngine(schedule)
    self.logger = logger
    self.log = log
    self.channel = channel
  }

  /// Tells of what was done.
  func tell(_ notes: [(what: String, rule: Int)]) {
    guard !notes.isEmpty else { return }
    for (what, rule) in notes {
      logger?.notice("\(name): fault: \(what) (rule \(rule + 1))")
      log?.record(
        channel: channel, .fault(FixedBytes(truncating: what), rule: UInt8(clamping: rule + 1)))
    }
    log?.flush()
  }

  /// How often each rule's fault has happened.
  var counts: [UInt64] { engine.schedule.rules.indices.map { engine.count(ofRule: $0) } }
}

/// Stands between a host's socket and what serves it, and makes faults happen to what passes.
///
/// The tap sees the host's bytes here, as they were sent; what it sees of the BMC's comes from where they
/// were sent, too.
final class FaultHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let link: FaultLink
  private let tap: WireTap?
  private var stage = FaultStage()
  private var timer: (deadline: UInt64, task: Scheduled<Void>)?
  /// Whether what serves the host wants its bytes.
  private var isWanted = false
  /// Whether a read was asked for, and not passed on.
  private var readIsDue = false
  private var isServed = true
  /// Bytes for the BMC that are not wanted yet.
  private var waiting: [UInt8] = []
  /// Of writes that are held back: when there is room again.
  private var promises: [EventLoopPromise<Void>] = []

  init(_ link: FaultLink, tap: WireTap?) {
    self.link = link
    self.tap = tap
  }

  // MARK: The connection

  func channelActive(context: ChannelHandlerContext) {
    if let end = link.engine.cutEnd(at: Link.now) {
      isServed = false
      // Not at once: QEMU 7.2 aborts where a connection ends while it makes it known.
      let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
      context.eventLoop.scheduleTask(deadline: .uptimeNanoseconds(end)) {
        bound.value.close(promise: nil)
      }
      return
    }
    link.engine.begin(at: Link.now)
    setTimer(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.task.cancel()
    timer = nil
    for promise in promises { promise.fail(ChannelError.ioOnClosedChannel) }
    promises.removeAll()
    context.fireChannelInactive()
  }

  // MARK: Bytes

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard isServed else { return }
    let bytes = unwrapInboundIn(data)
    tap?.hostSends(bytes.readableBytesUInt8Span)
    stage.take(bytes.readableBytesUInt8Span, from: .host, now: Link.now, by: &link.engine)
    move(context)
    // Where nothing came of it, nobody else will ask for more.
    if isWanted { read(context: context) }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let bytes = unwrapOutboundIn(data)
    stage.take(bytes.readableBytesUInt8Span, from: .bmc, now: Link.now, by: &link.engine)
    move(context, promise)
  }

  func read(context: ChannelHandlerContext) {
    isWanted = true
    if !waiting.isEmpty { move(context) }
    if stage.isFull { readIsDue = true } else { context.read() }
  }

  /// Gives either end what is due for it, and ends what is cut.
  ///
  /// - Parameter promise: Of a write: kept when its bytes are written or, of what is lost or held back,
  ///   when there is room for more.
  private func move(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>? = nil) {
    link.tell(stage.takeNotes())
    for (id, request) in stage.takeOwnRequests() { tap?.hostSends(request, id: id) }
    tap?.flush()
    let output = stage.takeOutput(for: .host)
    if !output.isEmpty {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: output)), promise: promise)
    } else if let promise {
      promises.append(promise)
    }
    waiting += stage.takeOutput(for: .bmc)
    if isWanted, !waiting.isEmpty {
      isWanted = false
      let input = ByteBuffer(bytes: waiting)
      waiting.removeAll()
      context.fireChannelRead(wrapInboundOut(input))
    }
    if stage.isCut { context.close(promise: nil) }
    if !stage.isFull {
      for promise in promises { promise.succeed() }
      promises.removeAll()
      if readIsDue {
        readIsDue = false
        context.read()
      }
    }
    setTimer(context)
  }

  // MARK: Time

  private func setTimer(_ context: ChannelHandlerContext) {
    let deadlines = [stage.deadline, link.engine.deadline].compactMap { $0 }
    let deadline = stage.isCut ? nil : deadlines.min()
    guard deadline != timer?.deadline else { return }
    timer?.task.cancel()
    timer = nil
    guard let deadline, context.channel.isActive else { return }
    let this = NIOLoopBound(self, eventLoop: context.eventLoop)
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    let task = context.eventLoop.scheduleTask(deadline: .uptimeNanoseconds(deadline)) {
      this.value.timeIsUp(bound.value)
    }
    timer = (deadline, task)
  }

  private func timeIsUp(_ context: ChannelHandlerContext) {
    timer = nil
    stage.advance(to: Link.now, by: &link.engine)
    move(context)
  }
}
