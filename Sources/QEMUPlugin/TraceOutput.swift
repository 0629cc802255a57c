import CQEMU
import IPMI
import Tracing

/// The file of a device's property `trace`, and the channel that it is about.
///
/// The times are the machine's own, of QEMU's virtual clock. What is recorded is in the file after
/// ``flush()``, and when QEMU exits.
@safe final class TraceOutput {
  /// `nil` when nothing more is written.
  private var writer: FormatWriter?
  private let path: UnsafePointer<CChar>
  private let file: Int32
  private var buffer: [UInt8] = []
  private static let bufferLimit = 65_536

  /// Every one there is. Guarded by QEMU's big lock.
  fileprivate nonisolated(unsafe) static var all: [TraceOutput] = []

  /// Makes the file, whose name says what is written.
  init(_ path: UnsafePointer<CChar>, _ channel: TraceChannel) throws(RealizationError) {
    var name: [UInt8] = []
    while unsafe path[name.count] != 0 { name.append(UInt8(bitPattern: unsafe path[name.count])) }
    guard let format = TraceFormat(name: name.span) else {
      throw unsafe RealizationError(
        "trace '", .string(path), "': a name that ends in .vcd, .pcapng or .jsonl is expected")
    }
    for other in unsafe Self.all where unsafe qemu.g_strcmp0(other.path, path) == 0 {
      throw unsafe RealizationError("trace '", .string(path), "' is another device's already")
    }
    file = unsafe cqemu_open_trace(path)
    guard file >= 0 else {
      throw unsafe RealizationError(
        "trace '", .string(path), "' could not be made: ", .string(cqemu_last_error()))
    }
    unsafe self.path = UnsafePointer(qemu.g_strdup(path)!)
    writer = FormatWriter(format)
    let channels: [1 of TraceChannel] = [channel]
    writer?.begin(TraceHeader(), channels: channels.span) { take($0) }
    flush()
    unsafe Self.all.append(self)
  }

  /// Adds what happens now.
  func record(_ occurrence: TraceEvent.Occurrence) {
    // Of `QEMU_CLOCK_VIRTUAL`.
    let now = UInt64(truncatingIfNeeded: qemu.qemu_clock_get_ns(1))
    writer?.write(TraceEvent(time: now, occurrence)) { take($0) }
    if buffer.count > Self.bufferLimit { flush() }
  }

  private func take(_ bytes: Span<UInt8>) {
    for index in bytes.indices { buffer.append(bytes[index]) }
  }

  /// Writes what is there into the file.
  func flush() {
    guard !buffer.isEmpty else { return }
    let failure = unsafe buffer.withUnsafeBufferPointer {
      unsafe cqemu_write_trace(file, $0.baseAddress!, $0.count)
    }
    buffer.removeAll(keepingCapacity: true)
    guard let failure = unsafe failure else { return }
    // Said once.
    writer = nil
    unsafe RealizationError(
      "trace '", .string(path), "' could not be written, and ends here: ", .string(failure)
    ).report()
  }
}

@c(cqemu_flush_traces) @implementation
func flushTraces() {
  for output in unsafe TraceOutput.all { output.flush() }
}
