import NIOCore
import NIOPosix

/// A socket that listens, with the file that it has where it is a Unix socket.
struct ServerSocket {
  /// Bytes that the system may hold for a connection each way, where it is TCP's: of itself it
  /// would let a peer that does not read fill megabytes.
  private static let bufferSize = SocketOptionValue(65_536)

  let channel: any Channel
  /// Where it is, with the port that the system chose.
  let address: LinkAddress
  private let file: UnixListener?

  /// Listens with `bootstrap`.
  init(_ address: LinkAddress, _ bootstrap: ServerBootstrap) throws {
    switch address {
    case .unix(let path):
      let listener = try UnixListener(path)
      do {
        channel = try bootstrap.withBoundSocket(listener.descriptor).wait()
      } catch {
        listener.removeFile()
        throw LinkError("\(address): could not listen: \(error)")
      }
      file = listener
      self.address = address
    case .tcp(let host, let port):
      do {
        channel = try bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
          .childChannelOption(.socketOption(.so_sndbuf), value: Self.bufferSize)
          .childChannelOption(.socketOption(.so_rcvbuf), value: Self.bufferSize)
          .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
          .bind(host: host, port: port).wait()
      } catch {
        throw LinkError("\(address): could not listen: \(error)")
      }
      file = nil
      self.address = .tcp(host: host, port: channel.localAddress?.port ?? port)
    }
  }

  /// Nobody can connect any more.
  func end() {
    channel.close(promise: nil)
    file?.removeFile()
  }
}

extension ClientBootstrap {
  /// Connects to whoever listens at `address`.
  func connect(to address: LinkAddress) -> EventLoopFuture<any Channel> {
    switch address {
    case .unix(let path): connect(unixDomainSocketPath: path)
    case .tcp(let host, let port): connect(host: host, port: port)
    }
  }
}
