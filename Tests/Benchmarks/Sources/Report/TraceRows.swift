import CWire
import EmulatedPair
import Foundation

/// `simulate` without a trace and with each that it can write, over TCP, and a server that sends back
/// what it gets. All run all the time and are measured in turns.
struct TraceRows {
  private static let windows = [1, 128]

  private enum Server: String, CaseIterable {
    case off, pcapng, jsonl, echo
  }

  /// The rows of accesses, then those of messages.
  static func measured(_ program: String, inProcess: InProcessRows) throws -> [Row] {
    let directory = try TemporaryDirectory()
    let processes = try Server.allCases.map { server in
      switch server {
      case .echo: try ChildProcess(name: "echo", command: [CommandLine.arguments[0], "echo"])
      case .off:
        try ChildProcess(
          name: "simulate", command: [program, "simulate", "--listen", "tcp:127.0.0.1:0"])
      case .pcapng, .jsonl:
        try ChildProcess(
          name: "simulate, traced",
          command: [
            program, "simulate", "--listen", "tcp:127.0.0.1:0", "--trace",
            directory.appending("trace.\(server.rawValue)"),
          ])
      }
    }
    let connections = try processes.map { process in
      let connection = cwire_connect(CInt(try SimulatorRows.port(of: process)))
      guard connection >= 0 else { throw EmulatorError("\(process.name) does not answer") }
      return connection
    }
    defer { for connection in connections { close(connection) } }
    var rates = [[[Double]]](
      repeating: .init(repeating: [], count: Server.allCases.count), count: windows.count)
    // The first round warms the servers up.
    for round in 0...SimulatorRows.rounds {
      if round > 0 {
        progress("traced requests over TCP, round \(round) of \(SimulatorRows.rounds)")
      }
      for (index, window) in windows.enumerated() {
        for server in Server.allCases.indices {
          let rate = try SimulatorRows.rate(connections[server], window)
          if round > 0 { rates[index][server].append(rate) }
        }
      }
    }
    // Until here they run.
    withExtendedLifetime((processes, directory)) {}
    return try inProcess.traces + windows.indices.flatMap { rows(windows[$0], rates[$0]) }
  }

  private static func rows(_ window: Int, _ rates: [[Double]]) -> [Row] {
    func row(_ server: Server, _ name: String, beside other: Server, _ otherName: String) -> Row {
      let index = Server.allCases.firstIndex(of: server)!
      let otherIndex = Server.allCases.firstIndex(of: other)!
      let ratio = median(zip(rates[otherIndex], rates[index]).map { $0 / $1 })
      return Row(
        what: "Get Device ID over TCP, simulate, window \(window), tracing \(name)",
        figure: "\(decimal(median(rates[index]), 0))k/s",
        beside: "\(decimal(median(rates[otherIndex]), 0))k/s, \(otherName)", ratio: ratio)
    }
    return [
      row(.off, "off", beside: .echo, "echo"),
      row(.pcapng, "pcapng", beside: .off, "tracing off"),
      row(.jsonl, "JSON lines", beside: .off, "tracing off"),
    ]
  }
}
