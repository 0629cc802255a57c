/// The lines by which a BMC controls its host, and sees whether it has power.
public protocol HostControlPort: Sendable {
  /// Makes the outputs outputs, none of them asserted.
  func start()
  /// Drives an output.
  func set(_ line: HostControlLine, asserted: Bool)
  /// Whether the host has power. A board that nobody has tied to a host says so, too.
  var powerIsGood: Bool { get }
}

/// An output of ``HostControlPort``.
public enum HostControlLine: Sendable {
  case powerButton, reset, nmi

  /// The order of the pins of our boards.
  var index: UInt32 {
    switch self {
    case .powerButton: 0
    case .reset: 1
    case .nmi: 2
    }
  }
}
