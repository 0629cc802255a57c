import IPMI
import SystemInterfaces

/// A KCS channel of some part.
public protocol KCSPort: HostPort, KCSBMCRegisters {}

/// One KCS channel with its responder.
struct KCSLink<Port: KCSPort>: Link {
  private(set) var port: Port
  private var responder = KCSResponder<300>()

  init(_ port: Port) {
    self.port = port
  }

  /// A host in the middle of a transfer that nobody remembers here is told so: a byte that waits
  /// decides for itself when its interrupt comes: a start is served, anything else refused. Where
  /// no byte waits, the host is waiting for us, and the ERROR state makes it start over now rather
  /// than at its time-out.
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

  mutating func takeRequest() -> Message? {
    guard responder.service(&port), let bytes = responder.takeRequest() else { return nil }
    return Message(bytes)
  }

  mutating func respond(_ response: Message) {
    responder.respond(response.bytes, on: &port)
  }

  mutating func setAttention(_ isSet: Bool) {
    responder.setAttention(isSet, on: &port)
  }
}
