import IPMI
import SystemInterfaces

/// BT registers for a host, and messages for a BMC.
///
/// The channel is served by ``SystemInterfaces/BTResponder``. Get BT Interface Capabilities is
/// answered here, for the buffers are: 63 bytes behind the length each way, one request at a time,
/// 10 s, no retry.
public struct BTDevice: MessageResponder, HostRegisters, Sendable {
  public static var registerCount: Int { BTChannel.registerCount }

  /// The registers.
  public private(set) var channel = BTChannel()
  private var responder = BTResponder<300>()
  private var interruptIsEnabled = false

  /// A device at rest, with no interrupt enabled.
  public init() {
    channel.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer]
    responder.open(on: &channel)
  }

  public var interrupt: Bool { interruptIsEnabled && channel.hostInterrupt }

  public mutating func hostRead(register: Int) -> UInt8 { channel.hostRead(register: register) }

  public mutating func hostWrite(_ value: UInt8, register: Int) {
    channel.hostWrite(value, register: register)
    responder.service(&channel)
  }

  public mutating func takeRequest(now: UInt64) -> Message? {
    guard let request = responder.takeRequest().flatMap({ Message($0, in: 0..<$0.count) }) else {
      return nil
    }
    guard request.command == .getBTInterfaceCapabilities, !request.netFn.isResponse else {
      return request
    }
    var response = Message(respondingTo: request)
    response.append(contentsOf: [1, 63, 63, 10, 0] as FixedBytes<5>)
    responder.respond(response.bytes, on: &channel)
    return nil
  }

  @discardableResult
  public mutating func respond(_ response: Message, now: UInt64) -> Bool {
    responder.respond(response.bytes, on: &channel)
  }

  /// BT's SMS_ATN cannot be withdrawn: only the host clears it.
  public mutating func setAttention(_ isSet: Bool, interrupts: Bool) {
    guard isSet else { return }
    responder.setAttention(on: &channel)
  }

  public mutating func setInterruptEnabled(_ isEnabled: Bool) { interruptIsEnabled = isEnabled }
}
