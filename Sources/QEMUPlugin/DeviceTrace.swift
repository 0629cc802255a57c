import BMCPeripherals
import CQEMU
import IPMI
import Tracing

/// What happens between one device's BMC and its host: `trace=` of `ipmi-host-extern`.
///
/// Messages are those of the wire, registers are looked at whenever they may have changed. The file
/// has everything at the end of each message at the latest, and when QEMU exits.
@safe final class DeviceTrace {
  private let output: TraceOutput
  private var watch = RegisterWatch()
  private var listener = WireListener()

  /// Makes the file, whose name says what is written.
  init(_ path: UnsafePointer<CChar>, _ responder: Responder) throws(RealizationError) {
    let isBT = responder == .ibt
    output = try unsafe TraceOutput(
      path,
      TraceChannel(
        FixedBytes(responder.name), isBT ? .bt : .kcs,
        description: FixedBytes(isBT ? "iBT of the BMC" : "KCS channel of the BMC")))
  }

  /// Looks at the registers after one side may have changed them.
  func see(_ channel: some TracedChannel, after side: TraceSide) {
    watch.see(channel, after: side) { output.record($0) }
  }

  /// Bytes from the host's wire.
  func hostSends(_ bytes: Span<UInt8>) {
    listener.hear(bytes, from: .host) { output.record($0) }
    output.flush()
  }

  /// The first `count` bytes of `chunk` go onto the host's wire.
  func bmcSends(_ chunk: FixedBytes<512>, _ count: Int) {
    let bytes = chunk.array
    listener.hear(bytes.span.extracting(0..<count), from: .bmc) { output.record($0) }
    output.flush()
  }

  func connected() {
    listener.reset()
    output.record(.connected(.host))
  }

  func disconnected() {
    output.record(.disconnected(.host))
    output.flush()
  }
}
