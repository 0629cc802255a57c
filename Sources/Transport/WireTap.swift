import IPMI
import Tracing

/// Looks on at a VM protocol connection: both ends' bytes, as what they mean to the other end.
///
/// Belongs to one thread or event loop. A class, so that a link that is not looked at has no room for it.
public final class WireTap {
  private let log: TraceLog
  private let channel: Int
  private var listener = WireListener()

  /// - Parameter channel: The connection's in `log`.
  public init(_ log: TraceLog, channel: Int) {
    self.log = log
    self.channel = channel
  }

  /// A new connection: what an earlier one left of a frame is forgotten.
  public func connected() {
    listener.reset()
    log.record(channel: channel, .connected(.host))
    log.flush()
  }

  /// The connection is over.
  public func disconnected() {
    log.record(channel: channel, .disconnected(.host))
    log.flush()
  }

  /// Bytes on their way from the VM to the BMC.
  public func hostSends(_ bytes: Span<UInt8>) { hear(bytes, from: .host) }

  /// Bytes on their way from the BMC to the VM.
  public func bmcSends(_ bytes: Span<UInt8>) { hear(bytes, from: .bmc) }

  private func hear(_ bytes: Span<UInt8>, from side: TraceSide) {
    listener.hear(bytes, from: side) { [log, channel] in log.record(channel: channel, $0) }
  }

  /// A request that nobody's bytes are, sent in the host's name.
  func hostSends(_ request: Message, id: UInt8) {
    log.record(channel: channel, .request(id: id, request))
  }

  /// What was recorded goes into the files.
  public func flush() { log.flush() }
}
