import Foundation
import Tracing

/// A trace as it was read from a file.
public struct TraceReading: Sendable {
  public private(set) var model: TraceModel
  /// How the trace came to be, in its own words; empty where it has none.
  public internal(set) var comment = ""
  /// The moment that times count from, in nanoseconds since 1970; 0 for virtual time.
  public internal(set) var origin: UInt64 = 0
  /// Where the file is damaged, and how; what is before that is in ``model``.
  public private(set) var damage: ReportError?

  /// Reads a file that its name calls a pcapng or JSON lines.
  ///
  /// A pcapng is mapped, JSON lines are read piece by piece: memory is bounded by
  /// ``TraceModel/Limits``, not by the file.
  ///
  /// - Parameter progress: Called now and then with how many bytes were read, of how many.
  public init(
    path: String, limits: TraceModel.Limits = .init(), progress: (Int, Int) -> Void = { _, _ in }
  ) throws(ReportError) {
    model = TraceModel(limits)
    do throws(ReportError) {
      switch path.split(separator: ".").last {
      case "pcapng": try readPcapng(path, progress)
      case "jsonl": try readJSONLines(path, progress)
      default:
        throw ReportError(
          "the end of the name says what is in a file; .pcapng or .jsonl is expected")
      }
    } catch {
      guard model.events > 0 else { throw ReportError("\(path): \(error.description)") }
      damage = error
    }
    guard model.events > 0 else {
      throw ReportError(
        "\(path): no events in it; a trace of this program, of its device's trace= or of its commands' "
          + "--trace, is expected")
    }
    model.finish()
  }

  // MARK: pcapng

  private mutating func readPcapng(
    _ path: String, _ progress: (Int, Int) -> Void
  ) throws(ReportError) {
    let file: Data
    do {
      file = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw ReportError("could not be read: \(error.localizedDescription)")
    }
    let bytes = file.span
    var reader = PcapngReader()
    var reported = 0
    do throws(PcapngError) {
      while let record = try reader.next(in: bytes) {
        addInterfaces(reader, bytes)
        switch record {
        case .event(let event): model.add(event)
        case .text(let time, let channel, let range):
          let text = Self.text(bytes, range)
          if let occurrence = TraceEvent.Occurrence(text: text) {
            model.add(TraceEvent(time: time, channel: channel, occurrence))
          } else {
            model.add(note: text, channel: channel, time: time)
          }
        case .foreign: break
        }
        if reader.offset - reported >= Self.reportEvery {
          reported = reader.offset
          progress(reported, bytes.count)
        }
      }
    } catch {
      throw ReportError("at byte \(error.offset): \(error.problem.name)")
    }
    // Its times are since 1970; of an emulated machine's clock they are small.
    origin = model.start
  }

  private mutating func addInterfaces(_ reader: PcapngReader, _ bytes: Span<UInt8>) {
    while model.channels.count < reader.interfaceCount {
      let name = Self.text(bytes, reader.name(of: model.channels.count))
      model.add(TraceModel.Channel(name: name.isEmpty ? "\(model.channels.count)" : name))
    }
  }

  private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    // Of another program's file it may be of any length.
    String(decoding: range.prefix(512).map { bytes[$0] }, as: UTF8.self)
  }

  // MARK: JSON lines

  private mutating func readJSONLines(
    _ path: String, _ progress: (Int, Int) -> Void
  ) throws(ReportError) {
    var lines: LineReader
    do {
      lines = try LineReader(path: path)
    } catch {
      throw ReportError("could not be read: \(error.localizedDescription)")
    }
    var reader = JSONLinesReader()
    var reported = 0
    while let line = try lines.next() {
      do throws(JSONLinesReader.Problem) {
        switch try reader.read(line) {
        case .header(let header):
          (comment, origin) = (header.comment, header.origin)
          for channel in header.channels { model.add(channel) }
        case .event(let event): model.add(event)
        }
      } catch {
        throw ReportError("line \(lines.number): \(error.description)")
      }
      if lines.offset - reported >= Self.reportEvery {
        reported = lines.offset
        progress(reported, lines.size)
      }
    }
  }

  private static let reportEvery = 16 << 20
}

extension TraceReading {
  /// What is in it, on one line.
  public var summary: String {
    let duration = String(duration: model.end - model.start)
    let median = model.latencies.quantile(0.5).map { "; median latency \(String(duration: $0))" }
    return "\(model.requests) requests, \(model.failures) failed, "
      + "\(model.unanswered) without a response, \(model.faults) damaged frames, "
      + "in \(duration)\(median ?? "")"
  }
}
