import Faults
import IPMI
import NIOCore
import Tracing
import VMProtocol

/// What a schedule makes of one connection's bytes: those of either end go in, those for either end come
/// out.
///
/// ```
///  host ──► Lane ──► requests: FaultEngine says which arrive, and how ──► BMC
///  host ◄── responses, answers in the BMC's place ◄── Lane ◄── BMC
/// ```
///
/// Whatever is no message passes as it is: control commands at once, damaged frames in their place. What
/// is passed on is legal VM protocol, or was sent like that, but for the one byte that `corrupt` changes.
///
/// A state machine without I/O, and without the engine, which outlives connections: rules count the
/// messages of a link. Memory is bounded where its owner takes no more bytes from the host while
/// ``isFull``.
struct FaultStage {
  /// The messages that may be held back each way.
  private static let limit = 64

  private var fromHost = FaultLane(.bmc)
  private var fromBMC = FaultLane(.vm)
  /// The requests that wait for their responses, by their ids.
  private var open = FixedBytes<256>.ids
  /// The id of a Cold Reset that was sent in the host's name: its response is kept.
  private var resetID: UInt8?
  private var capabilities: VMCapabilities = []
  /// What the BMC has said of attention last.
  private var attention = VMControl.clearAttention
  /// When the host is told that again.
  private var attentionEnd: UInt64?
  /// Whether the connection is to end when all output is sent.
  private(set) var isCut = false
  /// What was done, for whoever looks on.
  private var notes: [(what: String, rule: Int)] = []
  /// Requests that were sent in the host's name.
  private var ownRequests: [(id: UInt8, Message)] = []

  /// Whether so much is held back that nothing more is to be read.
  var isFull: Bool { fromHost.heldCount >= Self.limit || fromBMC.heldCount >= Self.limit }

  /// When ``advance(to:by:)`` must be called if nothing else happens, in nanoseconds; the engine has a
  /// deadline of its own.
  var deadline: UInt64? {
    [fromHost.deadline, fromBMC.deadline, attentionEnd].compactMap { $0 }.min()
  }

  /// Takes what there is to be said of faults.
  mutating func takeNotes() -> [(what: String, rule: Int)] {
    defer { notes.removeAll(keepingCapacity: true) }
    return notes
  }

  /// Takes the requests that were sent in the host's name.
  mutating func takeOwnRequests() -> [(id: UInt8, Message)] {
    defer { ownRequests.removeAll() }
    return ownRequests
  }

  /// Takes the bytes that are due for an end.
  mutating func takeOutput(for side: TraceSide) -> [UInt8] {
    side == .bmc ? fromHost.takeOutput() : fromBMC.takeOutput()
  }

  /// Lets time pass.
  mutating func advance(to now: UInt64, by engine: inout FaultEngine) {
    fromHost.advance(to: now)
    fromBMC.advance(to: now)
    if let attentionEnd, attentionEnd <= now {
      self.attentionEnd = nil
      fromBMC.send(attention)
    }
    while !isCut, let index = engine.advance(to: now) {
      makeHappen(engine.schedule.rules[index], index, now)
    }
  }

  // MARK: Bytes

  /// Takes bytes of an end.
  mutating func take(
    _ bytes: Span<UInt8>, from side: TraceSide, now: UInt64, by engine: inout FaultEngine
  ) {
    advance(to: now, by: &engine)
    for index in bytes.indices {
      // Behind a cut there is nothing.
      guard !isCut else { return }
      switch side {
      case .host:
        guard let (event, frame) = fromHost.feed(bytes[index], now) else { continue }
        switch event {
        case .message(let id, let request): pass(request, id, frame, now, &engine)
        case .control(.capabilities, let argument?):
          capabilities = VMCapabilities(rawValue: argument)
          fromHost.pass(frame)
        case .control: fromHost.pass(frame)
        case .rejected: fromHost.hold(frame, until: now, at: now)
        }
      case .bmc:
        guard let (event, frame) = fromBMC.feed(bytes[index], now) else { continue }
        switch event {
        case .message(let id, let response): passBack(response, id, frame, now, &engine)
        case .control(let control, _):
          if control.isAttention { attention = control }
          // While attention does not end, nobody says that it does.
          if attentionEnd == nil || control != .clearAttention { fromBMC.pass(frame) }
        case .rejected: fromBMC.hold(frame, until: now, at: now)
        }
      }
    }
  }

