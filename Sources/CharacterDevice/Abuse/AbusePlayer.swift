import IPMI
import SystemInterfaces

/// A host that goes through misbehaviours, one after another. A state machine without I/O.
struct AbusePlayer<Host: SystemInterfaceHost>: Sendable where Host.Registers: AbusedRegisters {
  /// How long a step waits for the BMC, in nanoseconds.
  private static var patience: UInt64 { 1_000_000_000 }
  /// How long the request at the end waits for its answer: more than a daemon's own time-outs.
  private static var answerTimeout: UInt64 { 20_000_000_000 }

  private let fresh: Host
  private var abuses: [Abuse]
  private var index = 0
  private var host: Host
  private var waitsUntil: UInt64?

  /// - Parameter host: one that has done nothing yet.
  init(_ abuses: [Abuse], host: Host) {
    self.abuses = abuses
    fresh = host
    self.host = host
  }

  var isDone: Bool { abuses.isEmpty }

  /// Whether the daemon is to be killed: what follows is done to the next one.
  private(set) var wantsRestart = false

  /// The daemon has ended. The misbehaviour is over where it was not killed for that: the verdict.
  mutating func daemonEnded(_ status: Int32) -> (Abuse, Abuse.Verdict)? {
    guard let abuse = abuses.first, !wantsRestart else {
      wantsRestart = false
      return nil
    }
    return finish(abuse, .ended(status))
  }

  /// Does one step, or waits: until when.
  ///
  /// - Returns: `nil` where it is to be called again at once. A verdict, once an abuse is over.
  mutating func advance(
    _ registers: inout Host.Registers, hasUnreadRequest: Bool, now: UInt64
  ) -> (until: UInt64?, verdict: (Abuse, Abuse.Verdict)?) {
    guard let abuse = abuses.first else { return (.max, nil) }
    let step = abuse.steps[index]
    switch step {
    case .pause(let milliseconds):
      let end = waitsUntil ?? now + milliseconds * 1_000_000
      waitsUntil = end
      if now < end { return (end, nil) }
    case .awaitRead:
      let end = waitsUntil ?? now + Self.patience
      waitsUntil = end
      if hasUnreadRequest, now < end { return (end, nil) }
    case .restartDaemon:
      wantsRestart = true
      index += 1
      return (.max, nil)
    case .request(let message):
      if waitsUntil == nil {
        host = fresh
        host.start(message)
        waitsUntil = now + Self.answerTimeout
      }
      switch host.event(on: &registers, now: now) {
      case .progressed: return (nil, nil)
      case .waiting(let until) where now < waitsUntil!: return (min(until, waitsUntil!), nil)
      case .complete where isAnswered:
        return (nil, finish(abuse, .survived))
      default: return (nil, finish(abuse, .silent))
      }
    default:
      let end = waitsUntil ?? now + Self.patience
      waitsUntil = end
      switch registers.play(step, now: now) {
      case .progressed: return (nil, nil)
      // A step the BMC does not let happen is left out.
      case .waits where now < end: return (end, nil)
      default: break
      }
    }
    waitsUntil = nil
    index += 1
    return (nil, nil)
  }

  /// Whether the daemon has answered, whatever: not the host's driver in its place.
  private var isAnswered: Bool {
    guard let code = host.response?.completionCode else { return false }
    return code != .timeout && code != .nodeBusy
  }

  private mutating func finish(
    _ abuse: Abuse, _ verdict: Abuse.Verdict
  ) -> (Abuse, Abuse.Verdict) {
    abuses.removeFirst()
    index = 0
    waitsUntil = nil
    return (abuse, verdict)
  }
}
