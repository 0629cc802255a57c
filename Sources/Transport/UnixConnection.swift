import Glibc

/// A Unix socket with one peer at a time, without threads: whoever has it waits when there is nothing
/// else to do.
public final class UnixConnection {
  private let listener: UnixListener
  private var peer: CInt = -1

  /// What has happened at a socket.
  public enum Event: Sendable {
    case connected
    case received([UInt8])
    case disconnected
    /// Nothing, in the time given.
    case nothing
  }

  /// Listens at `address`, a Unix socket.
  public init(_ address: LinkAddress) throws(LinkError) {
    guard case .unix(let path) = address else {
      throw LinkError("\(address): only a Unix socket can be used here, as unix:/run/bmc.sock")
    }
    listener = try UnixListener(path)
    guard listen(listener.descriptor, 1) == 0 else {
      throw LinkError("\(address): could not listen: \(unsafe String(cString: strerror(errno)))")
    }
  }

  deinit {
    if peer >= 0 { close(peer) }
    listener.removeFile()
    close(listener.descriptor)
  }

  /// Waits for something to happen, up to so many milliseconds.
  public func wait(milliseconds: Int32) -> Event {
    let isConnected = peer >= 0
    var entry = pollfd(
      fd: isConnected ? peer : listener.descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&entry, 1, milliseconds) > 0 else { return .nothing }
    guard isConnected else {
      peer = accept(listener.descriptor, nil, nil)
      guard peer >= 0 else { return .nothing }
      _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
      _ = fcntl(peer, F_SETFL, O_NONBLOCK)
      return .connected
    }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe recv(peer, $0.baseAddress, $0.count, 0)
    }
    if count > 0 { return .received(Array(bytes.prefix(count))) }
    if count < 0, errno == EAGAIN || errno == EINTR { return .nothing }
    close(peer)
    peer = -1
    return .disconnected
  }

  /// Writes to the peer.
  ///
  /// - Returns: How many bytes it took; the rest is to be offered again.
  public func write(_ bytes: [UInt8]) -> Int {
    guard peer >= 0 else { return 0 }
    let count = unsafe bytes.withUnsafeBytes {
      unsafe send(peer, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
    }
    return max(count, 0)
  }
}
