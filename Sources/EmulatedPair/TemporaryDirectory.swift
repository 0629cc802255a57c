import Foundation

/// A directory that only this user can enter, removed with the value: it holds the sockets.
public final class TemporaryDirectory: Sendable {
  public let path: String

  public init() throws {
    // A socket's path has at most 107 bytes, so a long TMPDIR is no place for it.
    let base = NSTemporaryDirectory()
    let parent = base.utf8.count > 60 ? "/tmp/" : base
    let name = "ipmi-host-bridge.\(String(UInt64.random(in: 0 ... .max), radix: 16))"
    path = parent + name
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    } catch {
      throw EmulatorError("could not make \(path): \(error.localizedDescription)")
    }
    Interruption.register(path)
  }

  deinit {
    Interruption.unregister(path)
    try? FileManager.default.removeItem(atPath: path)
  }

  public func appending(_ name: String) -> String { "\(path)/\(name)" }
}
