import EmulatedPair
import Foundation

/// Get Device ID from ipmitool in the host guest, answered by our pair, joined by messages and by
/// registers, and by the two simulators.
///
/// All four run all the time and are measured in turns; a guest that waits for its console costs
/// next to nothing.
struct GuestRows {
  static let rounds = 5
  /// Enough for a clock that counts hundredths of a second.
  static let requests = 2000

  private let pairs: [(name: String, pair: EmulatedPair)]
  /// Those of ``pairs`` that are ours, and what the others are measured beside.
  private static let ours = [
    "two QEMUs and firmware", "two QEMUs and firmware, register by register",
  ]
  /// Seconds for all requests, by pair, then by round.
  private var seconds: [[Double]]

  /// The rows, of emulators that have ended.
  static func measured(_ board: Board) throws -> [Row] {
    var guests = try Self(board)
    try guests.measure()
    return guests.rows
  }

  private init(_ board: Board) throws {
    let kernel = try Artifacts.hostKernel()
    let initrd = try Artifacts.hostInitrd()
    let firmware = try BMC.firmware(board)
    let systems: [(String, BMC, LinkKind)] = [
      (Self.ours[0], firmware, .messages), (Self.ours[1], firmware, .registers),
      ("ipmi-bmc-sim", .builtIn(), .messages), ("ipmi_sim", .ipmiSim(), .messages),
    ]
    pairs = try systems.map {
      (name, bmc, link) in
      progress("booting the host, BMC: \(name)")
      var configuration = EmulatedPair.Configuration(
        bmc: bmc, hostKernel: kernel, hostInitrd: initrd)
      configuration.link = link
      let pair = try EmulatedPair(configuration)
      try pair.start()
      return (name, pair)
    }
    seconds = pairs.map { _ in [] }
  }

  /// Measures all pairs in turns.
  private mutating func measure() throws {
    let list = "/tmp/requests"
    for (_, pair) in pairs {
      _ = try pair.run("yes raw 6 1 | head -n \(Self.requests) >\(list)")
    }
    // The first round warms the guests up.
    for round in 0...Self.rounds {
      if round > 0 { progress("Get Device ID in the guests, round \(round) of \(Self.rounds)") }
      for (index, (name, pair)) in pairs.enumerated() {
        let elapsed = try Self.time("ipmitool exec \(list)", in: pair, named: name)
        if round > 0 { seconds[index].append(elapsed) }
      }
    }
  }

  /// Seconds of the guest's clock that `command` takes, which must print a line per request.
  private static func time(
    _ command: String, in pair: EmulatedPair, named name: String
  ) throws -> Double {
    let uptime = "read -r now idle </proc/uptime"
    let result = try pair.run(
      "\(uptime); start=$now; n=$(\(command) | wc -l); \(uptime); echo $n $start $now")
    let fields = (result.lines.last ?? "").split(separator: " ").compactMap { Double($0) }
    guard result.status == 0, fields.count == 3, fields[0] >= Double(requests) else {
      throw EmulatorError("\(name): `\(command)` failed: \(result.lines.suffix(5))")
    }
    return fields[2] - fields[1]
  }

  private var rows: [Row] {
    let simulators = Self.ours.count..<pairs.count
    let beside = simulators.map { (0, $0) } + [(1, 0)] + simulators.map { (1, $0) }
    return beside.map { (own, peer) in
      let rate = Double(Self.requests) / median(seconds[own])
      let peerRate = Double(Self.requests) / median(seconds[peer])
      return Row(
        what: "Get Device ID in the guest, \(pairs[own].name)",
        figure: "\(decimal(rate, 0))/s",
        beside: "\(decimal(peerRate, 0))/s, \(peer == 0 ? "by messages" : pairs[peer].name)",
        ratio: median(zip(seconds[own], seconds[peer]).map { $0 / $1 }))
    }
  }
}
