import BMCPeripherals
import CQEMU
import IPMI
import Tracing
import VMProtocol

/// What happens between one device's BMC and its host: `trace=` of `ipmi-host-extern`.
///
/// Messages are those of the wire, registers are looked at whenever they may have changed. The file
/// has everything at the end of each message at the latest, and when QEMU exits.
@safe final class DeviceTrace {
  private let output: TraceOutput
  private var watch = RegisterWatch()
  private var fromHost = VMDecoder(role: .bmc)
  private var fromBMC = VMDecoder(role: .vm)

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
    var offset = 0
    while let event = fromHost.feed(bytes, from: &offset) { record(event, from: .host) }
    output.flush()
  }

  /// The first `count` bytes of `chunk` go onto the host's wire.
  func bmcSends(_ chunk: FixedBytes<512>, _ count: Int) {
    for index in 0..<count {
      if let event = fromBMC.feed(chunk[index]) { record(event, from: .bmc) }
    }
    output.flush()
  }

  func connected() {
    fromHost.reset()
    fromBMC.reset()
    output.record(.connected(.host))
  }

  func disconnected() {
    output.record(.disconnected(.host))
    output.flush()
  }

  private func record(_ event: VMEvent, from side: TraceSide) {
    switch event {
    case .message(let id, let message):
      output.record(side == .host ? .request(id: id, message) : .response(id: id, message))
    case .control(let control, let argument):
      output.record(.control(from: side, code: control.rawValue, argument: argument))
    case .rejected(let rejection):
      let damage: TraceDamage =
        switch rejection {
        case .danglingEscape: .danglingEscape
        case .tooShort: .tooShort
        case .badChecksum: .badChecksum
        case .tooLong: .tooLong
        }
      output.record(.damaged(from: side, damage))
    }
  }
}
