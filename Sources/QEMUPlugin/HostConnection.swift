import CQEMU
import IPMI

/// The chardev that carries a host's wire; ``BridgedConnection`` adds the bridge.
///
/// QEMU calls the handlers in the main loop, or, for an event that a failed write causes, inside
/// that write. So nothing is held across a call into QEMU: output is copied before it is written,
/// and is written from the main loop only.
@safe class HostConnection {
  /// Where the BMC answers.
  let responder: Responder

  /// QEMU's `CharBackend`: 512 bytes are more than it has ever needed.
  private let backend: UnsafeMutableRawPointer
  private let hostInterface: HostInterface
  /// What is being written.
  private let outgoing = UnsafeMutablePointer<UInt8>.allocate(capacity: outgoingCapacity)
  private static let outgoingCapacity = 512
  /// The chardev has been told to keep its input until the bridge has room.
  final private(set) var isHoldingInput = false
  /// GLib's tag of the wait for room in the chardev; 0 while nothing waits.
  private var watch: UInt32 = 0
  final var isWaitingForRoom: Bool { watch != 0 }

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
        unsafe HostConnection.from(opaque).offerInput()
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

  // MARK: What the bridge does

  /// Whether there are bytes for a host that is there.
  var hasOutput: Bool { false }
  /// The oldest of them.
  func copyOutput(into chunk: inout FixedBytes<512>) {}
  /// They were written.
  func consumeOutput(_ count: Int) {}
  /// How many bytes the bridge has room for.
  var acceptableInput: Int { 0 }
  /// Bytes from the host.
  func take(_ bytes: UnsafeBufferPointer<UInt8>) {}
  /// Whether the host is there.
  var isConnected: Bool { false }
  /// The host has come.
  func connected() {}
  /// The host has left.
  func disconnected() {}

  // MARK: The chardev

  /// Writes what the bridge has for the host, and asks for input that was held back.
  ///
  /// To be called from the main loop.
  func serveChardev() {
    if watch == 0 { flush() }
    if isHoldingInput, acceptableInput > 0 {
      isHoldingInput = false
      unsafe qemu.qemu_chr_fe_accept_input(backend)
    }
  }

  private func flush() {
    var chunk = FixedBytes<512>()
    while hasOutput {
      copyOutput(into: &chunk)
      for index in 0..<chunk.count { unsafe outgoing[index] = chunk[index] }
      let written = unsafe Int(qemu.qemu_chr_fe_write(backend, outgoing, Int32(chunk.count)))
      guard isConnected else { return }
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
    while watch == 0, hasOutput {
      copyOutput(into: &chunk)
      consumeOutput(chunk.count)
    }
  }

  private func offerInput() -> Int32 {
    let count = acceptableInput
    isHoldingInput = count == 0
    return Int32(clamping: count)
  }

  private func receive(_ bytes: UnsafeBufferPointer<UInt8>) {
    unsafe take(bytes)
    hostInterface.settle()
  }

  private func handle(event: Int32) {
    let opened: Int32 = 1
    let closed: Int32 = 4
    switch event {
    case opened where !isConnected:
      connected()
    case closed where isConnected:
      if watch != 0 { _ = qemu.g_source_remove(watch) }
      watch = 0
      isHoldingInput = false
      disconnected()
    default:
      return
    }
    hostInterface.settle()
  }
}
