import CMeasure
import IPMI
import SystemInterfaces
import Tracing
import VMProtocol

/// What `DeviceTrace` of the QEMU library is, without a file: the bytes are counted.
final class Trace {
  private var pcapng: PcapngWriter?
  private var jsonLines: JSONLinesWriter?
  private var waveform: WaveformWriter?
  private var watch = RegisterWatch()
  private var fromHost = VMDecoder(role: .bmc)
  private var fromBMC = VMDecoder(role: .vm)
  private var now: UInt64 = 0
  /// Bytes of the file.
  private(set) var count = 0

  init(pcapng: PcapngWriter? = nil, jsonLines: JSONLinesWriter? = nil, _ vcd: WaveformWriter? = nil)
  {
    self.pcapng = pcapng
    self.jsonLines = jsonLines
    waveform = vcd
    let channels: [1 of TraceChannel] = [TraceChannel(FixedBytes("kcs1"), .kcs)]
    self.pcapng?.begin(TraceHeader(), channels: channels.span) { take($0) }
    self.jsonLines?.begin(TraceHeader(), channels: channels.span) { take($0) }
    waveform?.begin(TraceHeader(), channels: channels.span) { take($0) }
  }

  private func take(_ bytes: Span<UInt8>) { count &+= bytes.count }

  func see(_ channel: KCSChannel, after side: TraceSide) {
    // Each look is a microsecond later.
    now &+= 1000
    watch.see(
      .kcs(idr: channel.idr, odr: channel.odr, str: channel.str.rawValue),
      hostInterrupt: channel.hostInterrupt, bmcInterrupt: channel.bmcInterrupt, after: side
    ) { record($0) }
  }

  func hostSends(_ bytes: Span<UInt8>) {
    var offset = 0
    while let event = fromHost.feed(bytes, from: &offset) {
      if case .message(let id, let message) = event { record(.request(id: id, message)) }
    }
  }

  func bmcSends(_ chunk: FixedBytes<512>) {
    for index in 0..<chunk.count {
      if case .message(let id, let message)? = fromBMC.feed(chunk[index]) {
        record(.response(id: id, message))
      }
    }
  }

  private func record(_ occurrence: TraceEvent.Occurrence) {
    let event = TraceEvent(time: now, channel: 0, occurrence)
    pcapng?.write(event) { take($0) }
    jsonLines?.write(event) { take($0) }
    waveform?.write(event) { take($0) }
  }
}

/// The accesses of a transaction with each trace, beside the same without one.
func measureTraces(_ recording: [CMeasureAccess]) {
  measure(Trace(pcapng: PcapngWriter()), "trace.pcapng", recording)
  measure(Trace(jsonLines: JSONLinesWriter()), "trace.jsonl", recording)
  measure(Trace(WaveformWriter()), "trace.vcd", recording)
}

private func measure(_ trace: Trace, _ name: StaticString, _ recording: [CMeasureAccess]) {
  let (off, on) = (Machine(), Machine())
  on.trace = trace
  var offDevice = unsafe off.device()
  var onDevice = unsafe on.device()
  let count = 500
  unsafe recording.withUnsafeBufferPointer { accesses in
    Comparison.measure(name, operations: count * accesses.count) {
      for _ in 0..<count {
        on.receive(request.span)
        _ = unsafe cmeasure_access(&onDevice, accesses.baseAddress!, accesses.count)
        on.takeOutput()
      }
    } floor: {
      for _ in 0..<count {
        off.receive(request.span)
        _ = unsafe cmeasure_access(&offDevice, accesses.baseAddress!, accesses.count)
        off.takeOutput()
      }
    }
  }
  precondition(trace.count > 0)
}
