import Glibc
import NIOCore

/// A Unix socket that is bound and listens: only this user can connect to it.
struct UnixListener: Sendable {
  let path: String
  let descriptor: CInt
  private let file: FileIdentity

  /// Which file a path leads to.
  private struct FileIdentity: Equatable {
    let device: dev_t
    let number: ino_t
    let isSocket: Bool

    /// `nil` where there is none, or it cannot be looked at.
    init?(_ path: String) {
      var status = stat()
      guard unsafe lstat(path, &status) == 0 else { return nil }
      device = status.st_dev
      number = status.st_ino
      isSocket = status.st_mode & S_IFMT == S_IFSOCK
    }
  }

  /// Makes the socket at `path`, which must be short enough for one.
  ///
  /// A socket that nobody listens on any more is replaced; one that somebody does, or any other
  /// file, is left alone, and an error.
  init(_ path: String) throws(LinkError) {
    self.path = path
    let name = LinkAddress.unix(path: path)
    let descriptor = Self.makeSocket()
    self.descriptor = descriptor
    guard descriptor >= 0 else { throw LinkError("\(name): \(Self.reason())") }
    do throws(LinkError) {
      // Before it is bound, so that there is no moment at which others can connect. unix(7) leaves
      // this to the system; Linux takes the file's mode from the socket's.
      guard fchmod(descriptor, 0o600) == 0 else { throw LinkError("\(name): \(Self.reason())") }
      if let file = FileIdentity(path) {
        guard file.isSocket else {
          throw LinkError("\(name): there is a file that is no socket; remove it or choose another")
        }
        guard !Self.isLive(path) else {
          throw LinkError("\(name): another program listens there; end it or choose another path")
        }
        guard unsafe unlink(path) == 0 else {
          throw LinkError("\(name): could not replace a stale socket: \(Self.reason())")
        }
      }
      guard unsafe Self.withAddress(path, { unsafe bind(descriptor, $0, $1) }) == 0 else {
        throw LinkError("\(name): could not listen: \(Self.reason())")
      }
      guard let file = FileIdentity(path) else {
        throw LinkError("\(name): removed while it was made")
      }
      self.file = file
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// Removes the file, unless somebody has put another in its place.
  func removeFile() {
    if FileIdentity(path) == file { unsafe unlink(path) }
  }

  /// Whether somebody listens on the socket at `path`.
  private static func isLive(_ path: String) -> Bool {
    let probe = makeSocket()
    guard probe >= 0 else { return true }
    defer { close(probe) }
    // Refused: nobody does. Any other failure, a full queue for one, means that somebody may.
    return unsafe withAddress(path) { unsafe connect(probe, $0, $1) } == 0 || errno != ECONNREFUSED
  }

  /// Does not block, and no child inherits it.
  private static func makeSocket() -> CInt {
    let flags = [SOCK_STREAM, SOCK_CLOEXEC, SOCK_NONBLOCK].reduce(0) { $0 | CInt($1.rawValue) }
    return socket(AF_UNIX, flags, 0)
  }

  private static func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
  ) -> CInt {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    return unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, size) }
    }
  }

  private static func reason() -> String { unsafe String(cString: strerror(errno)) }
}
