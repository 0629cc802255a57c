import CQEMU

/// A character device of QEMU's, by which something outside is reached; what is said there is the
/// subclass's.
///
/// QEMU calls the handlers in the main loop, or, for an event that a failed write causes, inside
/// that write.
@safe class Chardev {
  /// QEMU's `CharBackend`: 512 bytes are more than it has ever needed.
  final let backend: UnsafeMutableRawPointer
  final let hostInterface: HostInterface
  /// The chardev has been told to keep its input until there is room for it.
  final private(set) var isHoldingInput = false

  /// Takes the chardev with the id `id`, whose use is exclusive.
  init(
    _ id: UnsafePointer<CChar>?, on hostInterface: HostInterface
  ) throws(RealizationError) {
    self.hostInterface = hostInterface
    unsafe backend = allocateOpaque(byteCount: 512)
    guard let id = unsafe id else {
      throw RealizationError(
        "chardev is missing: give the id of the -chardev that leads to the host")
    }
    guard let chardev = unsafe qemu.qemu_chr_find(id) else {
      throw unsafe RealizationError("chardev '", .string(id), "' does not exist")
    }
    guard unsafe qemu.qemu_chr_fe_init(backend, chardev, nil) else {
      throw unsafe RealizationError("chardev '", .string(id), "' is already in use")
    }
  }

  /// Lets the chardev speak; one that is open already says so at once.
  final func open() {
    unsafe qemu.qemu_chr_fe_set_handlers(
      backend,
      { opaque in unsafe Chardev.from(opaque).offerInput() },
      { opaque, bytes, count in
        unsafe Chardev.from(opaque).receive(UnsafeBufferPointer(start: bytes, count: Int(count)))
      },
      { opaque, event in unsafe Chardev.from(opaque).handle(event: event) },
      nil, Unmanaged.passUnretained(self).toOpaque(), nil, true)
  }

  private static func from(_ opaque: UnsafeMutableRawPointer?) -> Chardev {
    unsafe Unmanaged<Chardev>.fromOpaque(opaque!).takeUnretainedValue()
  }

  // MARK: What the subclass does

  /// How many bytes there is room for.
  var acceptableInput: Int { 0 }
  /// Bytes have come.
  func take(_ bytes: UnsafeBufferPointer<UInt8>) {}
  /// Whether somebody is at the other end.
  var isConnected: Bool { false }
  /// Somebody has come.
  func connected() {}
  /// Somebody has left.
  func disconnected() {}

  // MARK: What QEMU calls

  /// Whether input is held back for which there is room, for ``serveChardev()``.
  final var hasRoomAgain: Bool { isHoldingInput && acceptableInput > 0 }

  /// Asks for input that was held back. To be called from the main loop.
  func serveChardev() {
    guard hasRoomAgain else { return }
    isHoldingInput = false
    unsafe qemu.qemu_chr_fe_accept_input(backend)
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
      isHoldingInput = false
      disconnected()
    default:
      return
    }
    hostInterface.settle()
  }
}
