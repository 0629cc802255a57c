import IPMI
import SystemInterfaces

/// A KCS channel of some part: the three registers, and the interrupts around them.
public protocol KCSPort: KCSBMCRegisters {
  /// The interrupt that tells the BMC of a byte from the host.
  var line: InterruptLine { get }
  /// Stops interrupts to the BMC, which may be on since before a reset.
  func maskInterrupts()
  /// Lets the host be interrupted by OBF and the BMC by IBF.
  func enableInterrupts()
}

/// One KCS channel with its responder.
struct KCSLink<Port: KCSPort> {
  var port: Port
  var responder = KCSResponder<300>()

  /// Brings the channel up and returns whether the host was in a transfer.
  ///
  /// The registers survive a reset of the BMC, so that the host may be in the middle of a transfer
  /// that nobody remembers here. A byte that waits decides for itself when its interrupt comes: a
  /// start is served, anything else refused. Where no byte waits, the host is waiting for us, and
  /// the ERROR state makes it start over now rather than at its time-out.
  mutating func start() -> Bool {
    port.maskInterrupts()
    let status = port.bmcReadStatus()
    let wasOpen = status.state != .idle
    if wasOpen, !status.contains(.inputBufferFull) {
      responder.forceAbort(on: &port)
    }
    setAttention(false)
    port.enableInterrupts()
    return wasOpen
  }

  /// Serves the channel's interrupt, and returns the request when that was its last byte.
  mutating func takeRequest() -> Message? {
    guard responder.service(&port), let bytes = responder.takeRequest() else { return nil }
    return Message(bytes)
  }

  /// Starts the response to the request taken last.
  mutating func respond(_ response: Message) {
    responder.respond(response.bytes, on: &port)
  }

  /// Sets or clears SMS_ATN.
  mutating func setAttention(_ isSet: Bool) {
    responder.setAttention(isSet, on: &port)
  }
}
