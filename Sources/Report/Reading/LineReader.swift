import Foundation

/// The lines of a file, one at a time: memory is bounded by the longest line that is accepted.
struct LineReader {
  /// The longest line, in bytes; a header of this program has at most 12 KiB.
  static let longest = 64 << 10

  private let file: FileHandle
  private var buffer = Data()
  private var position = 0
  private var isAtEnd = false
  /// How many bytes there were as the file was opened.
  let size: Int
  /// The number of the line that was given last, from 1.
  private(set) var number = 0
  /// How many bytes were given.
  private(set) var offset = 0

  init(path: String) throws {
    let url = URL(fileURLWithPath: path)
    file = try FileHandle(forReadingFrom: url)
    size = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
  }

  /// The next line without its end; `nil` behind the last.
  mutating func next() throws(ReportError) -> Data? {
    while true {
      let rest = buffer[(buffer.startIndex + position)...]
      if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        return take(rest[..<end], ending: 1)
      }
      guard rest.count <= Self.longest else {
        throw ReportError("line \(number + 1): longer than \(Self.longest) bytes: no JSON lines")
      }
      if isAtEnd { return rest.isEmpty ? nil : take(rest, ending: 0) }
      let more: Data?
      do {
        more = try file.read(upToCount: 1 << 20)
      } catch {
        throw ReportError("line \(number + 1): could not be read: \(error.localizedDescription)")
      }
      isAtEnd = more?.isEmpty ?? true
      buffer = Data(rest) + (more ?? Data())
      position = 0
    }
  }

  private mutating func take(_ line: Data, ending: Int) -> Data {
    number += 1
    position += line.count + ending
    offset += line.count + ending
    return line
  }
}
