import BMCPeripherals
import CIPMIHostBridge
import HostPeripherals
import IPMI
import IPMIHostBridge
import SystemInterfaces
import VMProtocol

/// A host on an SMBus: an SSIF target whose messages go to the channel.
@safe final class SMBusEnd: MessageEnd {
  private var bridge: HostMessageBridge<SSIFDevice>
  private let control: ihb_control_fn?
  private let user: UnsafeMutableRawPointer?
  private let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: bufferSize)

  private static let bufferSize = 512

  init(
    _ responder: Responder, address: UInt8, control: ihb_control_fn?,
    user: UnsafeMutableRawPointer?
  ) {
    bridge = HostMessageBridge(SSIFDevice(address: address))
    unsafe self.control = control
    unsafe self.user = user
    super.init(responder)
  }

  deinit { unsafe buffer.deallocate() }

  override var smbus: SMBusEnd? { self }

  /// Greets the BMC.
  func connect(_ soc: SoC) {
    bridge.connected(now: soc.now)
    exchange(soc)
  }

  /// What the bus does to the target, between what came before and what comes of it.
  func access<Result>(
    _ soc: SoC, _ event: (inout SSIFTarget, _ now: UInt64) -> Result
  ) -> Result {
    exchange(soc)
    let result = event(&bridge.device.target, soc.now)
    bridge.advance(now: soc.now)
    exchange(soc)
    return result
  }

  /// Carries bytes both ways until there are none.
  private func exchange(_ soc: SoC) {
    var chunk = FixedBytes<512>()
    while bridge.hasOutput {
      bridge.copyOutput(into: &chunk)
      for index in 0..<chunk.count { unsafe buffer[index] = chunk[index] }
      let bytes = unsafe UnsafeBufferPointer(start: buffer, count: chunk.count)
      let count = unsafe soc.receive(bytes.span, from: responder)
      bridge.consumeOutput(count)
      unsafe soc.report(IHB_EVENT_FROM_HOST, of: responder, buffer, count)
      if count < chunk.count { break }
    }
    while soc[responder] === self, soc.hasOutput(of: responder) {
      soc.copyOutput(of: responder, into: &chunk)
      soc.consumeOutput(chunk.count, of: responder)
      for index in 0..<chunk.count { unsafe buffer[index] = chunk[index] }
      let bytes = unsafe UnsafeBufferPointer(start: buffer, count: chunk.count)
      unsafe bridge.receive(bytes.span, now: soc.now)
      unsafe soc.report(IHB_EVENT_TO_HOST, of: responder, buffer, chunk.count)
    }
  }

  override func serve(_ soc: SoC) -> ihb_error {
    exchange(soc)
    bridge.advance(now: soc.now)
    exchange(soc)
    let asked = bridge.takeHostControl()
    let commands: [4 of VMControl] = [.powerOff, .reset, .nmi, .gracefulShutdown]
    for index in commands.indices where asked.contains(commands[index].requiredCapability) {
      unsafe control?(user, ihb_responder(UInt32(responder.channel)), commands[index].code)
    }
    return IHB_OK
  }

  override func deadline(_ soc: SoC) -> UInt64 {
    bridge.hasOutput || soc.hasOutput(of: responder) ? soc.now : bridge.deadline ?? .max
  }
}
