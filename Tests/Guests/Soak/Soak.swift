import EmulatedPair
import Foundation
import UnicornMachine

/// One link under faults for a long time: Linux on both ends in two QEMUs and, beside them, the same
/// SoC's pairs in one process.
struct Soak {
  /// What is done while requests go over the link.
  enum Fault: String, CaseIterable {
    case none = "nothing"
    case programIsKilled = "the BMC's program is killed and started"
    case programFails = "the BMC's program does not answer, answers late, or closes its device"
    case boardPauses = "the BMC stands still"
    case hostPauses = "the host stands still"
    case wireIsCut = "the wire is cut"
  }

  private let rig: Rig
  private let relay: WireRelay
  private let engine: ChildProcess
  private let summaryPath: String
  private let duration: TimeInterval
  private let started = Date()

  /// Of all requests over the QEMUs' link.
  private var account = Account()
  private var rounds: [Fault: Int] = [:]
  /// How often the host's QEMU has dropped a request, as it does at times after a cut: see
  /// "What goes wrong on a link". Its requests are not counted as lost.
  private var drops = 0
  private var bmcMemory = MemorySlope()
  private var engineMemory = MemorySlope()
  private var nextReport = 0.0

  /// Runs for `duration` seconds on a rig that has started; then says what came of it, and throws
  /// where that is not as it should be.
  static func run(
    _ rig: Rig, for duration: TimeInterval, report: (String) -> Void
  ) throws {
    let directory = try TemporaryDirectory()
    try rig.withRelay { relay in
      var soak = try Self(rig, relay, directory, duration)
      while soak.elapsed < duration { try soak.round(report) }
      let summary = try soak.finish()
      for line in soak.lines(summary) { report(line) }
      let problems = soak.problems(summary)
      guard problems.isEmpty else {
        throw EmulatorError(problems.joined(separator: "; "))
      }
    }
  }

  private init(
    _ rig: Rig, _ relay: WireRelay, _ directory: TemporaryDirectory, _ duration: TimeInterval
  ) throws {
    (self.rig, self.relay, self.duration) = (rig, relay, duration)
    summaryPath = directory.appending("pairs.txt")
    // One thread: the two QEMUs need a processor, too.
    engine = try CommandLineRun.start([
      "pair", "--soc", rig.link.board, "--seconds", "\(duration)", "--threads", "1",
      "--seed", "\(rig.random.next() % 1_000_000_000)", "--summary", summaryPath,
    ])
  }

  private var elapsed: TimeInterval { Date().timeIntervalSince(started) }

  // MARK: Rounds

  private mutating func round(_ report: (String) -> Void) throws {
    let fault = Fault.allCases[Int(rig.random.next() % UInt64(Fault.allCases.count))]
    rounds[fault, default: 0] += 1
    let requests = try perform(fault)
    account.add(requests)
    if fault == .wireIsCut, try rig.restartHost(ifStopped: requests, behind: relay) {
      drops += 1
    } else {
      try rig.check(requests.isComplete, "\(fault.rawValue): \(requests.summary)")
    }
    try rig.recover()
    sample()
    guard elapsed >= nextReport else { return }
    nextReport = elapsed + 10
    report(
      "\(Int(elapsed)) of \(Int(duration)) s, \(rounds.values.reduce(0, +)) rounds, "
        + "\(account.sent) sent; last: \(fault.rawValue), \(requests.summary)")
  }

