import IPMI
import SystemInterfaces

/// An SMBus target for a host, and messages for a BMC.
///
/// The bus reaches ``target``. Get System Interface Capabilities for SSIF is answered here, for the
/// buffers are. The interrupt is SMBALERT#.
public struct SSIFDevice: MessageResponder, Sendable {
  /// How long the BMC has for an answer, in nanoseconds: more than the 4 s after which whoever carries
  /// the messages answers C3h in its place, so that the host gets that.
  public static var responseTimeout: UInt64 { 5_000_000_000 }

  /// What is on the bus.
  public var target: SSIFTarget

  /// A target that is there and does not drive SMBALERT#.
  public init(address: UInt8 = SSIFTarget.defaultAddress) {
    target = SSIFTarget(address: address)
    target.enables = .address
    target.responseTimeout = Self.responseTimeout
  }

  public var interrupt: Bool { target.alert }

  public mutating func takeRequest(now: UInt64) -> Message? {
    guard let bytes = target.takeRequest(now: now),
      let request = Message(bytes, in: 0..<bytes.count)
    else { return nil }
    guard request.command == .getSystemInterfaceCapabilities, !request.netFn.isResponse else {
      return request
    }
    var response: Message
    switch request.data(0) {
    case 0:
      response = Message(respondingTo: request)
      SSIFCapabilities.target.append(to: &response)
    case nil: response = Message(respondingTo: request, .requestLengthInvalid)
    default: response = Message(respondingTo: request, .invalidDataField)
    }
    target.respond(response.bytes, now: now)
    return nil
  }

  @discardableResult
  public mutating func respond(_ response: Message, now: UInt64) -> Bool {
    target.respond(response.bytes, now: now)
  }

  public mutating func setAttention(_ isSet: Bool, interrupts: Bool) { target.setAttention(isSet) }

  public mutating func setInterruptEnabled(_ isEnabled: Bool) {
    if isEnabled { target.enables.insert(.alert) } else { target.enables.remove(.alert) }
  }
}
