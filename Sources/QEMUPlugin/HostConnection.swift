import CQEMU
import IPMI
import IPMIHostBridge
import SystemInterfaces

/// The way from one KCS channel to its host: a bridge, and the chardev that carries the wire.
///
/// QEMU calls the handlers in the main loop, or, for an event that a failed write causes, inside
/// that write. So nothing is held across a call into QEMU: output is copied before it is written,
/// and is written from the main loop only.
@safe final class HostConnection {
  /// Where the BMC answers.
  let responder: Responder

  private var bridge = IPMIHostBridge(KCSHost())
  /// The channel as the bridge left it: while it is the same, the bridge has nothing to do.
  private var channelSeen: KCSChannel?
  /// QEMU's `CharBackend`: 512 bytes are more than it has ever needed.
  private let backend: UnsafeMutableRawPointer
  private let hostInterface: HostInterface
  /// What is being written.
  private let outgoing = UnsafeMutablePointer<UInt8>.allocate(capacity: outgoingCapacity)
  private static let outgoingCapacity = 512
  /// The chardev has been told to keep its input until the bridge has room.
  private var isHoldingInput = false
  /// GLib's tag of the wait for room in the chardev; 0 while nothing waits.
  private var watch: UInt32 = 0

  /// Takes the chardev, whose use is exclusive.
  init(
    to chardev: UnsafeMutableRawPointer, id: UnsafePointer<CChar>, responder: Responder,
    on hostInterface: HostInterface
  ) throws(RealizationError) {
    self.responder = responder
    self.hostInterface = hostInterface
    unsafe backend = allocateOpaque(byteCount: 512)
    guard unsafe qemu.qemu_chr_fe_init(backend, chardev, nil) else {
      throw unsafe RealizationError("chardev '", .string(id), "' is already in use")
    }
  }

  /// Lets the chardev speak; one that is open already says so at once.
  func open() {
    unsafe qemu.qemu_chr_fe_set_handlers(
      backend,
      { opaque in
        unsafe HostConnection.from(opaque).acceptableInput()
      },
      { opaque, bytes, count in
        unsafe HostConnection.from(opaque).receive(
          UnsafeBufferPointer(start: bytes, count: Int(count)))
      },
      { opaque, event in
        unsafe HostConnection.from(opaque).handle(event: event)
      },
      nil, Unmanaged.passUnretained(self).toOpaque(), nil, true)
  }

  private static func from(_ opaque: UnsafeMutableRawPointer?) -> HostConnection {
    unsafe Unmanaged<HostConnection>.fromOpaque(opaque!).takeUnretainedValue()
  }

  // MARK: The channel

  /// Runs the bridge where the channel has changed, or its deadline has come.
  func advance(_ channel: inout KCSChannel, isDue: Bool) {
    guard isDue || channel != channelSeen else { return }
    bridge.advance(&channel, now: realTime)
    channelSeen = channel
  }

  /// When the bridge must run although nothing changes.
  var deadline: UInt64? { bridge.deadline }

  /// Whether the chardev has something to be told, for ``serveChardev()``.
  var needsService: Bool {
    bridge.isConnected && watch == 0 && bridge.hasOutput
      || isHoldingInput && bridge.acceptableInput > 0
  }

  // MARK: The chardev

  /// Writes what the bridge has for the host, and asks for input that was held back.
  ///
  /// To be called from the main loop.
  func serveChardev() {
    if watch == 0 { flush() }
    if isHoldingInput, bridge.acceptableInput > 0 {
      isHoldingInput = false
      unsafe qemu.qemu_chr_fe_accept_input(backend)
    }
  }

  private func flush() {
    var chunk = FixedBytes<512>()
    while bridge.isConnected, bridge.hasOutput {
      bridge.copyOutput(into: &chunk)
      for index in 0..<chunk.count { unsafe outgoing[index] = chunk[index] }
      let written = unsafe Int(qemu.qemu_chr_fe_write(backend, outgoing, Int32(chunk.count)))
      guard bridge.isConnected else { return }
      if written > 0 { consumeOutput(min(written, chunk.count)) }
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
        let connection = unsafe HostConnection.from(opaque)
        connection.watch = 0
        connection.flush()
        connection.hostInterface.settle()
        return 0  // the watch has done its work
      },
      Unmanaged.passUnretained(self).toOpaque())
    var chunk = FixedBytes<512>()
    while watch == 0, bridge.hasOutput {
      bridge.copyOutput(into: &chunk)
      consumeOutput(chunk.count)
    }
  }

  /// A request may have waited for the room this makes.
  private func consumeOutput(_ count: Int) {
    bridge.consumeOutput(count)
    channelSeen = nil
  }

  private func acceptableInput() -> Int32 {
    let count = bridge.acceptableInput
    isHoldingInput = count == 0
    return Int32(clamping: count)
  }

  private func receive(_ bytes: UnsafeBufferPointer<UInt8>) {
    unsafe bridge.receive(bytes.span, now: realTime)
    channelSeen = nil
    hostInterface.settle()
  }

  private func handle(event: Int32) {
    let opened: Int32 = 1
    let closed: Int32 = 4
    switch event {
    case opened where !bridge.isConnected:
      bridge.connected()
    case closed where bridge.isConnected:
      if watch != 0 { _ = qemu.g_source_remove(watch) }
      watch = 0
      isHoldingInput = false
      bridge.disconnected()
    default:
      return
    }
    channelSeen = nil
    hostInterface.settle()
  }
}
