import CFUSE
import Glibc

/// A host that connects to a Unix socket: QEMU's `ipmi-bmc-extern`, one at a time.
final class SocketHost: HostPeer {
  private let path: String
  private let listener: Int32
  /// Whether the socket at `path` is this one.
  private var isBound = false
  private var connection: Int32 = -1
  private var changes: [ConnectionChange] = []

  /// Listens at `path`; a socket that nobody listens at any more is replaced.
  init(path: String) throws {
    self.path = path
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
    let listener = listener
    func bind() throws -> Bool {
      try unsafe withAddress(of: path) { unsafe Glibc.bind(listener, $0, $1) } == 0
    }
    var hasPath = try bind()
    if !hasPath, errno == EADDRINUSE {
      try Self.removeStaleSocket(path)
      hasPath = try bind()
    }
    // Nobody can connect before it listens.
    guard hasPath, unsafe chmod(path, 0o600) == 0, listen(listener, 1) == 0 else {
      throw DeviceError("\(path): no socket can be made there: \(errorText())")
    }
    isBound = true
  }

  /// Of a program that has ended, not of one that runs; and no other file.
  private static func removeStaleSocket(_ path: String) throws {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
      throw DeviceError("\(path): there is a file that is no socket; remove it or choose another")
    }
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
    defer { close(probe) }
    // Only where it is refused nobody listens: a full queue is another error.
    guard try unsafe withAddress(of: path, { unsafe connect(probe, $0, $1) }) < 0,
      errno == ECONNREFUSED
    else { throw DeviceError("\(path): somebody listens there; choose another path") }
    unsafe unlink(path)
  }

  deinit {
    close(listener)
    if connection >= 0 { close(connection) }
    if isBound { unsafe unlink(path) }
  }

  var isDone: Bool { false }

  func descriptors(hasOutput: Bool) -> [Descriptor] {
    connection < 0
      ? [Descriptor(number: listener)] : [Descriptor(number: connection, forOutput: hasOutput)]
  }

  func takeConnectionChange() -> ConnectionChange? {
    if connection < 0, changes.isEmpty {
      connection = device_accept(listener)
      if connection >= 0 { changes.append(.connected) }
    }
    return changes.isEmpty ? nil : changes.removeFirst()
  }

  func take(_ count: Int) -> [UInt8] {
    guard connection >= 0, count > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: min(count, 4096))
    let received = unsafe recv(connection, &bytes, bytes.count, 0)
    if received == 0 || received < 0 && errno != EAGAIN && errno != EINTR { disconnect() }
    return received > 0 ? Array(bytes.prefix(received)) : []
  }

  func give(_ bytes: [UInt8]) -> Int {
    guard connection >= 0 else { return 0 }
    let sent = unsafe send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    if sent < 0, errno != EAGAIN, errno != EINTR { disconnect() }
    return max(0, sent)
  }

  private func disconnect() {
    close(connection)
    connection = -1
    changes.append(.disconnected)
  }
}

/// Calls `body` with a Unix socket's address.
func withAddress(
  of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) throws -> Int32 {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let bytes = Array(path.utf8)
  guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
    throw DeviceError("\(path): a Unix socket's path has 1 to 107 bytes; choose a shorter one")
  }
  unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
  return unsafe withUnsafePointer(to: &address) {
    unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
}

/// A connection, which does not block, to who listens at a Unix socket.
func connectToUnixSocket(_ path: String, type: __socket_type = SOCK_STREAM) throws -> Int32 {
  let connection = socket(AF_UNIX, Int32(type.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
  guard try unsafe withAddress(of: path, { unsafe connect(connection, $0, $1) }) == 0 else {
    let reason = errorText()
    close(connection)
    throw DeviceError("\(path): no BMC can be reached there (\(reason)); start the BMC first")
  }
  return connection
}

/// What `errno` says.
func errorText(_ number: Int32 = errno) -> String { unsafe String(cString: strerror(number)) }
