import IPMI
import SystemInterfaces

/// Brings the POST codes of a host that is somewhere else to the registers of the BMC.
///
/// On a board a host does not wait for the BMC: codes come microseconds apart, and the BMC, which
/// runs meanwhile, has the time to take each. Over a wire they come in bundles, and a BMC in an
/// emulator may not have run at all in between. So codes wait until the BMC has taken those before
/// them, but only for ``patience``: a BMC that does not look loses codes as it does on a board.
///
/// A state machine without I/O, as ``IPMIHostBridge`` is.
public struct PostCodeBridge: Sendable {
  /// How long the BMC has for the next code, in nanoseconds.
  ///
  /// 1 s: a BMC that takes codes at all does so at an interrupt, but the machine that emulates it
  /// may be busy. A host whose wire is full waits, too: this is also the longest that a BMC can
  /// hold it up.
  public static let patience: UInt64 = 1_000_000_000

  /// How many codes can wait: the last words of a host that ends. Who reads the wire for this may
  /// find nothing there any more when the host has hung up.
  public static let capacity = 64

  /// The port that the host writes to, 80h by custom.
  public let port: UInt16
  /// When ``advance(_:now:)`` must be called again at the latest, in nanoseconds, if nothing else
  /// happens; `nil` where it need not.
  public private(set) var deadline: UInt64?

  private var waiting: FixedBytes<64> = []

  /// A bridge for what the host writes to `port`.
  public init(port: UInt16 = 0x80) {
    self.port = port
  }

  /// How many codes wait for the BMC.
  public var waitingCodes: Int { waiting.count }

  /// How many more codes ``postCode(_:now:)`` takes.
  public var acceptableCodes: Int { Self.capacity - waiting.count }

  /// The host has written `code`. Call ``advance(_:now:)`` afterwards.
  ///
  /// - Returns: `false` where too many wait; offer it again after that.
  @discardableResult
  public mutating func postCode(_ code: UInt8, now: UInt64) -> Bool {
    guard waiting.append(code) else { return false }
    if deadline == nil { deadline = now &+ Self.patience }
    return true
  }

  /// Brings the codes to the registers for which there is room, or all when their time has come.
  public mutating func advance(_ registers: inout some PostCodeRegisters, now: UInt64) {
    guard let until = deadline else { return }
    var delivered = 0
    while delivered < waiting.count,
      now >= until || registers.hasRoomForPostCode(port: port)
    {
      registers.postCode(port: port, value: waiting[delivered])
      delivered += 1
    }
    guard delivered > 0 else { return }
    waiting.removeFirst(delivered)
    deadline = waiting.isEmpty ? nil : now &+ Self.patience
  }
}

extension PostCodeBridge: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    waiting.transfer(through: &stream)
    stream.transfer(deadline: &deadline)
    // Codes that nothing will ever deliver.
    if waiting.isEmpty != (deadline == nil) { stream.reject() }
  }
}
