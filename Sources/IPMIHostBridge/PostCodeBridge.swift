import IPMI
import SystemInterfaces

/// Brings the POST codes of a host that is somewhere else to the registers of the BMC.
///
/// On a board a host does not wait for the BMC: codes come microseconds apart, and the BMC, which
/// runs meanwhile, has the time to take each. Over a wire they come in bundles, and a BMC in an
/// emulator may not have run at all in between. So a code waits until the BMC has taken the one
/// before it, but only for ``patience``: one that does not look loses codes as it does on a board.
///
/// A state machine without I/O, as ``IPMIHostBridge`` is.
public struct PostCodeBridge: Sendable {
  /// How long a code waits for the BMC, in nanoseconds.
  ///
  /// 1 s: a BMC that takes codes at all does so at an interrupt, but the machine that emulates it
  /// may be busy. A host whose wire is full waits, too: this is also the longest that one code can
  /// hold it up.
  public static let patience: UInt64 = 1_000_000_000

  /// The port that the host writes to, 80h by custom.
  public let port: UInt16
  /// When ``advance(_:now:)`` must be called again at the latest, in nanoseconds, if nothing else
  /// happens; `nil` where it need not.
  public var deadline: UInt64? { waiting?.until }

  private var waiting: (code: UInt8, until: UInt64)?

  /// A bridge for what the host writes to `port`.
  public init(port: UInt16 = 0x80) {
    self.port = port
  }

  /// Whether ``postCode(_:now:)`` takes one.
  public var isReady: Bool { waiting == nil }

  /// The host has written `code`. Call ``advance(_:now:)`` afterwards.
  ///
  /// - Returns: `false` where the one before still waits; offer it again after that.
  @discardableResult
  public mutating func postCode(_ code: UInt8, now: UInt64) -> Bool {
    guard isReady else { return false }
    waiting = (code, now &+ Self.patience)
    return true
  }

  /// Brings the code that waits to the registers, if its time has come.
  public mutating func advance(_ registers: inout some PostCodeRegisters, now: UInt64) {
    guard let (code, until) = waiting else { return }
    guard registers.hasRoomForPostCode(port: port) || now >= until else { return }
    waiting = nil
    registers.postCode(port: port, value: code)
  }
}

extension PostCodeBridge: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    var code = waiting?.code ?? 0
    var until = waiting?.until
    stream.transfer(&code)
    stream.transfer(deadline: &until)
    waiting = until.map { (code, $0) }
  }
}
