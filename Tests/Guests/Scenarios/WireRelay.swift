import EmulatedPair
import Foundation

/// A wire between the host and the BMC that can be cut: it takes the host's connections to one Unix
/// socket and passes every byte on to another. After a cut the next connection is a new one.
final class WireRelay: @unchecked Sendable {
  /// Where the host connects.
  let path: String
  private let bmcPath: String
  private let listener: Int32
  /// Guards everything below, and is signalled when a cut has happened.
  private let condition = NSCondition()
  private var connection: Connection?
  /// How many further bytes of the host pass before the cut; nil for no cut.
  private var bytesLeft: Int?
  /// How many bytes of the host have passed, in all and since it connected last.
  private var passed = 0
  private var passedSinceConnect = 0

  /// Both ends of one connection, open as long as anyone may still use them.
  private final class Connection: Sendable {
    let host: Int32
    let bmc: Int32

    init(host: Int32, bmc: Int32) {
      (self.host, self.bmc) = (host, bmc)
    }

    /// Whoever waits for a byte, or for room, stops.
    func end() {
      shutdown(host, Int32(SHUT_RDWR))
      shutdown(bmc, Int32(SHUT_RDWR))
    }

    deinit {
      close(host)
      close(bmc)
    }
  }

  /// - Parameters:
  ///   - path: where the host connects.
  ///   - bmcPath: where the BMC listens.
  init(at path: String, to bmcPath: String) throws {
    self.path = path
    self.bmcPath = bmcPath
    listener = try listenOnUnixSocket(path)
    Thread.detachNewThread { [listener, weak self] in
      while true {
        let host = accept(listener, nil, nil)
        guard host >= 0, let relay = self else { return }
        relay.join(host)
      }
    }
  }

  deinit {
    cut()
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  /// Ends the connection there is.
  func cut() {
    condition.withLock {
      connection?.end()
      forget()
    }
  }

  /// `ended` is over: whatever has come after it goes on.
  private func lost(_ ended: Connection) {
    condition.withLock {
      if connection === ended { forget() }
    }
  }

  /// To be called with the lock held.
  private func forget() {
    connection = nil
    bytesLeft = nil
    condition.broadcast()
  }

  /// Ends the connection when the host has sent so many more bytes, and returns then.
  func cut(afterHostBytes count: Int, within seconds: TimeInterval) throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    try condition.withLock {
      bytesLeft = count
      while bytesLeft != nil {
        guard condition.wait(until: deadline) else {
          bytesLeft = nil
          throw EmulatorError("the host did not send \(count) bytes in \(seconds) s")
        }
      }
    }
  }

  /// Waits until the host has sent `count` bytes since it had sent `start`.
  func wait(forHostBytes count: Int, since start: Int, within seconds: TimeInterval) throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    try condition.withLock {
      while passed < start + count {
        guard condition.wait(until: deadline) else {
          throw EmulatorError("the host did not send \(count) bytes in \(seconds) s")
        }
      }
    }
  }

  /// How many bytes of the host have passed.
  var hostBytes: Int { condition.withLock { passed } }

  /// Whether the host is connected and has said nothing on this connection but which protocol it
  /// speaks (FFh) and what it can do (08h).
  var hasOnlyGreeting: Bool {
    condition.withLock { connection != nil && passedSinceConnect == Self.greetingLength }
  }

  /// FF 01 A1, 08 3F A1.
  private static let greetingLength = 6

  private func join(_ host: Int32) {
    guard let bmc = try? connectToUnixSocket(bmcPath) else {
      close(host)
      return
    }
    let new = Connection(host: host, bmc: bmc)
    condition.withLock {
      connection = new
      passedSinceConnect = 0
    }
    Thread.detachNewThread { [weak self] in
      Self.pump(from: new.bmc, to: new.host) { _ in .max }
      new.end()
      self?.lost(new)
    }
    Thread.detachNewThread { [weak self] in
      Self.pump(from: new.host, to: new.bmc) { self?.allow($0) ?? 0 }
      new.end()
      self?.lost(new)
    }
  }

  /// How many of `count` bytes of the host may pass.
  private func allow(_ count: Int) -> Int {
    condition.withLock {
      passed += count
      passedSinceConnect += count
      condition.broadcast()
      guard let left = bytesLeft else { return count }
      guard count < left else { return left }
      bytesLeft = left - count
      return count
    }
  }

  /// Passes bytes on until either end is gone or fewer than all may pass.
  private static func pump(from: Int32, to: Int32, allow: (Int) -> Int) {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe recv(from, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      let allowed = min(count, allow(count))
      var sent = 0
      while sent < allowed {
        let written = unsafe buffer.withUnsafeBytes {
          unsafe send(to, $0.baseAddress! + sent, allowed - sent, Int32(MSG_NOSIGNAL))
        }
        guard written > 0 else { return }
        sent += written
      }
      if allowed < count { return }
    }
  }
}
