import Faults

/// Something that goes wrong, at a time that the seed has chosen.
enum Fault: Hashable, Sendable {
  /// The host gives up its transaction, as the interface says.
  case hostAbort
  /// The host starts again, and has forgotten its transaction.
  case hostReset
  /// The BMC starts again; its host interface keeps its registers.
  case bmcReset
  /// One side is held for so many nanoseconds.
  case hostDelay(UInt64)
  case bmcDelay(UInt64)
  /// A bit of a byte on the bus was another one for who got it. It has happened already.
  case bitChanged

  /// What traces call it.
  var name: StaticString {
    switch self {
    case .hostAbort: "host abort"
    case .hostReset: "host reset"
    case .bmcReset: "bmc reset"
    case .hostDelay: "host delay"
    case .bmcDelay: "bmc delay"
    case .bitChanged: "bit changed"
    }
  }

  /// A fault of a seed.
  init(from random: inout SplitMix64) {
    switch random.next(in: 0...4) {
    case 0: self = .hostAbort
    case 1: self = .hostReset
    case 2: self = .bmcReset
    case 3: self = .hostDelay(random.next(in: 1_000...20_000_000))
    default: self = .bmcDelay(random.next(in: 1_000...20_000_000))
    }
  }
}

/// The faults of a pair: those of its seed, and those of a schedule.
struct PairFaults {
  private var chosen: FaultSource
  private var scheduled: ScheduledFaults?

  /// - Parameter isChosen: Whether the seed has faults, too.
  init(seed: UInt64, isChosen: Bool, _ schedule: FaultSchedule?) {
    chosen = FaultSource(seed: seed, isEnabled: isChosen)
    scheduled = schedule.map { ScheduledFaults($0, seed: seed) }
  }

  /// When the next one happens.
  var nextTime: UInt64? {
    [chosen.next?.time, scheduled?.nextTime].compactMap { $0 }.min()
  }

  /// The link is in use at `now`.
  mutating func begin(at now: UInt64) { chosen.begin(at: now) }

  /// Takes a fault that is due at `now`, and the number of its rule: from 1, and 0 of the seed's.
  mutating func take(at now: UInt64) -> (fault: Fault, rule: Int)? {
    chosen.take(at: now).map { ($0, 0) } ?? scheduled?.take(at: now)
  }

  /// A byte that the host writes to a port: as it arrives.
  mutating func write(_ port: UInt16, _ value: UInt8, at time: UInt64) -> UInt8 {
    scheduled?.write(port, value, at: time) ?? value
  }

  /// A byte that the host reads from a port: as it arrives.
  mutating func read(_ port: UInt16, _ value: UInt8, at time: UInt64) -> UInt8 {
    scheduled?.read(port, value, at: time) ?? value
  }
}

/// The faults of a seed: when they happen, and which.
struct FaultSource {
  private var random: SplitMix64
  private(set) var next: (time: UInt64, fault: Fault)?
  /// How many are still to come.
  private var rest: Int

  /// From the first transaction on, 1 to 8 faults; up to 1 ms lie between two of them.
  init(seed: UInt64, isEnabled: Bool) {
    // Another sequence than the scheduler's.
    random = SplitMix64(seed: seed ^ 0xFA17_FA17_FA17_FA17)
    rest = isEnabled ? Int(random.next(in: 1...8)) : 0
    next = nil
  }

  /// The link is in use at `now`: the first fault can come.
  mutating func begin(at now: UInt64) {
    if next == nil { advance(from: now) }
  }

  /// Takes the fault that is due at `now`.
  mutating func take(at now: UInt64) -> Fault? {
    guard let (time, fault) = next, time <= now else { return nil }
    next = nil
    advance(from: now)
    return fault
  }

  private mutating func advance(from now: UInt64) {
    guard rest > 0 else { return }
    rest -= 1
    let distance = random.next(in: 0...1_000_000) >> random.next(in: 0...6)
    next = (now + distance, Fault(from: &random))
  }
}
