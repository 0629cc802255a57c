import IPMI

/// What a host state machine asks of its caller after one step.
public enum HostEvent: Hashable, Sendable {
  /// No transaction is open.
  case idle
  /// No transaction is open, and the BMC has set SMS_ATN.
  case attention
  /// A byte moved: call again at once.
  case progressed
  /// The BMC has to act first. Call again when a register changed, and at the time given, in
  /// nanoseconds, when the wait is over.
  case waiting(until: UInt64)
  /// The transaction is over; the response is there.
  case complete
  /// The transaction is over without a response: every retry failed.
  case failed
}

/// The host's half of a system interface (KCS, BT, SSIF), as a state machine without I/O.
///
/// It owns neither registers nor clock: both are arguments, as in Linux's `si_sm_handlers`. One
/// transaction is open at a time.
public protocol SystemInterfaceHost: Restorable, Sendable {
  /// The registers it drives.
  associatedtype Registers

  /// Whether a transaction can be started.
  var isIdle: Bool { get }

  /// Opens a transaction; `false`, and no change, while one is open.
  @discardableResult
  mutating func start(_ request: Message) -> Bool

  /// Gives up the open transaction: the interface is brought back to idle, and
  /// ``HostEvent/failed`` reports it. No effect when idle.
  mutating func abort()

  /// Takes one step. `now`: nanoseconds of any clock that does not run backwards.
  mutating func event(on registers: inout Registers, now: UInt64) -> HostEvent

  /// The request that was started last.
  var request: Message { get }

  /// The response, from ``HostEvent/complete`` until the next transaction.
  var response: Message? { get }

  /// Whether the BMC has set SMS_ATN.
  static func attention(on registers: Registers) -> Bool

  /// Whether the BMC lets the interface interrupt the host.
  static func hostInterruptIsEnabled(on registers: Registers) -> Bool
}
