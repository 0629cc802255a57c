import NIOCore

/// One connection of a link: moves bytes between a socket and the link's ``SimulatedBMC``.
///
/// What has been read is answered with one write. A peer that does not read its answers fills the
/// socket and then NIO's buffer up to its high mark; from there on nothing more is read from it.
final class LinkHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// The answers of one write; a further one may pass it by one turn of the BMC's output.
  private static let writeLimit = 16_384
  /// A turn of the BMC's output.
  private static let outputSize = 2048

  private let link: Link
  private var context: ChannelHandlerContext?
  /// Whether the BMC is connected to this peer, not to an earlier one that may be about to leave.
  private var isServed = false
  /// What has been read and could not be answered yet.
  private var held = ByteBuffer()
  /// Whether NIO wanted to read while this handler did not.
  private var readIsDue = false
  /// Whether ``serve(_:)`` is at work: a write may change the writability, which calls back.
  private var isServing = false

  init(_ link: Link) {
    self.link = link
  }

  // MARK: From the link

  /// Connects the BMC to this peer.
  func begin() {
    guard let context, !isServed else { return }
    isServed = true
    link.connected(to: peer(context))
    serve(context)
  }

  /// Sends what the BMC has for the peer, unless the peer does not read.
  func flush() {
    guard let context, isServed, context.channel.isWritable else { return }
    serve(context)
  }

  /// Ends the connection.
  func end() { context?.close(promise: nil) }

  // MARK: From the socket

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    link.arrived(self)
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    link.left(self, wasServed: isServed)
    isServed = false
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // Where a peer that is held back has left, NIO reads all that it has sent. Nobody would get the
    // answers.
    guard isServed, held.readableBytes == 0 else { return }
    held = unwrapInboundIn(data)
    serve(context)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    flush()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A connection that was reset ends like any other.
    context.close(promise: nil)
  }

  func read(context: ChannelHandlerContext) {
    if isHeldBack(context) { readIsDue = true } else { context.read() }
  }

  private func isHeldBack(_ context: ChannelHandlerContext) -> Bool {
    !isServed || isServing || held.readableBytes > 0 || !context.channel.isWritable
  }

  /// Answers what is held as far as the peer reads the answers, and reads on where it does.
  private func serve(_ context: ChannelHandlerContext) {
    guard !isServing else { return }
    isServing = true
    repeat {
      link.scratch.bytes.clear(minimumCapacity: Self.outputSize)
      repeat {
        link.serve(&held)
        guard link.bmc.hasOutput else { break }
        link.scratch.bytes.writeWithOutputRawSpan(minimumWritableBytes: Self.outputSize) {
          link.bmc.moveOutput(to: &$0)
        }
      } while held.readableBytes > 0 && link.scratch.bytes.readableBytes < Self.writeLimit
      if link.scratch.bytes.readableBytes > 0 {
        link.sends(link.scratch.bytes)
        context.writeAndFlush(wrapOutboundOut(link.scratch.bytes), promise: nil)
      }
    } while held.readableBytes > 0 && isServed && context.channel.isWritable
    isServing = false
    // An idle connection holds no buffer.
    if held.readableBytes == 0 { held = ByteBuffer() }
    link.served()
    if readIsDue, !isHeldBack(context) {
      readIsDue = false
      context.read()
    }
  }

  private func peer(_ context: ChannelHandlerContext) -> String {
    context.remoteAddress?.description ?? "a peer"
  }
}

/// Room for answers, shared by all links of an event loop: an idle one needs none.
final class Scratch {
  var bytes = ByteBuffer()
}
