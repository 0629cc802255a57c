import IPMI
import VMProtocol

/// Makes events of the bytes of a VM protocol connection: both ends', as what they mean to the other.
public struct WireListener: Sendable {
  private var fromHost = VMDecoder(role: .bmc)
  private var fromBMC = VMDecoder(role: .vm)

  /// A listener before the first byte.
  public init() {}

  /// There is a new connection: what an earlier one left of a frame is forgotten.
  public mutating func reset() {
    fromHost.reset()
    fromBMC.reset()
  }

  /// Says what the bytes mean that `side` has sent.
  public mutating func hear(
    _ bytes: Span<UInt8>, from side: TraceSide, _ tell: (TraceEvent.Occurrence) -> Void
  ) {
    var offset = 0
    switch side {
    case .host:
      while let event = fromHost.feed(bytes, from: &offset) { tell(.init(event, from: side)) }
    case .bmc:
      while let event = fromBMC.feed(bytes, from: &offset) { tell(.init(event, from: side)) }
    }
  }
}

extension TraceEvent.Occurrence {
  /// What a frame means.
  fileprivate init(_ event: VMEvent, from side: TraceSide) {
    self =
      switch event {
      case .message(let id, let message):
        side == .host ? .request(id: id, message) : .response(id: id, message)
      case .control(let control, let argument):
        .control(from: side, code: control.rawValue, argument: argument)
      case .rejected(let rejection): .damaged(from: side, TraceDamage(rejection))
      }
  }
}

extension TraceDamage {
  fileprivate init(_ rejection: VMRejection) {
    self =
      switch rejection {
      case .danglingEscape: .danglingEscape
      case .tooShort: .tooShort
      case .badChecksum: .badChecksum
      case .tooLong: .tooLong
      }
  }
}
