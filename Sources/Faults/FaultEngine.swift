import IPMI

/// A schedule at work on one link: says of each message what becomes of it.
///
/// ```
///  message, time ──► pass ──► FaultVerdict: what arrives, how often, how late, what happens behind it
///  time ──────────► advance ──► the rule whose time has come
/// ```
///
/// A state machine without I/O and without a clock: the owner moves the messages and passes the time, in
/// nanoseconds of a clock that does not run backwards. The same schedule and the same messages at the
/// same times have the same faults. Each rule has random numbers of its own, so one more rule changes
/// nothing of the others.
public struct FaultEngine: Sendable {
  public let schedule: FaultSchedule
  private var states: [RuleState]
  /// When the link was used first.
  private var start: UInt64?
  /// Until when the BMC is away, and by which rule.
  private var absence: (end: UInt64, rule: Int)?
  /// Until when nobody is served.
  private var cutEnd: UInt64?

  public init(_ schedule: FaultSchedule) {
    self.schedule = schedule
    states = []
    for index in schedule.rules.indices {
      // Another sequence for each rule.
      var mixer = SplitMix64(seed: schedule.seed ^ UInt64(index) << 32)
      states.append(RuleState(random: SplitMix64(seed: mixer.next())))
    }
  }

  /// How often a rule's fault has happened, by the rule's index.
  public func count(ofRule index: Int) -> UInt64 { states[index].happened }

  /// The link is used: time counts from the first call.
  public mutating func begin(at now: UInt64) {
    guard start == nil else { return }
    start = now
    for index in schedule.rules.indices {
      switch schedule.rules[index].trigger {
      case .afterTime(let time), .everyTime(let time): states[index].next = saturating(now, time)
      default: break
      }
    }
  }

  // MARK: Messages

  /// Says what becomes of a message.
  ///
  /// - Parameter direction: ``FaultDirection/request`` or ``FaultDirection/response``.
  public mutating func pass(
    _ message: Message, _ direction: FaultDirection, at now: UInt64
  ) -> FaultVerdict {
    begin(at: now)
    var verdict = FaultVerdict(message)
    if let absence {
      if now < absence.end {
        verdict.lose(by: absence.rule)
        return verdict
      }
      self.absence = nil
    }
    for index in schedule.rules.indices {
      let rule = schedule.rules[index]
      guard rule.concerns(message, direction) else { continue }
      states[index].seen += 1
      guard states[index].isDue(rule, start: start ?? now, at: now) else { continue }
      // What is gone meets no further rule, but what happens to the link does so all the same.
      guard verdict.copies > 0 || !rule.action.isOfMessage else { continue }
      states[index].happened += 1
      verdict.apply(rule.action, index, random: &states[index].random)
      if !rule.action.isOfMessage { happens(rule, index, at: now) }
    }
    return verdict
  }

  /// What lasts begins.
  private mutating func happens(_ rule: FaultRule, _ index: Int, at now: UInt64) {
    let end = saturating(now, rule.duration ?? 0)
    switch rule.action {
    case .resetBMC: absence = (end, index)
    case .cut: cutEnd = end
    default: break
    }
  }

  /// Until when a new connection is not served, where one was cut; `nil` where it is.
  public func cutEnd(at now: UInt64) -> UInt64? { cutEnd.flatMap { now < $0 ? $0 : nil } }

  // MARK: Time

  /// When ``advance(to:)`` must be called if nothing else happens, in nanoseconds; `nil` where it need
  /// not.
  public var deadline: UInt64? {
    var deadline: UInt64?
    for index in schedule.rules.indices where isTimed(index) {
      guard let next = states[index].next else { continue }
      deadline = min(deadline ?? next, next)
    }
    return deadline
  }

  /// The index of a rule about the link whose time has come; `nil` when none is left. To be called until
  /// then.
  public mutating func advance(to now: UInt64) -> Int? {
    for index in schedule.rules.indices where isTimed(index) {
      guard let next = states[index].next, next <= now else { continue }
      let rule = schedule.rules[index]
      if case .everyTime(let time) = rule.trigger {
        states[index].next = saturating(now, time)
      } else {
        states[index].next = nil
      }
      states[index].happened += 1
      happens(rule, index, at: now)
      return index
    }
    return nil
  }

  private func isTimed(_ index: Int) -> Bool {
    !schedule.rules[index].action.isOfMessage && schedule.rules[index].trigger.isTimed
  }
}

/// What a rule has counted so far.
private struct RuleState: Sendable {
  /// Messages that the rule concerns.
  var seen: UInt64 = 0
  var happened: UInt64 = 0
  var random: SplitMix64
  /// When what lasts began.
  var began: UInt64?
  /// When time makes it happen next.
  var next: UInt64?

  init(random: SplitMix64) { self.random = random }

  /// Whether it happens to the message that was counted last, or behind it.
  mutating func isDue(_ rule: FaultRule, start: UInt64, at now: UInt64) -> Bool {
    guard rule.action.isOfMessage else { return isTriggered(rule.trigger, isOfMessage: false, now) }
    guard let duration = rule.duration else {
      return isTriggered(rule.trigger, isOfMessage: true, now)
    }
    if let began {
      if now < saturating(began, duration) { return true }
      guard rule.trigger.beginsAgain else { return false }
    }
    guard isTriggered(rule.trigger, isOfMessage: true, now) else { return false }
    began = now
    return true
  }

  private mutating func isTriggered(
    _ trigger: FaultTrigger, isOfMessage: Bool, _ now: UInt64
  ) -> Bool {
    switch trigger {
    case .always: return true
    case .at(let count): return seen == count
    case .first(let count): return seen <= count
    case .every(let count): return seen % count == 0
    case .after(let count): return isOfMessage ? seen > count : seen == count
    case .probability(let share): return random.next() % 1_000_000 < share
    case .afterTime:
      guard isOfMessage, let next else { return false }
      return now >= next
    case .everyTime(let time):
      guard isOfMessage, let due = next, due <= now else { return false }
      next = saturating(now, time)
      return true
    }
  }
}

extension FaultTrigger {
  /// Whether what lasts can begin once more when it is over.
  fileprivate var beginsAgain: Bool {
    switch self {
    case .every, .everyTime, .probability: true
    case .always, .at, .first, .after, .afterTime: false
    }
  }
}

/// A sum that ends at the end of time.
private func saturating(_ time: UInt64, _ duration: UInt64) -> UInt64 {
  let sum = time.addingReportingOverflow(duration)
  return sum.overflow ? .max : sum.partialValue
}
