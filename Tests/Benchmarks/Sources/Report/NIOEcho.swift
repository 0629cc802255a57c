import Foundation
import NIOCore
import NIOPosix

/// A server that sends back what it gets, by swift-nio: the floor of a server that is made with it.
enum NIOEcho {
  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      context.writeAndFlush(data, promise: nil)
    }
  }

  /// Prints its port and serves, with the options that `simulate` has.
  static func serve() throws {
    let channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
      .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048))
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Handler())
        }
      }
      .bind(host: "127.0.0.1", port: 0).wait()
    print("listening on :\(channel.localAddress?.port ?? 0)")
    fflush(nil)
    try channel.closeFuture.wait()
  }
}
