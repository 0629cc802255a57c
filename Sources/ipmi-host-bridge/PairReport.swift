import Foundation
import Synchronization
import UnicornMachine

/// What became of pairs, for people.
struct PairReport {
  private let summary: PairSummary
  /// Seconds of real time; `nil` where that is not known.
  private let seconds: Double?

  init(_ summary: PairSummary, seconds: Double? = nil) {
    self.summary = summary
    self.seconds = seconds
  }

  /// Bad pairs that are named; of more, how many there are is said.
  private static let badLimit = 20

  var lines: [String] {
    var lines: [String] = []
    if let mean = summary.latencies.mean {
      let latencies = summary.latencies
      lines.append(
        "\(latencies.count) transactions: \(microseconds(Double(latencies.minimum))) to "
          + "\(microseconds(Double(latencies.maximum))) µs, mean \(microseconds(mean)) µs")
    } else {
      lines.append("no transaction")
    }
    lines.append(
      "\(summary.busCycles) cycles of the host's bus, \(summary.accesses) register accesses of the "
        + "BMC, \(summary.faults) faults")
    let instructions = summary.bmcInstructions + summary.hostInstructions
    var work =
      "\(instructions) instructions, \(fixed(Double(summary.virtualTime) / 1e6, 1)) ms of virtual "
      + "time"
    if let seconds { work += " in \(fixed(seconds, 2)) s" }
    lines.append(work)
    let good = summary.pairs - UInt64(summary.bad.count)
    lines.append(
      "\(good) of \(summary.pairs) pairs good, traces' hash "
        + String(summary.traceHash, radix: 16, uppercase: true))
    lines += summary.bad.prefix(Self.badLimit).map { "seed \($0.seed) \($0.reason)" }
    if summary.bad.count > Self.badLimit {
      lines.append("and \(summary.bad.count - Self.badLimit) more")
    }
    return lines
  }

  private func microseconds(_ nanoseconds: Double) -> String { fixed(nanoseconds / 1000, 1) }

  private func fixed(_ number: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", number)
  }
}

/// A line on the standard error output, now and then, of a run that takes its time.
final class PairProgress: Sendable {
  /// How many pairs there will be, where that is known.
  private let count: UInt64?
  private let started = Date()
  private let next = Mutex(2.0)

  init(count: UInt64?) {
    self.count = count
  }

  /// Shows how far the run is, and at once whatever is bad.
  func show(_ result: PairResult, _ summary: PairSummary) {
    let seconds = Date().timeIntervalSince(started)
    let isBad = result.outcome != .good
    let isDue = next.withLock { next in
      guard isBad || seconds >= next else { return false }
      next = seconds + 2
      return true
    }
    guard isDue, summary.pairs < count ?? .max else { return }
    var line = "\(summary.pairs) \(count.map { "of \($0) " } ?? "")pairs, "
    line += String(format: "%.0f/s", Double(summary.pairs) / max(seconds, 0.001))
    line += ", \(summary.bad.count) bad"
    if isBad { line += "; seed \(result.seed)" }
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }
}
