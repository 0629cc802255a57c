import IPMI
import Tracing
import VMProtocol

/// Looks on at a VM protocol connection: both ends' bytes, as what they mean to the other end.
///
/// Belongs to one event loop. A class, so that a link that is not looked at has no room for it.
final class WireTap {
  private let log: TraceLog
  private let channel: Int
  private var fromHost = VMDecoder(role: .bmc)
  private var fromBMC = VMDecoder(role: .vm)

  /// - Parameter channel: The connection's in `log`.
  init(_ log: TraceLog, channel: Int) {
    self.log = log
    self.channel = channel
  }

  /// A new connection: what an earlier one left of a frame is forgotten.
  func connected() {
    fromHost.reset()
    fromBMC.reset()
    log.record(channel: channel, .connected(.host))
    log.flush()
  }

  /// The connection is over.
  func disconnected() {
    log.record(channel: channel, .disconnected(.host))
    log.flush()
  }

  /// Bytes on their way from the VM to the BMC.
  func hostSends(_ bytes: Span<UInt8>) {
    var offset = 0
    while let event = fromHost.feed(bytes, from: &offset) {
      switch event {
      case .message(let id, let message):
        log.record(channel: channel, .request(id: id, message))
      default: record(event, from: .host)
      }
    }
  }

  /// Bytes on their way from the BMC to the VM.
  func bmcSends(_ bytes: Span<UInt8>) {
    var offset = 0
    while let event = fromBMC.feed(bytes, from: &offset) {
      switch event {
      case .message(let id, let message):
        log.record(channel: channel, .response(id: id, message))
      default: record(event, from: .bmc)
      }
    }
  }

  /// What was recorded goes into the files.
  func flush() { log.flush() }

  private func record(_ event: VMEvent, from side: TraceSide) {
    switch event {
    case .message: break
    case .control(let control, let argument):
      log.record(
        channel: channel, .control(from: side, code: control.rawValue, argument: argument))
    case .rejected(let rejection):
      log.record(channel: channel, .damaged(from: side, TraceDamage(rejection)))
    }
  }
}

extension TraceDamage {
  init(_ rejection: VMRejection) {
    self =
      switch rejection {
      case .danglingEscape: .danglingEscape
      case .tooShort: .tooShort
      case .badChecksum: .badChecksum
      case .tooLong: .tooLong
      }
  }
}
