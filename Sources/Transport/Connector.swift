import Logging
import NIOCore
import NIOPosix

/// Keeps a link connected to a VM that listens.
final class Connector {
  private let address: LinkAddress
  private let link: Link
  private let eventLoop: any EventLoop
  private let logger: Logger
  private let isEnding: () -> Bool
  private var backoff = Backoff()
  /// Whether the last attempt failed: only the first of several is logged.
  private var isFailing = false

  init(
    _ address: LinkAddress, link: Link, eventLoop: any EventLoop, logger: Logger,
    isEnding: @escaping () -> Bool
  ) {
    self.address = address
    self.link = link
    self.eventLoop = eventLoop
    self.logger = logger
    self.isEnding = isEnding
  }

  /// Connects, and once more when that has failed or is over.
  func attempt() {
    guard !isEnding() else { return }
    let started = Link.now
    let (link, this) = (
      NIOLoopBound(link, eventLoop: eventLoop), NIOLoopBound(self, eventLoop: eventLoop)
    )
    let bootstrap = ClientBootstrap(group: eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(link.value.handlers)
        }
      }
    bootstrap.connect(to: address).whenComplete { result in
      switch result {
      case .success(let channel):
        this.value.isFailing = false
        channel.closeFuture.whenComplete { _ in this.value.wait(since: started) }
      case .failure(let error):
        this.value.report(error)
        this.value.wait(since: Link.now)
      }
    }
  }

  private func report(_ error: any Error) {
    if !isFailing { logger.notice("\(address): not connected, trying on: \(error)") }
    isFailing = true
  }

  private func wait(since start: UInt64) {
    guard !isEnding() else { return }
    let delay = backoff.delay(afterLasting: Link.now &- start)
    let this = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.scheduleTask(in: .nanoseconds(Int64(delay))) { this.value.attempt() }
  }
}