  private mutating func pass(
    _ request: Message, _ id: UInt8, _ frame: [UInt8], _ now: UInt64, _ engine: inout FaultEngine
  ) {
    let verdict = engine.pass(request, .request, at: now)
    if verdict.copies > 0 { open[Int(id)] = 1 }
    send(verdict, id, frame, toBMC: true, now)
    if let answer = verdict.answer {
      fromBMC.hold(FaultLane.frame(answer, id: id), until: now, at: now)
    }
    note(verdict, .request, engine.schedule, now)
  }

  private mutating func passBack(
    _ response: Message, _ id: UInt8, _ frame: [UInt8], _ now: UInt64, _ engine: inout FaultEngine
  ) {
    if id == resetID, response.command == .coldReset {
      resetID = nil
      return
    }
    open[Int(id)] = 0
    let verdict = engine.pass(response, .response, at: now)
    send(verdict, id, frame, toBMC: false, now)
    note(verdict, .response, engine.schedule, now)
  }

  /// Sends a message as often, as late and as whole as the verdict says.
  private mutating func send(
    _ verdict: FaultVerdict, _ id: UInt8, _ frame: [UInt8], toBMC: Bool, _ now: UInt64
  ) {
    var frame = verdict.isChanged ? FaultLane.frame(verdict.message, id: id) : frame
    if let damage = verdict.damage { FaultLane.damage(&frame, damage) }
    let due = now &+ verdict.delay
    for _ in 0..<verdict.copies {
      if toBMC {
        fromHost.hold(frame, until: due, at: now)
      } else {
        fromBMC.hold(frame, until: due, at: now)
      }
    }
  }

  // MARK: Rules

  /// Says what was done to a message, and does what happens behind it.
  private mutating func note(
    _ verdict: FaultVerdict, _ direction: FaultDirection, _ schedule: FaultSchedule, _ now: UInt64
  ) {
    var index = 0
    while let rule = verdict.nextRule(from: index) {
      index = rule + 1
      let action = schedule.rules[rule].action
      if verdict.isLostToAbsence {
        notes.append(("\(direction.name) lost: the BMC is away", rule))
      } else if action.isOfMessage {
        notes.append((action.report(direction), rule))
      } else {
        makeHappen(schedule.rules[rule], rule, now)
      }
    }
  }

  /// Does what a rule has for the link.
  private mutating func makeHappen(_ rule: FaultRule, _ index: Int, _ now: UInt64) {
    var what = rule.action.report(.any)
    switch rule.action {
    case .attention:
      fromBMC.send(.attentionWithInterrupt)
      if let duration = rule.duration { attentionEnd = now &+ duration }
    case .cut: isCut = true
    case .resetHost:
      if capabilities.isSuperset(of: VMControl.reset.requiredCapability) {
        fromBMC.send(.reset)
      } else {
        what = "host not reset: it has not said that it can be"
      }
    case .resetBMC: coldReset(now)
    case .abort, .drop, .delay, .duplicate, .corrupt, .truncate, .answer: break
    }
    notes.append((what, index))
  }

  /// Sends a Cold Reset in the host's name, under an id that no request has.
  private mutating func coldReset(_ now: UInt64) {
    let free = (UInt8.min...UInt8.max).last { open[Int($0)] == 0 }
    guard let id = free else { return }
    resetID = id
    ownRequests.append((id, Message(.coldReset)))
    fromHost.hold(FaultLane.frame(Message(.coldReset), id: id), until: now, at: now)
  }
}

extension VMControl {
  fileprivate var isAttention: Bool {
    self == .clearAttention || self == .attention || self == .attentionWithInterrupt
  }
}

extension FixedBytes<256> {
  /// A zero for each id.
  fileprivate static var ids: Self {
    var ids = Self()
    for _ in 0..<256 { ids.append(0) }
    return ids
  }
}
