import Glibc
import Tracing

/// What a trace can be written as, by the end of its file's name.
public enum TraceFormat: String, CaseIterable, Sendable {
  /// For Wireshark and tshark.
  case pcapng
  /// For programs.
  case jsonl
  /// For waveform viewers: of registers only.
  case vcd

  /// The format of a file with this name; `nil` for any other.
  public init?(path: String) {
    guard let format = Self.allCases.first(where: { path.hasSuffix(".\($0.rawValue)") }) else {
      return nil
    }
    self = format
  }

  /// Whether it shows whole messages.
  public var showsMessages: Bool { self != .vcd }
}

/// A file that a trace is written to.
///
/// Written whenever a batch of events is over, so it is whole at any moment but that of a write.
struct TraceFile {
  let path: String
  private let descriptor: CInt
  private var writer: Writer
  private var buffer: [UInt8] = []
  /// Why nothing more is written.
  private(set) var failure: String?

  private enum Writer {
    case pcapng(PcapngWriter)
    case jsonLines(JSONLinesWriter)
    case waveform(WaveformWriter)
  }

  /// Makes the file, in place of one of that name. What hosts and BMCs say to each other can be
  /// confidential: it is this user's only.
  init(_ path: String, _ format: TraceFormat) throws(LinkError) {
    self.path = path
    writer =
      switch format {
      case .pcapng: .pcapng(PcapngWriter())
      case .jsonl: .jsonLines(JSONLinesWriter())
      case .vcd: .waveform(WaveformWriter())
      }
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw LinkError("\(path): could not make it: \(Self.reason())")
    }
  }

  mutating func begin(_ header: TraceHeader, _ channels: [TraceChannel]) {
    switch writer {
    case .pcapng(var writer):
      writer.begin(header, channels: channels.span) { buffer.append($0) }
      self.writer = .pcapng(writer)
    case .jsonLines(var writer):
      writer.begin(header, channels: channels.span) { buffer.append($0) }
      self.writer = .jsonLines(writer)
    case .waveform(var writer):
      writer.begin(header, channels: channels.span) { buffer.append($0) }
      self.writer = .waveform(writer)
    }
  }

  mutating func write(_ event: TraceEvent) {
    guard failure == nil else { return }
    switch writer {
    case .pcapng(var writer):
      writer.write(event) { buffer.append($0) }
      self.writer = .pcapng(writer)
    case .jsonLines(var writer):
      writer.write(event) { buffer.append($0) }
      self.writer = .jsonLines(writer)
    case .waveform(var writer):
      writer.write(event) { buffer.append($0) }
      self.writer = .waveform(writer)
    }
  }

  /// Writes what is there into the file. One that cannot be written is given up.
  mutating func flush() {
    var offset = 0
    while offset < buffer.count, failure == nil {
      let count = unsafe buffer[offset...].withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count > 0 {
        offset += count
      } else if errno != EINTR {
        failure = "\(path): could not be written, and ends here: \(Self.reason())"
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Writes the rest, and closes the file.
  mutating func end() {
    flush()
    Glibc.close(descriptor)
  }

  private static func reason() -> String { unsafe String(cString: strerror(errno)) }
}

extension [UInt8] {
  fileprivate mutating func append(_ bytes: Span<UInt8>) {
    for index in bytes.indices { append(bytes[index]) }
  }
}
