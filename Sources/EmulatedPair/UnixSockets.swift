import Foundation

/// Connects to the Unix socket at `path`, where someone listens already.
/// - Returns: the descriptor, which is the caller's to close.
public func connectToUnixSocket(_ path: String) throws -> Int32 {
  guard let descriptor = unsafe try withUnixSocket(path, { unsafe connect($0, $1, $2) == 0 }) else {
    throw EmulatorError("nobody listens on \(path)")
  }
  return descriptor
}

/// Listens on a Unix socket at `path`, which does not exist yet.
/// - Returns: the descriptor, which is the caller's to close.
public func listenOnUnixSocket(_ path: String) throws -> Int32 {
  let listens = unsafe try withUnixSocket(path) {
    unsafe bind($0, $1, $2) == 0 && listen($0, 8) == 0
  }
  guard let listens else { throw EmulatorError("could not listen on \(path)") }
  return listens
}

/// A new socket that `body` accepted; nil, and it is closed, where it did not.
private func withUnixSocket(
  _ path: String, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
) throws -> Int32? {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { place in
    guard path.utf8.count < place.count else { return false }
    unsafe place.copyBytes(from: path.utf8)
    return true
  }
  guard fits else { throw EmulatorError("\(path) is too long for a socket") }
  let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
  guard descriptor >= 0 else { throw EmulatorError("no socket could be made") }
  let isAccepted = unsafe withUnsafePointer(to: &address) { pointer in
    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
  if isAccepted { return descriptor }
  close(descriptor)
  return nil
}
