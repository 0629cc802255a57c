import IPMI
import SystemInterfaces

/// A BT interface of some part.
public protocol BTPort: HostPort, BTBMCRegisters {
  /// Clears what interrupted the BMC. What happens afterwards interrupts again.
  func acknowledgeInterrupt()
}

/// One BT interface with its responder.
struct BTLink<Port: BTPort>: Link {
  private(set) var port: Port
  private var responder = BTResponder<300>()

  init(_ port: Port) {
    self.port = port
  }

  /// A request that nobody has read is still in its buffer, and gets its answer now.
  mutating func start() -> Bool {
    port.maskInterrupts()
    let wasOpen = port.bmcReadControl().contains(.hostToBMCAttention)
    port.enableInterrupts()
    responder.open(on: &port)
    return wasOpen
  }

  mutating func takeRequest() -> Message? {
    port.acknowledgeInterrupt()
    guard responder.service(&port), let bytes = responder.takeRequest() else { return nil }
    return Message(bytes)
  }

  mutating func respond(_ response: Message) {
    responder.respond(response.bytes, on: &port)
  }

  /// Only the host can clear SMS_ATN.
  mutating func setAttention(_ isSet: Bool) {
    if isSet { responder.setAttention(on: &port) }
  }
}

/// The BT interface of a part that has none.
public enum NoBT: BTPort {
  public var name: StaticString { switch self {} }
  public var line: InterruptLine { switch self {} }
  public func maskInterrupts() {}
  public func enableInterrupts() {}
  public func acknowledgeInterrupt() {}
  public mutating func bmcReadControl() -> BTControl { switch self {} }
  public mutating func bmcWriteControl(_ value: BTControl) {}
  public mutating func bmcReadData() -> UInt8 { switch self {} }
  public mutating func bmcWriteData(_ value: UInt8) {}
}
