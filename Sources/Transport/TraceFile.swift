import Glibc
import Tracing

extension TraceFormat {
  /// The format of a file with this name; `nil` for any other.
  public init?(path: String) {
    self.init(name: Array(path.utf8).span)
  }
}

/// The files that one trace is written to.
public struct TraceFiles {
  private var files: [TraceFile] = []

  /// Makes the files, each of the ``TraceFormat`` of its name.
  public init(
    _ paths: [String], _ header: TraceHeader, _ channels: [TraceChannel]
  ) throws(LinkError) {
    for path in paths {
      guard let format = TraceFormat(path: path) else {
        throw LinkError("\(path): a name that ends in .pcapng, .jsonl or .vcd is expected")
      }
      var file = try TraceFile(path, format)
      file.begin(header, channels)
      file.flush()
      files.append(file)
    }
  }

  /// Adds an event.
  public mutating func write(_ event: TraceEvent) {
    for index in files.indices { files[index].write(event) }
  }

  /// Writes what is there into the files.
  public mutating func flush() {
    for index in files.indices { files[index].flush() }
  }

  /// Ends the files.
  ///
  /// - Returns: What could not be written.
  public mutating func end() -> [String] {
    for index in files.indices { files[index].end() }
    return files.compactMap(\.failure)
  }
}

/// A file that a trace is written to.
///
/// Written whenever a batch of events is over, so it is whole at any moment but that of a write.
struct TraceFile {
  let path: String
  private let descriptor: CInt
  private var writer: FormatWriter
  private var buffer: [UInt8] = []
  private static let bufferLimit = 65_536
  /// Why nothing more is written.
  private(set) var failure: String?

  /// Makes the file, in place of one of that name. What hosts and BMCs say to each other can be
  /// confidential: it is this user's only.
  init(_ path: String, _ format: TraceFormat) throws(LinkError) {
    self.path = path
    writer = FormatWriter(format)
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw LinkError("\(path): could not make it: \(Self.reason())")
    }
    // One that was there has the mode that it had.
    var status = stat()
    if unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
      fchmod(descriptor, 0o600)
    }
  }

  mutating func begin(_ header: TraceHeader, _ channels: [TraceChannel]) {
    writer.begin(header, channels: channels.span) { buffer.append($0) }
  }

  mutating func write(_ event: TraceEvent) {
    guard failure == nil else { return }
    writer.write(event) { buffer.append($0) }
    if buffer.count > Self.bufferLimit { flush() }
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
