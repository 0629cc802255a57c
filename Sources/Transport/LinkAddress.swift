/// Where a link is: a Unix socket, or a TCP port.
public enum LinkAddress: Hashable, Sendable, CustomStringConvertible {
  /// A socket in the file system.
  case unix(path: String)
  /// A host, by name or number, without the brackets of an IPv6 number; and a port, where 0 lets the
  /// system choose one to listen on.
  case tcp(host: String, port: Int)

  /// The most bytes of a Unix socket's path: `sun_path` less its final zero, `unix(7)`.
  static let pathLimit = 107

  /// The address in `text`: `unix:PATH`, `tcp:HOST:PORT` or `tcp:[IPV6]:PORT`.
  public init(_ text: String) throws(LinkError) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst("unix:".count))
      guard !path.isEmpty, !path.utf8.contains(0) else {
        throw LinkError("\(text): a path is expected behind \"unix:\", as in unix:/run/bmc.sock")
      }
      guard path.utf8.count <= Self.pathLimit else {
        throw LinkError(
          "\(text): the path has \(path.utf8.count) bytes, and a Unix socket's has at most "
            + "\(Self.pathLimit); choose a shorter one")
      }
      self = .unix(path: path)
    } else if text.hasPrefix("tcp:"),
      case let rest = text.dropFirst("tcp:".count), let colon = rest.lastIndex(of: ":"),
      let port = UInt16(rest[rest.index(after: colon)...]), let host = Self.host(rest[..<colon])
    {
      self = .tcp(host: host, port: Int(port))
    } else {
      throw LinkError("\(text): expected unix:PATH or tcp:HOST:PORT, as in tcp:127.0.0.1:9002")
    }
  }

  private static func host(_ text: Substring) -> String? {
    if text.hasPrefix("["), text.hasSuffix("]"), text.count > 2 {
      return String(text.dropFirst().dropLast())
    }
    return text.isEmpty || text.contains { ":[]".contains($0) } ? nil : String(text)
  }

  /// Whether only this machine reaches it: a Unix socket, 127.0.0.0/8, ::1 or localhost.
  public var isLocal: Bool {
    switch self {
    case .unix: true
    case .tcp(let host, _):
      if host == "::1" || host.lowercased() == "localhost" { true } else { Self.isLoopback(host) }
    }
  }

  /// Four numbers of which the first is 127: `127.example.net` is a name like any other.
  private static func isLoopback(_ host: String) -> Bool {
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
  }

  public var description: String {
    switch self {
    case .unix(let path): "unix:\(path)"
    case .tcp(let host, let port):
      host.contains(":") ? "tcp:[\(host)]:\(port)" : "tcp:\(host):\(port)"
    }
  }
}

/// What went wrong with a link, in the words shown to the user.
public struct LinkError: Error, Hashable, CustomStringConvertible {
  /// One sentence: what was wrong, and what to do.
  public let description: String

  init(_ description: String) { self.description = description }
}
