import NIOCore
import Tracing

/// What joins a VM's connection and its BMC's.
///
/// Belongs to one event loop, as its two handlers do.
final class Joint {
  private let tap: WireTap
  /// Whether the host's bytes are seen here, and not where they came from.
  private let seesHost: Bool
  private var vm: (any Channel)?
  private var bmc: (any Channel)?
  private var isTapped = false

  init(_ tap: WireTap, seesHost: Bool) {
    self.tap = tap
    self.seesHost = seesHost
  }

  /// Both ends are there: what they have sent is read from here on.
  func begin(vm: any Channel, bmc: any Channel) {
    guard vm.isActive, bmc.isActive else {
      vm.close(promise: nil)
      bmc.close(promise: nil)
      return
    }
    (self.vm, self.bmc) = (vm, bmc)
    isTapped = true
    tap.connected()
    vm.read()
    bmc.read()
  }

  /// Passes on what has been read from one end, then looks at it; reads on when it is written.
  ///
  /// With faults it looks first: what was done to a response comes behind it.
  func forward(_ bytes: ByteBuffer, from side: TraceSide) {
    guard let source = side == .host ? vm : bmc, let target = side == .host ? bmc : vm else {
      return
    }
    if !seesHost, side == .bmc { tap.bmcSends(bytes.readableBytesUInt8Span) }
    target.writeAndFlush(bytes).whenComplete { result in
      switch result {
      case .success: source.read()
      case .failure: source.close(promise: nil)
      }
    }
    if seesHost {
      let span = bytes.readableBytesUInt8Span
      if side == .host { tap.hostSends(span) } else { tap.bmcSends(span) }
    }
    tap.flush()
  }

  /// One end is gone; so will the other be, when it has what was sent to it.
  func closed(_ side: TraceSide) {
    if isTapped { tap.disconnected() }
    isTapped = false
    let other = side == .host ? bmc : vm
    (vm, bmc) = (nil, nil)
    other?.writeAndFlush(ByteBuffer()).whenComplete { _ in other?.close(promise: nil) }
  }
}

/// One end of a joint.
final class JointHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let joint: Joint
  private let side: TraceSide
  private let connected: () -> Void

  /// - Parameter connected: Called when the connection is there.
  init(_ joint: Joint, _ side: TraceSide, connected: @escaping () -> Void = {}) {
    self.joint = joint
    self.side = side
    self.connected = connected
  }

  func channelActive(context: ChannelHandlerContext) { connected() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    joint.forward(unwrapInboundIn(data), from: side)
  }

  func channelInactive(context: ChannelHandlerContext) { joint.closed(side) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A connection that was reset ends like any other.
    context.close(promise: nil)
  }
}
