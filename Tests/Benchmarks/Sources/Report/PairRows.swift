import EmulatedPair
import Foundation
import UnicornMachine

/// Pairs in one process: what another one costs, and how fast one is.
struct PairRows {
  let rows: [Row]

  /// As many pairs as are alive at once; each has run a seed, so that it has all that it needs.
  static let counts = [1, 10, 100, 1000]

  init(_ boardName: String) throws {
    let board = try BMCBoard(named: boardName)
    let path = try Artifacts.firmware(forBoardNamed: boardName)
    let program = try Artifacts.hostStub()
    func image(_ path: String) throws -> ELFImage {
      try ELFImage(Array(Data(contentsOf: URL(fileURLWithPath: path))), name: path)
    }
    let configuration = try PairConfiguration(
      board: board, firmware: image(path), host: .program(image(program), commandLine: ""),
      hasFaults: false)

    let before = try Self.residentSize()
    var pairs: [Pair] = []
    var rows: [Row] = []
    var first: (size: Double, seconds: Double)?
    for count in Self.counts {
      progress("\(count) pairs in one process")
      let started = pairs.count
      var transactions: UInt64 = 0
      let start = ProcessInfo.processInfo.systemUptime
      while pairs.count < count {
        let pair = try Pair(configuration)
        let result = try pair.run(seed: UInt64(pairs.count)).0
        guard result.outcome == .good else { throw EmulatorError("a pair failed: \(result)") }
        transactions += result.latencies.count
        pairs.append(pair)
      }
      let seconds = (ProcessInfo.processInfo.systemUptime - start) / Double(count - started)
      let size = (try Self.residentSize() - before) / Double(count)
      let one = first ?? (size, seconds)
      first = one
      rows.append(
        Row(
          what: "Memory of a pair, of \(count) in one process, VmRSS",
          figure: "\(decimal(size / 1024, 1)) MiB",
          beside: "\(decimal(one.size / 1024, 1)) MiB, of one", ratio: size / one.size))
      let rate = Double(transactions) / Double(count - started) / seconds
      rows.append(
        Row(
          what: "Transactions of a new pair, \(count) alive",
          figure: "\(decimal(rate, 0))/s, \(decimal(seconds * 1000, 0)) ms for all",
          beside: "\(decimal(one.seconds * 1000, 0)) ms, of one", ratio: seconds / one.seconds))
    }
    self.rows = rows
  }

  /// KiB of memory that this process has.
  private static func residentSize() throws -> Double {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    guard
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
      let size = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({
        Double($0)
      })
    else { throw EmulatorError("no VmRSS in /proc") }
    return size
  }
}
