import Tracing

/// What one processor did for a while, as the registers tell it.
public struct Phase: Equatable, Sendable {
  public enum Kind: Int, CaseIterable, Sendable {
    /// The host transfers a request: KCS in WRITE, until the BMC has the last byte.
    case hostSends
    /// The BMC has the request: until it puts the first byte of the response into ODR, or B2H_ATN.
    case bmcWorks
    /// The host takes the response: until KCS is IDLE, or B2H_ATN and H_BUSY are clear.
    case hostReceives
    /// KCS in ERROR.
    case error
    /// SMS_ATN is set, or the BMC's last word of it was that it has a message.
    case attention
  }

  public var kind: Kind
  public var channel: Int
  public var start: UInt64
  public var end: UInt64
}

/// Tells phases from the registers of one channel.
struct PhaseWatch: Sendable {
  private let channel: Int
  private var last: RegisterValues?
  /// The phase that goes on, and since when.
  private var current: (kind: Phase.Kind, start: UInt64)?
  /// When the BMC took a byte last.
  private var taken: UInt64?
  private var attention: UInt64?

  init(channel: Int) { self.channel = channel }

  mutating func see(_ values: RegisterValues, at time: UInt64, _ tell: (Phase) -> Void) {
    defer { last = values }
    switch values {
    case .kcs(_, _, let str):
      var old: UInt8 = 0
      if case .kcs(_, _, let seen) = last { old = seen }
      see(str, after: old, at: time, tell)
    case .bt(let control, _):
      var old: UInt8 = 0
      if case .bt(let seen, _) = last { old = seen }
      see(control: control, after: old, at: time, tell)
    }
  }

  /// A host writes the first byte of a BT request.
  mutating func fillsBuffer(at time: UInt64) {
    if current == nil { current = (.hostSends, time) }
  }

  mutating func attention(_ isSet: Bool, at time: UInt64, _ tell: (Phase) -> Void) {
    if isSet {
      if attention == nil { attention = time }
    } else if let start = attention {
      attention = nil
      tell(Phase(kind: .attention, channel: channel, start: start, end: time))
    }
  }

  /// Ends what goes on.
  mutating func finish(at time: UInt64, _ tell: (Phase) -> Void) {
    turn(to: nil, at: time, tell)
    attention(false, at: time, tell)
  }

  private mutating func see(
    _ str: UInt8, after old: UInt8, at time: UInt64, _ tell: (Phase) -> Void
  ) {
    attention(str & Flag.attention != 0, at: time, tell)
    if old & ~str & Flag.inputBufferFull != 0 { taken = time }
    let answers = str & ~old & Flag.outputBufferFull != 0
    switch (str >> 6, current?.kind) {
    case (0, nil):
      // WRITE_START is there, and not taken yet.
      if str & Flag.command != 0, str & Flag.inputBufferFull != 0 {
        turn(to: .hostSends, at: time, tell)
      }
    case (0, .hostSends): if old >> 6 != 0 { turn(to: nil, at: time, tell) }
    case (0, _): turn(to: nil, at: time, tell)
    case (1, .hostSends):
      // BMCs enter READ before they take the last byte, or behind it, or with the response at hand.
      let isTaken = str & Flag.inputBufferFull == 0
      if isTaken, let taken, let current, taken > current.start {
        turn(to: .bmcWorks, at: taken, tell)
      } else {
        turn(to: .bmcWorks, at: time, tell)
      }
      if answers { turn(to: .hostReceives, at: time, tell) }
    case (1, .bmcWorks): if answers { turn(to: .hostReceives, at: time, tell) }
    case (1, .hostReceives), (2, .hostSends), (3, .error): break
    case (1, _): turn(to: .hostReceives, at: time, tell)
    case (2, _): turn(to: .hostSends, at: time, tell)
    default: turn(to: .error, at: time, tell)
    }
  }

  private mutating func see(
    control: UInt8, after old: UInt8, at time: UInt64, _ tell: (Phase) -> Void
  ) {
    attention(control & Flag.btAttention != 0, at: time, tell)
    let rises = control & ~old
    if rises & Flag.hostToBMC != 0 { turn(to: .bmcWorks, at: time, tell) }
    if rises & Flag.bmcToHost != 0 { turn(to: .hostReceives, at: time, tell) }
    // Linux's host driver sets H_BUSY before it clears B2H_ATN, QEMU's BT clears B2H_ATN alone.
    if control & (Flag.bmcToHost | Flag.hostBusy) == 0, current?.kind == .hostReceives {
      turn(to: nil, at: time, tell)
    }
  }

  private mutating func turn(to kind: Phase.Kind?, at time: UInt64, _ tell: (Phase) -> Void) {
    if let current, time >= current.start {
      tell(Phase(kind: current.kind, channel: channel, start: current.start, end: time))
    }
    current = kind.map { ($0, time) }
    if kind == .hostSends { taken = nil }
  }
}
