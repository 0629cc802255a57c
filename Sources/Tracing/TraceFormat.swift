/// What a trace can be written as, by the end of its file's name.
public enum TraceFormat: UInt8, CaseIterable, Sendable {
  /// For Wireshark and tshark.
  case pcapng
  /// For programs.
  case jsonl
  /// For waveform viewers: of registers only.
  case vcd

  /// The format of a file with this name, in UTF-8; `nil` for any other.
  public init?(name: Span<UInt8>) {
    for format in Self.allCases where format.ends(name) {
      self = format
      return
    }
    return nil
  }

  /// Whether it shows whole messages.
  public var showsMessages: Bool { self != .vcd }

  /// With the dot.
  private var suffix: StaticString {
    switch self {
    case .pcapng: ".pcapng"
    case .jsonl: ".jsonl"
    case .vcd: ".vcd"
    }
  }

  private func ends(_ name: Span<UInt8>) -> Bool {
    suffix.withUTF8Buffer { suffix in
      let start = name.count - suffix.count
      guard start > 0 else { return false }
      for index in suffix.indices where unsafe name[start + index] != suffix[index] { return false }
      return true
    }
  }
}

/// A writer of the format that is asked for.
public struct FormatWriter: TraceWriter {
  // One of them.
  private var pcapng: PcapngWriter?
  private var jsonLines: JSONLinesWriter?
  private var waveform: WaveformWriter?

  public init(_ format: TraceFormat) {
    switch format {
    case .pcapng: pcapng = PcapngWriter()
    case .jsonl: jsonLines = JSONLinesWriter()
    case .vcd: waveform = WaveformWriter()
    }
  }

  public mutating func begin(
    _ header: TraceHeader, channels: Span<TraceChannel>, to sink: Sink
  ) {
    pcapng?.begin(header, channels: channels, to: sink)
    jsonLines?.begin(header, channels: channels, to: sink)
    waveform?.begin(header, channels: channels, to: sink)
  }

  public mutating func write(_ event: TraceEvent, to sink: Sink) {
    pcapng?.write(event, to: sink)
    jsonLines?.write(event, to: sink)
    waveform?.write(event, to: sink)
  }
}
