import CQEMU
import IPMIHostBridge
import SystemInterfaces

/// The chardev from which POST codes come: every byte is one.
@safe final class PostCodeInput: Chardev {
  private var bridge: PostCodeBridge

  /// Takes the chardev with the id `id`, whose use is exclusive.
  init(
    _ id: UnsafePointer<CChar>?, port: UInt16, on hostInterface: HostInterface
  ) throws(RealizationError) {
    bridge = PostCodeBridge(port: port)
    try unsafe super.init(id, on: hostInterface)
  }

  /// Brings codes that wait to the registers, if their time has come.
  @inline(__always)
  func advance(_ registers: inout some PostCodeRegisters) {
    if bridge.waitingCodes > 0 { bridge.advance(&registers, now: realTime) }
  }

  /// When this must be called although nothing changes; 0 where the chardev needs service.
  var wakeUpTime: UInt64? { hasRoomAgain ? 0 : bridge.deadline }

  /// Saves or restores the codes that wait.
  func transfer(through stream: inout SnapshotStream, keeping: Bool) {
    var copy = bridge
    copy.transfer(through: &stream)
    if keeping { bridge = copy }
  }

  override var acceptableInput: Int { bridge.acceptableCodes }

  override func take(_ bytes: UnsafeBufferPointer<UInt8>) {
    for index in bytes.indices { unsafe bridge.postCode(bytes[index], now: realTime) }
  }
}
