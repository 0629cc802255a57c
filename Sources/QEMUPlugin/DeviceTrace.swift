import BMCPeripherals
import CQEMU
import IPMI
import SystemInterfaces
import Tracing
import VMProtocol

/// A channel whose registers can be traced.
protocol TracedChannel {
  var registers: RegisterValues { get }
  var hostInterrupt: Bool { get }
  /// `nil` where the part around the channel makes it.
  var tracedBMCInterrupt: Bool? { get }
}

extension KCSChannel: TracedChannel {
  var registers: RegisterValues { .kcs(idr: idr, odr: odr, str: str.rawValue) }
  var tracedBMCInterrupt: Bool? { bmcInterrupt }
}

extension BTChannel: TracedChannel {
  var registers: RegisterValues {
    .bt(control: control.rawValue, interruptMask: interruptMask.rawValue)
  }
  var tracedBMCInterrupt: Bool? { nil }
}

/// What happens between one device's BMC and its host, in a file: `trace=` of `ipmi-host-extern`.
///
/// Messages are those of the wire, registers are looked at whenever they may have changed. The times
/// are the machine's own, of QEMU's virtual clock. The file is written at the end of each message at
/// the latest, and when QEMU exits.
@safe final class DeviceTrace {
  // One of them.
  private var pcapng: PcapngWriter?
  private var jsonLines: JSONLinesWriter?
  private var waveform: WaveformWriter?

  private let path: UnsafePointer<CChar>
  private let file: Int32
  private var buffer: [UInt8] = []
  private static let bufferLimit = 65_536

  private var watch = RegisterWatch()
  private var fromHost = VMDecoder(role: .bmc)
  private var fromBMC = VMDecoder(role: .vm)

  /// Every trace there is. Guarded by QEMU's big lock.
  fileprivate nonisolated(unsafe) static var all: [DeviceTrace] = []

  /// Makes the file, whose name says what is written.
  init(_ path: UnsafePointer<CChar>, _ responder: Responder) throws(RealizationError) {
    if unsafe Self.hasSuffix(path, ".vcd") {
      waveform = WaveformWriter()
    } else if unsafe Self.hasSuffix(path, ".pcapng") {
      pcapng = PcapngWriter()
    } else if unsafe Self.hasSuffix(path, ".jsonl") {
      jsonLines = JSONLinesWriter()
    } else {
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
    let isBT = responder == .ibt
    let channels: [1 of TraceChannel] = [
      TraceChannel(
        FixedBytes(responder.name), isBT ? .bt : .kcs,
        description: FixedBytes(isBT ? "iBT of the BMC" : "KCS channel of the BMC"))
    ]
    let header = TraceHeader()
    pcapng?.begin(header, channels: channels.span) { take($0) }
    jsonLines?.begin(header, channels: channels.span) { take($0) }
    waveform?.begin(header, channels: channels.span) { take($0) }
    flush()
    unsafe Self.all.append(self)
  }

  private static func hasSuffix(_ text: UnsafePointer<CChar>, _ suffix: StaticString) -> Bool {
    var length = 0
    while unsafe text[length] != 0 { length += 1 }
    let count = suffix.utf8CodeUnitCount
    guard length > count else { return false }
    return suffix.withUTF8Buffer { bytes in
      for index in bytes.indices
      where unsafe UInt8(bitPattern: text[length - count + index]) != bytes[index] {
        return false
      }
      return true
    }
  }

  // MARK: What happens

  /// Looks at the registers after one side may have changed them.
  func see(_ channel: some TracedChannel, after side: TraceSide) {
    let now = now
    watch.see(
      channel.registers, hostInterrupt: channel.hostInterrupt,
      bmcInterrupt: channel.tracedBMCInterrupt, after: side
    ) { record($0, at: now) }
  }

  /// Bytes from the host's wire.
  func hostSends(_ bytes: Span<UInt8>) {
    var offset = 0
    while let event = fromHost.feed(bytes, from: &offset) { record(event, from: .host) }
    flush()
  }

  /// The first `count` bytes of `chunk` go onto the host's wire.
  func bmcSends(_ chunk: FixedBytes<512>, _ count: Int) {
    for index in 0..<count {
      if let event = fromBMC.feed(chunk[index]) { record(event, from: .bmc) }
    }
    flush()
  }

  func connected() {
    fromHost.reset()
    fromBMC.reset()
    record(.connected(.host), at: now)
  }

  func disconnected() {
    record(.disconnected(.host), at: now)
    flush()
  }

  private func record(_ event: VMEvent, from side: TraceSide) {
    switch event {
    case .message(let id, let message):
      record(side == .host ? .request(id: id, message) : .response(id: id, message), at: now)
    case .control(let control, let argument):
      record(.control(from: side, code: control.rawValue, argument: argument), at: now)
    case .rejected(let rejection):
      let damage: TraceDamage =
        switch rejection {
        case .danglingEscape: .danglingEscape
        case .tooShort: .tooShort
        case .badChecksum: .badChecksum
        case .tooLong: .tooLong
        }
      record(.damaged(from: side, damage), at: now)
    }
  }

  /// Nanoseconds of the machine's clock: `QEMU_CLOCK_VIRTUAL` is 1.
  private var now: UInt64 { UInt64(truncatingIfNeeded: qemu.qemu_clock_get_ns(1)) }

  // MARK: The file

  private func record(_ occurrence: TraceEvent.Occurrence, at time: UInt64) {
    let event = TraceEvent(time: time, occurrence)
    pcapng?.write(event) { take($0) }
    jsonLines?.write(event) { take($0) }
    waveform?.write(event) { take($0) }
    if buffer.count > Self.bufferLimit { flush() }
  }

  private func take(_ bytes: Span<UInt8>) {
    for index in bytes.indices { buffer.append(bytes[index]) }
  }

  fileprivate func flush() {
    guard !buffer.isEmpty else { return }
    let failure = unsafe buffer.withUnsafeBufferPointer {
      unsafe cqemu_write_trace(file, $0.baseAddress!, $0.count)
    }
    buffer.removeAll(keepingCapacity: true)
    guard let failure = unsafe failure else { return }
    // Said once: nothing more is written.
    (pcapng, jsonLines, waveform) = (nil, nil, nil)
    unsafe RealizationError(
      "trace '", .string(path), "' could not be written, and ends here: ", .string(failure)
    ).report()
  }
}

@c(cqemu_flush_traces) @implementation
func flushTraces() {
  for trace in unsafe DeviceTrace.all { trace.flush() }
}
