import IPMI

/// An interface of some part by which a host is answered: its registers are a protocol's that
/// refines this one, here are the interrupts around them.
public protocol HostPort {
  /// What the log calls it: the name of the emulator's responder, in capitals.
  var name: StaticString { get }
  /// The interrupt that tells the BMC of the host; other parts may raise it, too.
  var line: InterruptLine { get }
  /// Stops interrupts to the BMC, which may be on since before a reset.
  func maskInterrupts()
  /// Lets the host be interrupted by a response, and the BMC by a request.
  func enableInterrupts()
}

/// One port with its responder: requests out, responses in.
protocol Link {
  associatedtype Port: HostPort

  var port: Port { get }
  /// Brings the port up, whose registers survive a reset of the BMC, and returns whether the host
  /// was in a transfer.
  mutating func start() -> Bool
  /// Serves the port's interrupt, and returns the request that it made complete; `nil` where there
  /// is none or the interrupt is somebody else's.
  mutating func takeRequest() -> Message?
  /// Starts the response to the request taken last.
  mutating func respond(_ response: Message)
  /// Sets or clears SMS_ATN, as far as the BMC can.
  mutating func setAttention(_ isSet: Bool)
}
