import IPMI
import Tracing

/// What was seen on a link: how often each command, how it was answered, how long that took.
///
/// Bounded by what there is of commands and completion codes, not by how long it looks on.
public struct CaptureSummary: Sendable {
  /// What became of one command.
  public struct Row: Sendable {
    public var requests = 0
    /// How often each completion code came.
    public var codes: [UInt8: Int] = [:]
    /// How often each latency came, in nanoseconds of three digits that count.
    fileprivate var latencies: [UInt64: Int] = [:]
    /// In nanoseconds, as ``longest``.
    public fileprivate(set) var shortest = UInt64.max
    public fileprivate(set) var longest: UInt64 = 0

    /// The latency of the middle response, in nanoseconds, to three digits; `nil` without any.
    public var median: UInt64? {
      let total = latencies.values.reduce(0, +)
      var rest = (total + 1) / 2
      for (latency, count) in latencies.sorted(by: { $0.key < $1.key }) {
        rest -= count
        if rest <= 0 { return min(max(latency, shortest), longest) }
      }
      return nil
    }
  }

  public private(set) var rows: [Command: Row] = [:]
  public private(set) var requests = 0
  public private(set) var responses = 0
  /// Responses that nobody had asked for, or that came twice.
  public private(set) var unasked = 0
  public private(set) var damagedFrames = 0
  /// When the last event was, in nanoseconds.
  public private(set) var duration: UInt64 = 0
  /// The requests that wait for their response, by their ids.
  private var open: [UInt8: (command: Command, time: UInt64)] = [:]

  public init() {}

  /// Requests that got no response.
  public var unanswered: Int { requests - (responses - unasked) }

  /// Takes the next event.
  ///
  /// - Returns: Of a response, how long after its request it came, in nanoseconds.
  public mutating func add(_ event: TraceEvent) -> UInt64? {
    duration = event.time
    switch event.occurrence {
    case .request(let id, let message):
      requests += 1
      rows[message.command, default: Row()].requests += 1
      open[id] = (message.command, event.time)
    case .response(let id, let message):
      responses += 1
      guard let request = open[id], request.command == message.command else {
        unasked += 1
        return nil
      }
      open[id] = nil
      let latency = event.time - request.time
      rows[message.command, default: Row()].add(message, latency)
      return latency
    case .damaged: damagedFrames += 1
    case .disconnected: open.removeAll()
    default: break
    }
    return nil
  }

  /// The summary as a table.
  public var lines: [String] {
    var totals =
      "\(requests) requests, \(responses) responses, \(unanswered) without a response, "
      + "\(damagedFrames) damaged frames, in \(Self.text(duration))"
    if unasked > 0 { totals += "; \(unasked) responses that nobody waited for" }
    guard !rows.isEmpty else { return [totals] }
    var table = [["COMMAND", "COUNT", "MIN", "MEDIAN", "MAX", "COMPLETION CODES"]]
    let order = rows.sorted {
      ($1.value.requests, $0.key.netFn.rawValue, $0.key.code)
        < ($0.value.requests, $1.key.netFn.rawValue, $1.key.code)
    }
    for (command, row) in order {
      let codes = row.codes.sorted { $0.key < $1.key }
        .map { "\(Self.hexadecimal($0.key)) x\($0.value)" }
      let median = row.median
      table.append([
        Self.name(command), "\(row.requests)", median == nil ? "-" : Self.text(row.shortest),
        median.map(Self.text) ?? "-", median == nil ? "-" : Self.text(row.longest),
        codes.joined(separator: ", "),
      ])
    }
    return [totals, ""] + Self.aligned(table)
  }

  private static func aligned(_ table: [[String]]) -> [String] {
    let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    return table.map { row in
      let cells = zip(row, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        // Numbers stand on the right.
        return (1...4).contains(column) ? space + cell.0 : cell.0 + space
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  private static func text(_ duration: UInt64) -> String {
    var text: FixedBytes<40> = []
    text.append(duration: duration)
    return String(text)
  }

  private static func name(_ command: Command) -> String {
    var text: FixedBytes<64> = []
    text.append(commandOf: Message(command))
    return String(text)
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    var text: FixedBytes<8> = []
    text.append(hexadecimal: byte)
    return String(text) + "h"
  }
}

extension CaptureSummary.Row {
  fileprivate mutating func add(_ response: Message, _ latency: UInt64) {
    if let code = response.completionCode { codes[code.rawValue, default: 0] += 1 }
    shortest = min(shortest, latency)
    longest = max(longest, latency)
    var unit: UInt64 = 1
    while latency / unit >= 1000 { unit *= 10 }
    latencies[latency / unit * unit, default: 0] += 1
  }
}