  /// Has one thing go wrong under load. Whoever waits does so for long: the machine may be busy.
  private func perform(_ fault: Fault) throws -> Account {
    func traffic(
      _ count: Int, limit: Int = 120, while body: () throws -> Void = {}
    ) throws -> Account {
      try rig.traffic(
        "count=\(count) longest=\(rig.longestRequest) limit=\(limit * 1000)", timeout: 1800,
        while: body)
    }
    func afterSomeRequests(_ body: () throws -> Void) throws -> Account {
      var cursor = rig.logEnd
      let count = Int(rig.random.next() % 30) + 1
      return try traffic(60) {
        try rig.waitForLog(Rig.echoLog, count: count, from: &cursor, timeout: 300)
        try body()
      }
    }
    switch fault {
    case .none: return try traffic(300)
    case .programIsKilled: return try afterSomeRequests { try rig.respond() }
    case .programFails:
      let arguments = ["never=1", "twice=1", "late=1000", "reopen=1"]
      try rig.respond(arguments[Int(rig.random.next() % UInt64(arguments.count))])
      defer { try? rig.respond() }
      return try traffic(5)
    case .boardPauses:
      return try afterSomeRequests { pause(rig.pair.bmc) }
    case .hostPauses:
      return try afterSomeRequests { pause(rig.pair.host?.process) }
    case .wireIsCut:
      let bytes = Int(rig.random.next() % 400) + 1
      // Shorter than KCS's driver takes to give up a request that its QEMU has dropped: it would go on,
      // and have 60 of them to give up.
      return try traffic(60, limit: 40) { try relay.cut(afterHostBytes: bytes, within: 300) }
    }
  }

  private func pause(_ process: ChildProcess?) {
    process?.suspend()
    Thread.sleep(forTimeInterval: Double(rig.random.next() % 3000) / 1000)  // how long it stands
    process?.resume()
  }

  // MARK: Memory

  private mutating func sample() {
    let minutes = elapsed / 60
    if let bmc = rig.pair.bmc, let size = try? residentSize(of: bmc.processIdentifier) {
      bmcMemory.add(minutes: minutes, size: size)
    }
    if engine.exitStatus == nil, let size = try? residentSize(of: engine.processIdentifier) {
      engineMemory.add(minutes: minutes, size: size)
    }
  }

  // MARK: The end

  private func finish() throws -> PairSummary {
    // The last pair may have begun a moment ago.
    _ = try engine.waitForExit(timeout: 300)
    guard let text = try? String(contentsOfFile: summaryPath, encoding: .utf8) else {
      throw EmulatorError("pair left no summary: \(engine.lines.suffix(5))")
    }
    return try PairSummary(text, name: summaryPath)
  }

  private func lines(_ summary: PairSummary) -> [String] {
    let faults = Fault.allCases.compactMap { fault in
      rounds[fault].map { "\(fault.rawValue) × \($0)" }
    }
    let codes = account.codes.sorted { $0.key < $1.key }.map { "\($0.key)h × \($0.value)" }
    return [
      "two QEMUs, \(rig.link.testDescription), \(Int(elapsed)) s:",
      "  \(account.sent) sent, \(account.answered) answered, \(account.refused) refused"
        + (codes.isEmpty ? "" : " (\(codes.joined(separator: ", ")))")
        + ", \(account.wrong) wrong, \(account.lost - lostByHost) lost, \(account.unsent) unsent",
      "  \(faults.joined(separator: "; "))",
      "  \(drops) requests dropped by the host's QEMU",
      "  memory of the BMC's QEMU, its guest aside: \(bmcMemory.text)",
      "pairs in one process, \(rig.link.board):",
      "  \(summary.pairs) pairs, \(summary.latencies.count) transactions answered, "
        + "\(summary.faults) faults, \(summary.bad.count) pairs that did not recover",
      "  memory of the process: \(engineMemory.text)",
    ]
  }

  /// Requests that KCS's driver waits for after its QEMU has dropped them; BT's has an answer, C0h.
  private var lostByHost: Int { rig.isBT ? 0 : drops }

  private func problems(_ summary: PairSummary) -> [String] {
    var problems = summary.bad.map { "seed \($0.seed) \($0.reason)" }
    if account.lost != lostByHost { problems.append("\(account.lost - lostByHost) requests lost") }
    if account.sent == 0 || summary.pairs == 0 { problems.append("nothing was sent") }
    if bmcMemory.isGrowing { problems.append("the BMC's QEMU grows: \(bmcMemory.text)") }
    if engineMemory.isGrowing {
      problems.append("the process of pairs grows: \(engineMemory.text)")
    }
    return problems
  }

  /// Seconds of "90", "90s", "30m", "2h"; `nil` where it is no time.
  static func seconds(_ text: String) -> TimeInterval? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    let unit = text.last.flatMap { units[$0] }
    guard let number = Double(unit == nil ? text[...] : text.dropLast()), number > 0,
      number.isFinite
    else { return nil }
    return number * (unit ?? 1)
  }
}
