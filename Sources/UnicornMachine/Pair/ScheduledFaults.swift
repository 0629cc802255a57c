import Faults
import IPMI

/// A schedule at work between a pair's registers.
///
/// | Rule                | Fault                                                              |
/// |---------------------|--------------------------------------------------------------------|
/// | `delay` of a request | the BMC is held when the host has written the command             |
/// | `delay` of a response | the host is held when it has read the completion code            |
/// | `corrupt`           | one bit of that byte is another one for who gets it                |
/// | `abort`, `reset`    | in the turn in which that byte has passed                          |
///
/// What a rule makes happen is taken when the turn is over; a bit is changed at once.
struct ScheduledFaults {
  private var engine: FaultEngine
  private var messages = BusMessages()
  private var due: [(time: UInt64, fault: Fault, rule: Int)] = []

  /// - Parameter seed: The pair's: of what chance decides, each pair has its own.
  init(_ schedule: FaultSchedule, seed: UInt64) {
    var schedule = schedule
    schedule.seed &+= seed
    engine = FaultEngine(schedule)
  }

  /// When the next fault is to happen.
  var nextTime: UInt64? {
    [due.first?.time, engine.deadline].compactMap { $0 }.min()
  }

  /// Takes a fault that is due at `now`, and the number of its rule, from 1.
  mutating func take(at now: UInt64) -> (fault: Fault, rule: Int)? {
    if due.first.map({ $0.time > now }) ?? true {
      guard let index = engine.advance(to: now) else { return nil }
      happens(index, nil, now)
    }
    guard !due.isEmpty else { return nil }
    let (_, fault, rule) = due.removeFirst()
    return (fault, rule)
  }

  /// A byte that the host writes: as it arrives.
  mutating func write(_ port: UInt16, _ value: UInt8, at time: UInt64) -> UInt8 {
    guard let request = messages.write(port, value) else { return value }
    return pass(request, .request, value, time)
  }

  /// A byte that the host reads: as it arrives.
  mutating func read(_ port: UInt16, _ value: UInt8, at time: UInt64) -> UInt8 {
    guard let response = messages.read(port, value) else { return value }
    return pass(response, .response, value, time)
  }

  private mutating func pass(
    _ message: Message, _ direction: FaultDirection, _ value: UInt8, _ time: UInt64
  ) -> UInt8 {
    let verdict = engine.pass(message, direction, at: time)
    // A BMC that is away is held, and answers afterwards.
    guard !verdict.isLostToAbsence else { return value }
    var index = 0
    while let rule = verdict.nextRule(from: index) {
      happens(rule, direction, time)
      index = rule + 1
    }
    return verdict.damage.map { value ^ 1 << UInt8($0 % 8) } ?? value
  }

  /// - Parameter index: The rule's, from 0.
  private mutating func happens(_ index: Int, _ direction: FaultDirection?, _ time: UInt64) {
    let rule = engine.schedule.rules[index]
    func add(_ fault: Fault) { due.append((time, fault, index + 1)) }
    switch rule.action {
    case .delay(let duration):
      add(direction == .request ? .bmcDelay(duration) : .hostDelay(duration))
    case .corrupt: add(.bitChanged)
    case .abort: add(.hostAbort)
    case .resetHost: add(.hostReset)
    case .resetBMC:
      add(.bmcReset)
      if let duration = rule.duration { add(.bmcDelay(duration)) }
    // Of the wire only.
    case .drop, .duplicate, .truncate, .answer, .attention, .cut: break
    }
  }
}
