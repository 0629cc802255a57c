import Faults

/// What became of many pairs. Summaries of parts join to the summary of the whole, in any order.
///
///     ipmi-host-bridge pair summary 1
///     pairs 10000
///     …
///     bad 4711 hung: nothing moved for 120 s of virtual time
public struct PairSummary: Hashable, Sendable {
  static let magic = "ipmi-host-bridge pair summary 1"

  public private(set) var pairs: UInt64 = 0
  public private(set) var latencies = Distribution()
  public private(set) var busCycles: UInt64 = 0
  public private(set) var accesses: UInt64 = 0
  public private(set) var bmcInstructions: UInt64 = 0
  public private(set) var hostInstructions: UInt64 = 0
  public private(set) var virtualTime: UInt64 = 0
  public private(set) var faults: UInt64 = 0
  /// Of all traces, whatever their order.
  public private(set) var traceHash: UInt64 = 0
  /// The seeds of pairs that hung or failed, and why, by seed.
  public private(set) var bad: [Bad] = []

  public struct Bad: Hashable, Sendable {
    public var seed: UInt64
    public var reason: String
  }

  public init() {}

  public mutating func add(_ result: PairResult) {
    pairs += 1
    latencies.join(result.latencies)
    busCycles &+= result.busCycles
    accesses &+= result.accesses
    bmcInstructions &+= result.bmcInstructions
    hostInstructions &+= result.hostInstructions
    virtualTime &+= result.virtualTime
    faults += result.faults
    var mixer = SplitMix64(seed: result.traceHash ^ result.seed)
    traceHash &+= mixer.next()
    switch result.outcome {
    case .good: break
    case .hung(let reason): bad.append(Bad(seed: result.seed, reason: "hung: \(reason)"))
    case .failed(let reason): bad.append(Bad(seed: result.seed, reason: "failed: \(reason)"))
    }
    bad.sort { $0.seed < $1.seed }
  }

  public mutating func join(_ other: PairSummary) {
    pairs += other.pairs
    latencies.join(other.latencies)
    busCycles &+= other.busCycles
    accesses &+= other.accesses
    bmcInstructions &+= other.bmcInstructions
    hostInstructions &+= other.hostInstructions
    virtualTime &+= other.virtualTime
    faults += other.faults
    traceHash &+= other.traceHash
    bad = (bad + other.bad).sorted { $0.seed < $1.seed }
  }

  private static let keys = [
    "pairs", "transactions", "latency-sum-ns", "latency-min-ns", "latency-max-ns", "bus-cycles",
    "bmc-accesses", "bmc-instructions", "host-instructions", "virtual-time-ns", "faults",
    "trace-hash",
  ]

  /// The file.
  public var text: String {
    let values = [
      pairs, latencies.count, latencies.sum, latencies.minimum, latencies.maximum, busCycles,
      accesses, bmcInstructions, hostInstructions, virtualTime, faults, traceHash,
    ]
    let lines = zip(Self.keys, values).map { "\($0) \($1)" }
    let ends = bad.map { "bad \($0.seed) \($0.reason)" }
    return ([Self.magic] + lines + ends).joined(separator: "\n") + "\n"
  }

  /// Reads a file.
  ///
  /// - Parameter name: For errors.
  public init(_ text: String, name: String) throws {
    var lines = text.split(separator: "\n")[...]
    guard lines.popFirst() == Self.magic[...] else {
      throw MachineError("\(name) is no summary: its first line should be '\(Self.magic)'")
    }
    var values: [UInt64] = []
    for key in Self.keys {
      guard let line = lines.popFirst(), line.hasPrefix("\(key) "),
        let value = UInt64(line.dropFirst(key.utf8.count + 1))
      else { throw MachineError("\(name) has no line '\(key)' with a number where one should be") }
      values.append(value)
    }
    pairs = values[0]
    latencies = Distribution(
      count: values[1], sum: values[2], minimum: values[3], maximum: values[4])
    (busCycles, accesses, bmcInstructions) = (values[5], values[6], values[7])
    (hostInstructions, virtualTime, faults) = (values[8], values[9], values[10])
    traceHash = values[11]
    for line in lines {
      let parts = line.split(separator: " ", maxSplits: 2)
      guard parts.count == 3, parts[0] == "bad", let seed = UInt64(parts[1]) else {
        throw MachineError("\(name) has a line that nobody understands: '\(line)'")
      }
      bad.append(Bad(seed: seed, reason: String(parts[2])))
    }
  }
}
