import Foundation
import IPMI
import Transport
import VMProtocol

/// A VM's end of a link: a socket that blocks, for as long as it is told to.
final class WireClient {
  private let descriptor: CInt
  private var decoder = VMDecoder(role: .vm)
  /// What has arrived and was not asked for yet.
  private var arrived: [VMEvent] = []

  /// What ``WireClient`` reports beside events.
  enum Failure: Error, Equatable {
    /// Nothing came within the time given.
    case silence
    /// The server has closed the connection.
    case closed
    case noConnection
  }

  /// Connects to `address`, which is a Unix socket or a port of 127.0.0.1.
  init(_ address: LinkAddress) throws {
    switch address {
    case .unix(let path):
      var place = sockaddr_un()
      place.sun_family = sa_family_t(AF_UNIX)
      unsafe withUnsafeMutableBytes(of: &place.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
      descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
      try connect(to: &place)
    case .tcp(_, let port):
      var place = sockaddr_in()
      place.sin_family = sa_family_t(AF_INET)
      place.sin_port = UInt16(port).bigEndian
      place.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
      descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
      try connect(to: &place)
    }
  }

  /// The end of a connection that a listener has accepted.
  init(accepted descriptor: CInt) { self.descriptor = descriptor }

  private func connect<Address>(to address: inout Address) throws {
    // Little, so that a flood is over soon.
    var limit: CInt = 32_768
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVBUF, &limit, socklen_t(MemoryLayout<CInt>.size))
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_SNDBUF, &limit, socklen_t(MemoryLayout<CInt>.size))
    let size = socklen_t(MemoryLayout<Address>.size)
    let status = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(descriptor, $0, size)
      }
    }
    guard status == 0 else { throw Failure.noConnection }
  }

  deinit { close(descriptor) }

  /// Ends the connection with a reset instead of an end of file, where it is TCP's.
  func abort() {
    var option = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Sends all bytes; a server that has left is no error here.
  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = unsafe rest.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      guard sent > 0 else { return }
      rest = rest.dropFirst(sent)
    }
  }

  /// Sends as much of `bytes`, again and again, as the server takes without being read from.
  ///
  /// - Returns: The bytes that were sent, `limit` at most.
  func flood(_ bytes: [UInt8], limit: Int, quiet: TimeInterval) -> Int {
    var sent = 0
    var stuck = Date()
    while sent < limit {
      let offset = sent % bytes.count
      let count = unsafe bytes[offset...].withUnsafeBytes {
        unsafe Glibc.send(
          descriptor, $0.baseAddress, $0.count,
          CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
      }
      if count > 0 {
        sent += count
        stuck = Date()
      } else {
        if Date().timeIntervalSince(stuck) > quiet { break }
        _ = wait(for: CInt(POLLOUT), quiet)
      }
    }
    return sent
  }

  private func wait(for events: CInt, _ timeout: TimeInterval) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    return unsafe poll(&request, 1, CInt((timeout * 1000).rounded(.up))) > 0
  }

  /// The next bytes from the server.
  func bytes(timeout: TimeInterval = 30) throws -> [UInt8] {
    guard wait(for: CInt(POLLIN), timeout) else { throw Failure.silence }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
    }
    guard count > 0 else { throw Failure.closed }
    return Array(buffer[..<count])
  }

  /// The next event from the server.
  func event(timeout: TimeInterval = 30) throws -> VMEvent {
    while arrived.isEmpty {
      arrived = try bytes(timeout: timeout).compactMap { decoder.feed($0) }
    }
    return arrived.removeFirst()
  }

  /// The answer to the request `id`, and how many other messages came before it.
  func response(to id: UInt8, timeout: TimeInterval = 30) throws -> (Message, before: Int) {
    var before = 0
    while true {
      guard case .message(let received, let message) = try event(timeout: timeout) else { continue }
      if received == id { return (message, before) }
      before += 1
    }
  }

  /// Whether Get Device ID is answered; the error where it is not.
  @discardableResult
  func deviceIDIsAnswered(id: UInt8 = 0x77, timeout: TimeInterval = 30) throws -> Bool {
    send(request(.getDeviceID, id: id))
    return try response(to: id, timeout: timeout).0.completionCode == .success
  }
}

/// A VM that listens: for a BMC that connects.
final class WireListener {
  private let descriptor: CInt
  /// Where it listens, on 127.0.0.1.
  let port: Int

  init(port: Int = 0) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let socket = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var yes: CInt = 1
    unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0
      }
    }
    guard status, listen(socket, 4) == 0 else { throw WireClient.Failure.noConnection }
    descriptor = socket
    self.port = Int(UInt16(bigEndian: address.sin_port))
  }

  deinit { close(descriptor) }

  /// The next peer.
  func accept(timeout: TimeInterval = 20) throws -> WireClient {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&request, 1, CInt(timeout * 1000)) > 0 else {
      throw WireClient.Failure.silence
    }
    return WireClient(accepted: Glibc.accept(descriptor, nil, nil))
  }
}
