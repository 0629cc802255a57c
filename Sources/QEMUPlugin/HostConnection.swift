import BMCPeripherals
import CQEMU
import IPMI
import VMProtocol

/// The chardev that carries a host's wire; ``BridgedConnection`` adds the bridge.
///
/// Nothing is held across a call into QEMU: output is copied before it is written, and is written
/// from the main loop only.
@safe class HostConnection: Chardev {
  /// Where the BMC answers.
  let responder: Responder
  /// Where what happens is written; `nil` where the user has not asked for it.
  final var trace: DeviceTrace?

  /// What is being written.
  private let outgoing = UnsafeMutablePointer<UInt8>.allocate(capacity: outgoingCapacity)
  private static let outgoingCapacity = 512
  /// GLib's tag of the wait for room in the chardev; 0 while nothing waits.
  private var watch: UInt32 = 0
  final var isWaitingForRoom: Bool { watch != 0 }

  /// Takes the chardev with the id `id`, whose use is exclusive.
  init(
    _ id: UnsafePointer<CChar>?, responder: Responder, on hostInterface: HostInterface
  ) throws(RealizationError) {
    self.responder = responder
    try unsafe super.init(id, on: hostInterface)
  }

  // MARK: What the bridge does

  /// Whether there are bytes for a host that is there.
  var hasOutput: Bool { false }
  /// The oldest of them.
  func copyOutput(into chunk: inout FixedBytes<512>) {}
  /// They were written.
  func consumeOutput(_ count: Int) {}
  /// Asks the host for something, where it can do that.
  func control(_ command: VMControl) {}
  /// Whether the host said that it was reset since this was asked last.
  func takeHostReset() -> Bool { false }

  /// The host has left: nothing waits for room any more.
  override func disconnected() {
    if watch != 0 { _ = qemu.g_source_remove(watch) }
    watch = 0
  }

  // MARK: The chardev

  /// Writes what the bridge has for the host, and asks for input that was held back.
  ///
  /// To be called from the main loop.
  override func serveChardev() {
    if watch == 0 { flush() }
    super.serveChardev()
  }

  private func flush() {
    var chunk = FixedBytes<512>()
    while hasOutput {
      copyOutput(into: &chunk)
      for index in 0..<chunk.count { unsafe outgoing[index] = chunk[index] }
      let written = unsafe Int(qemu.qemu_chr_fe_write(backend, outgoing, Int32(chunk.count)))
      guard isConnected else { return }
      if written > 0 {
        trace?.bmcSends(chunk, min(written, chunk.count))
        consumeOutput(min(written, chunk.count))
      }
      if written < chunk.count { return waitForRoom() }
    }
  }

  /// Continues when the chardev takes bytes again. One that cannot say when has lost them.
  private func waitForRoom() {
    let writable: UInt32 = 4  // G_IO_OUT
    let hungUp: UInt32 = 16  // G_IO_HUP
    watch = unsafe qemu.qemu_chr_fe_add_watch(
      backend, writable | hungUp,
      { _, _, opaque in
        let connection = unsafe Unmanaged<HostConnection>.fromOpaque(opaque!).takeUnretainedValue()
        connection.watch = 0
        connection.flush()
        connection.hostInterface.settle()
        return 0  // the watch has done its work
      },
      Unmanaged.passUnretained(self).toOpaque())
    var chunk = FixedBytes<512>()
    while watch == 0, hasOutput {
      copyOutput(into: &chunk)
      consumeOutput(chunk.count)
    }
  }
}
