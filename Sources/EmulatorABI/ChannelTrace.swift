import BMCPeripherals
import CIPMIHostBridge
import IPMI
import IPMIHostBridge
import Tracing

/// The trace of one responder: what happens there, as the bytes of a file.
///
/// They wait until the emulator's call is over: whoever gets them may call again.
@safe final class ChannelTrace {
  private let kind: TraceChannel.Kind
  private var writer: FormatWriter
  private let function: ihb_trace_fn
  private let user: UnsafeMutableRawPointer?
  private var buffer: [UInt8] = []
  private var watch = RegisterWatch()
  private var wire = WireListener()
  private var ports = TransactionListener()

  init(
    _ responder: Responder, of chip: SystemOnChip, _ format: TraceFormat,
    _ function: ihb_trace_fn, _ user: UnsafeMutableRawPointer?
  ) {
    kind = responder == .ibt ? .bt : .kcs
    writer = FormatWriter(format)
    unsafe self.function = function
    unsafe self.user = user
    var description: FixedBytes<96> = []
    description.append(chip.name)
    let channels: [1 of TraceChannel] = [
      TraceChannel(FixedBytes(responder.name), kind, description: description)
    ]
    writer.begin(TraceHeader(), channels: channels.span) { take($0) }
  }

  /// The channel may be another one than it was, by what `side` has done.
  func see(_ channel: HostedChannel, after side: TraceSide, at now: UInt64) {
    switch channel {
    case .kcs(_, let channel): watch.see(channel, after: side) { record($0, at: now) }
    case .bt(let channel): watch.see(channel, after: side) { record($0, at: now) }
    }
  }

  /// Bytes of a host by messages.
  func hear(_ bytes: Span<UInt8>, from side: TraceSide, at now: UInt64) {
    wire.hear(bytes, from: side) { record($0, at: now) }
  }

  /// An access of a host that has ports.
  func hear(port index: Int, isWrite: Bool, _ value: UInt8, at now: UInt64) {
    let register = TracedRegister(hostPort: index, of: kind, isWrite: isWrite)
    if let message = ports.hear(RegisterAccess(.host, register, isWrite: isWrite, value)) {
      record(message, at: now)
    }
  }

  private func record(_ occurrence: TraceEvent.Occurrence, at now: UInt64) {
    writer.write(TraceEvent(time: now, occurrence)) { take($0) }
  }

  private func take(_ bytes: Span<UInt8>) {
    for index in bytes.indices { buffer.append(bytes[index]) }
  }

  /// Gives away what has been written.
  func flush() {
    guard !buffer.isEmpty else { return }
    let bytes = buffer
    buffer = []
    unsafe bytes.withUnsafeBufferPointer { unsafe function(user, $0.baseAddress, $0.count) }
  }
}

/// The traces of a chip's responders.
///
/// They are where those who look on can reach them without the ``SoC``.
@safe final class ChannelTraces {
  /// By ``Responder``'s channel number.
  private var all: [5 of ChannelTrace?] = .init(repeating: nil)

  subscript(responder: Responder) -> ChannelTrace? {
    get { all[responder.channel] }
    set { all[responder.channel] = newValue }
  }

  var isEmpty: Bool {
    for index in all.indices where all[index] != nil { return false }
    return true
  }

  /// See ``ChannelTrace/see(_:after:at:)``.
  func see(_ channel: HostedChannel, after side: TraceSide, at now: UInt64) {
    switch channel {
    case .kcs(let number, _): all[number]?.see(channel, after: side, at: now)
    case .bt: all[0]?.see(channel, after: side, at: now)
    }
  }

  func flush() {
    for index in all.indices {
      // Whoever gets the bytes may end the trace.
      let trace = all[index]
      trace?.flush()
    }
  }
}
