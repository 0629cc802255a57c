import CQEMU
import IPMI
import Tracing

/// What a host does at a channel that it shares with a BMC: `trace=` of `lpc-kcs` and `lpc-bt`.
///
/// The host's accesses are seen one by one, with the registers before and after each, so what the BMC
/// has done in between is seen at the host's next access or when the doorbell rings. Messages are put
/// together from the accesses. The file has everything at the end of each message at the latest, and
/// when QEMU exits.
@safe final class PortTrace {
  private let output: TraceOutput
  private let kind: TraceChannel.Kind
  private var watch = RegisterWatch()
  private var listener = TransactionListener()

  /// Makes the file, whose name says what is written.
  init(_ path: UnsafePointer<CChar>, _ channel: TraceChannel) throws(RealizationError) {
    output = try unsafe TraceOutput(path, channel)
    kind = channel.kind
  }

  /// The BMC may have done something.
  func see(_ channel: some TracedChannel) {
    watch.see(channel, after: .bmc) { output.record($0) }
  }

  /// The host has made an access to the port `index` of the channel's.
  func see<Channel: TracedChannel>(
    _ change: (before: Channel, after: Channel), port index: Int, isWrite: Bool, _ value: UInt8
  ) {
    see(change.before)
    watch.see(change.after, after: .host) { output.record($0) }
    let register = TracedRegister(hostPort: index, of: kind, isWrite: isWrite)
    let access = RegisterAccess(.host, register, isWrite: isWrite, value)
    guard let message = listener.hear(access) else { return }
    output.record(message)
    output.flush()
  }
}
