import IPMI
import SystemInterfaces

/// A system interface that is answered with messages: the host has registers, the BMC has none.
///
/// What QEMU's `isa-ipmi-kcs` is to its `ipmi-bmc-sim` and `ipmi-bmc-extern`. The interface serves
/// itself at every access of the host; whoever has the messages takes a request when there is one
/// and answers it, now or later. The answer about the size of its own buffers it gives itself.
public protocol MessageResponder: Sendable {
  /// Level of the host's interrupt.
  var interrupt: Bool { get }

  /// A request, once; `nil` where there is none.
  mutating func takeRequest(now: UInt64) -> Message?

  /// Answers the request taken last; `false`, and no change, where the host does not wait for it.
  @discardableResult
  mutating func respond(_ response: Message, now: UInt64) -> Bool

  /// Says whether there is something for system management software, and whether that interrupts.
  mutating func setAttention(_ isSet: Bool, interrupts: Bool)

  /// Lets the interface interrupt the host, or not. Off at first.
  mutating func setInterruptEnabled(_ isEnabled: Bool)
}
