import IPMI
import NIOCore
import VMProtocol

/// A host that sends what was recorded.
final class ReplayHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let replay: Replay
  private let end: EventLoopPromise<Replay.Result>
  private let tap: WireTap?
  private let progress: (Int) -> Void
  private let difference: (ReplayDifference) -> Void

  private var result = Replay.Result()
  private var decoder = VMDecoder(role: .vm)
  private var output = VMOutput<1024>()
  private var start = NIODeadline.now()
  private var isWaiting = false
  private var timer: Scheduled<Void>?
  private var reporter: RepeatedTask?

  init(
    _ replay: Replay, _ end: EventLoopPromise<Replay.Result>, _ tap: WireTap?,
    progress: @escaping (Int) -> Void, difference: @escaping (ReplayDifference) -> Void
  ) {
    self.replay = replay
    self.end = end
    self.tap = tap
    self.progress = progress
    self.difference = difference
  }

  // MARK: Requests

  private var exchanges: [Recording.Exchange] { replay.recording.exchanges }
  /// Another one for each request, so that a late response is known.
  private var id: UInt8 { UInt8(truncatingIfNeeded: result.exchanges) }

  func channelActive(context: ChannelHandlerContext) {
    start = .now()
    tap?.connected()
    let this = NIOLoopBound(self, eventLoop: context.eventLoop)
    reporter = context.eventLoop.scheduleRepeatedTask(
      initialDelay: .seconds(1), delay: .seconds(1)
    ) { _ in this.value.progress(this.value.result.exchanges) }
    _ = output.append(control: .version, argument: VMControl.protocolVersion)
    if let capabilities = replay.recording.capabilities {
      _ = output.append(control: .capabilities, argument: capabilities)
    }
    next(context)
  }

  /// Sends the next request when it is time, or ends.
  private func next(_ context: ChannelHandlerContext) {
    guard result.exchanges < exchanges.count else {
      context.close(promise: nil)
      return
    }
    let time = exchanges[result.exchanges].time
    let due = start + .nanoseconds(Int64(clamping: time))
    guard replay.speed == .recorded, due > .now() else { return send(context) }
    let (this, bound) = bind(context)
    timer = context.eventLoop.scheduleTask(deadline: due) { this.value.send(bound.value) }
    flush(context)
  }

  private func send(_ context: ChannelHandlerContext) {
    isWaiting = true
    _ = output.append(id: id, message: exchanges[result.exchanges].request)
    let (this, bound) = bind(context)
    timer = context.eventLoop.scheduleTask(in: .nanoseconds(Int64(clamping: replay.timeout))) {
      this.value.complete(nil)
      this.value.next(bound.value)
    }
    flush(context)
  }

  private func flush(_ context: ChannelHandlerContext) {
    guard !output.isEmpty else { return }
    var bytes = context.channel.allocator.buffer(capacity: 1024)
    bytes.writeWithOutputRawSpan(minimumWritableBytes: 1024) { output.move(to: &$0) }
    tap?.hostSends(bytes.readableBytesUInt8Span)
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    tap?.flush()
  }

  private func bind(
    _ context: ChannelHandlerContext
  ) -> (NIOLoopBound<ReplayHandler>, NIOLoopBound<ChannelHandlerContext>) {
    (
      NIOLoopBound(self, eventLoop: context.eventLoop),
      NIOLoopBound(context, eventLoop: context.eventLoop)
    )
  }

  // MARK: Responses

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    tap?.bmcSends(bytes.readableBytesUInt8Span)
    tap?.flush()
    var offset = 0
    while let event = decoder.feed(bytes.readableBytesUInt8Span, from: &offset) {
      switch event {
      case .message(id, let response) where isWaiting:
        complete(response)
        next(context)
      case .control(.powerOff, _), .control(.reset, _), .control(.nmi, _),
        .control(.gracefulShutdown, _):
        result.hostControls += 1
      default:
        break
      }
    }
  }

  private func complete(_ response: Message?) {
    timer?.cancel()
    isWaiting = false
    let exchange = exchanges[result.exchanges]
    if let found = ReplayDifference(result.exchanges, exchange, response, replay.rules) {
      result.differences += 1
      difference(found)
    }
    result.exchanges += 1
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    reporter?.cancel()
    tap?.disconnected()
    if result.exchanges == exchanges.count {
      end.succeed(result)
    } else {
      end.fail(
        LinkError(
          "the BMC has closed the connection after \(result.exchanges) of \(exchanges.count) requests"
        ))
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
