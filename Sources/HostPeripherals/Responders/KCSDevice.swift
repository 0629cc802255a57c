import IPMI
import SystemInterfaces

/// KCS registers for a host, and messages for a BMC.
///
/// The channel is served by ``SystemInterfaces/KCSResponder``, so a host sees what it sees of a BMC
/// with Linux's driver. The interrupt is a level: OBF, or SMS_ATN until the host reads STR, where
/// the BMC has enabled it.
public struct KCSDevice: MessageResponder, HostRegisters, Sendable {
  public static var registerCount: Int { KCSChannel.registerCount }

  /// The registers.
  public private(set) var channel = KCSChannel()
  private var responder = KCSResponder<300>()
  private var alertsAttention = false

  /// A device at rest, with no interrupt enabled.
  public init() {
    channel.enables = .hostDecode
  }

  public var interrupt: Bool {
    channel.hostInterrupt
      || alertsAttention && channel.enables.contains(.outputBufferFullInterrupt)
  }

  public mutating func hostRead(register: Int) -> UInt8 {
    if register != 0 { alertsAttention = false }
    return channel.hostRead(register: register)
  }

  public mutating func hostWrite(_ value: UInt8, register: Int) {
    channel.hostWrite(value, register: register)
    responder.service(&channel)
  }

  public mutating func takeRequest(now: UInt64) -> Message? {
    responder.takeRequest().flatMap { Message($0, in: 0..<$0.count) }
  }

  @discardableResult
  public mutating func respond(_ response: Message, now: UInt64) -> Bool {
    responder.respond(response.bytes, on: &channel)
  }

  public mutating func setAttention(_ isSet: Bool, interrupts: Bool) {
    responder.setAttention(isSet, on: &channel)
    alertsAttention = isSet && interrupts
  }

  public mutating func setInterruptEnabled(_ isEnabled: Bool) {
    if isEnabled {
      channel.enables.insert(.outputBufferFullInterrupt)
    } else {
      channel.enables.remove(.outputBufferFullInterrupt)
    }
  }
}
