import IPMI

/// The host's half of BT: sends a request and reads the response.
///
/// A state machine without I/O over any ``BTHostRegisters``. It behaves as Linux's `ipmi_bt_sm`
/// does: stale responses are drained, a response must carry the request's sequence number, a
/// request is sent again with the same number, an early failure resets the BMC softly, and before
/// the first request the BMC is asked for its time-out and retries (Get BT Interface
/// Capabilities). Protocol from IPMI v2.0, section 11.
///
/// Where it differs, it is because it must never hang or lose something:
/// * SMS_ATN is cleared with the next Get Message Flags, not when it is seen: whoever watches it
///   may not run before it would be cleared again.
/// * A transaction resets the BMC once, not for ever.
/// * A request that does not fit 64 bytes is refused, and the start of the driver resets nothing.
///
/// Left out: BT_INTMASK's interrupt, which belongs to whoever calls ``event(on:now:)``.
public struct BTHost: Sendable {
  /// How long an attempt may take until the BMC says otherwise, in nanoseconds.
  public static let defaultTimeout: UInt64 = 5_000_000_000
  /// How many attempts there are until the BMC says otherwise.
  public static let defaultAttempts = 2
  /// How long a soft reset of the BMC takes, in nanoseconds.
  public static let resetDelay: UInt64 = 6_000_000_000
  /// How soon a BMC that does not react to the clearing of B2H_ATN is asked again, in nanoseconds.
  static let pollInterval: UInt64 = 250_000

  enum State: UInt8, Sendable {
    case idle, refused, aborted
    case transactionStart, writeBytes, writeConsume, readWait, clearAttention, readBytes
    case reset1, reset2, reset3

    /// Whether a response that arrives now is stale.
    var expectsNoResponse: Bool { self == .idle || self == .transactionStart }
    /// Whether the attempt ends when time is over.
    var isTimed: Bool {
      switch self {
      case .transactionStart, .writeBytes, .writeConsume, .readWait, .clearAttention, .readBytes:
        true
      case .idle, .refused, .aborted, .reset1, .reset2, .reset3: false
      }
    }
  }

  private(set) var state = State.idle
  /// The request that was started last.
  public private(set) var request = Message(.getDeviceID)
  /// The response read last; `nil` while none is complete.
  ///
  /// As in Linux, the driver answers by itself where the BMC does not: C3h after the last time-out,
  /// C0h where B_BUSY was set then and as long as it stays, C6h for a response whose length cannot
  /// be, C8h for a request that does not fit.
  public private(set) var response: Message?

  private var timeout = Self.defaultTimeout
  private var attempts = Self.defaultAttempts
  /// Whether the BMC has been asked for its capabilities; nothing is sent before.
  private var hasAsked = false
  /// Whether the open exchange is that question, and ``request`` comes after it.
  private var isAsking = false
  /// The open exchange's number; the first one is 0.
  private var sequence = UInt8.max
  private var failedAttempts = 0
  private var hasReset = false
  /// Whether BT_CTRL was ever other than 0 in this attempt.
  private var sawStatus = false
  /// Whether the last transaction ended with B_BUSY set.
  private var isLongBusy = false
  /// When the attempt, or the reset's delay, is over; `.max` before it has begun.
  private var deadline = UInt64.max

  /// A host with no transaction open, that has not asked the BMC anything.
  public init() {}

  /// Whether a transaction can be started.
  public var isIdle: Bool { state == .idle }

  /// Opens a transaction; `false`, and no change, while one is open.
  @discardableResult
  public mutating func start(_ request: Message) -> Bool {
    guard isIdle else { return false }
    self.request = request
    response = nil
    guard request.count <= BTChannel.messageCapacity else {
      response = Message(respondingTo: request, .requestLengthExceeded)
      state = .refused
      return true
    }
    isAsking = !hasAsked
    begin()
    return true
  }

  /// Gives up the open transaction; ``HostEvent/failed`` reports it. No effect when idle.
  ///
  /// BT has no way to withdraw a request: the BMC may still take it, and what it answers is drained.
  public mutating func abort() {
    guard !isIdle else { return }
    state = .aborted
  }

  /// Takes one step. `now`: nanoseconds of any clock that does not run backwards.
  public mutating func event<Registers: BTHostRegisters>(
    on registers: inout Registers, now: UInt64
  ) -> HostEvent {
    let status = registers.readStatus()
    if status != [] { sawStatus = true }
    if isLongBusy, !status.contains(.bmcBusy) {
      isLongBusy = false
      registers.resetFlags(status)
      return .progressed
    }
    if state.expectsNoResponse, status.contains(.bmcToHostAttention) {
      registers.drain()
      return registers.readStatus().contains(.bmcToHostAttention)
        ? .waiting(until: now &+ Self.pollInterval) : .progressed
    }
    if state.isTimed {
      if deadline == .max { deadline = now &+ timeout }
      if now >= deadline { return recover(status) }
    }
    switch state {
    case .idle:
      registers.clearHostBusy(status)
      return status.contains(.smsAttention) ? .attention : .idle

    case .refused:
      state = .idle
      return .complete

    case .aborted:
      registers.clearHostBusy(status)
      state = .idle
      return .failed

    case .transactionStart:
      if isLongBusy { return finish(.nodeBusy) }
      guard status.isDisjoint(with: [.bmcBusy, .hostToBMCAttention]) else {
        return .waiting(until: deadline)
      }
      registers.clearHostBusy(status)
      return enter(.writeBytes)

    case .writeBytes:
      registers.clearHostBusy(status)
      if isAsking {
        hasAsked = true
      } else if request.command == .getMessageFlags, status.contains(.smsAttention) {
        // Before the request: what the BMC sets afterwards is new.
        registers.hostWriteControl(.smsAttention)
      }
      registers.send(current, sequence: sequence)
      return enter(.writeConsume)

    case .writeConsume:
      // H2B_ATN may have been cleared too fast to be seen.
      guard status.isDisjoint(with: [.bmcBusy, .hostToBMCAttention]) else {
        return .waiting(until: deadline)
      }
      return enter(.readWait)

    case .readWait:
      guard status.contains(.bmcToHostAttention) else { return .waiting(until: deadline) }
      registers.setHostBusy(status)
      registers.hostWriteControl(.bmcToHostAttention)
      return enter(.clearAttention)

    case .clearAttention:
      guard status.contains(.bmcToHostAttention) else { return enter(.readBytes) }
      // Some BMCs do not react to the first one.
      registers.hostWriteControl(.bmcToHostAttention)
      return .waiting(until: min(deadline, now &+ Self.pollInterval))

    case .readBytes:
      registers.setHostBusy(status)
      let message = registers.receive(answering: current, sequence: sequence)
      registers.hostWriteControl(.hostBusy)
      guard let message else { return enter(.readWait) }
      return finish(message)

    case .reset1:
      registers.resetFlags(status)
      registers.drain()
      return enter(.reset2)

    case .reset2:
      registers.send(Message(.warmReset), sequence: Self.resetSequence)
      deadline = now &+ Self.resetDelay
      return enter(.reset3)

    case .reset3:
      guard now >= deadline else { return .waiting(until: deadline) }
      registers.drain()
      return restart()
    }
  }

  // MARK: Steps

  /// The number of the soft reset, whose response nobody waits for.
  private static let resetSequence: UInt8 = 42

  /// The message of the open exchange.
  private var current: Message { isAsking ? Message(.getBTInterfaceCapabilities) : request }

  private mutating func enter(_ next: State) -> HostEvent {
    state = next
    return .progressed
  }

  /// The first attempt, with a new sequence number.
  private mutating func begin() {
    sequence &+= 1
    failedAttempts = 0
    hasReset = false
    _ = restart()
  }

  /// Another attempt.
  private mutating func restart() -> HostEvent {
    sawStatus = false
    deadline = .max
    return enter(.transactionStart)
  }

  /// Time is over: another attempt, or a reset if the BMC has never answered, or the end.
  private mutating func recover(_ status: BTControl) -> HostEvent {
    failedAttempts += 1
    if failedAttempts < attempts { return restart() }
    if sawStatus, !hasReset, sequence < attempts {
      hasReset = true
      return enter(.reset1)
    }
    isLongBusy = status.contains(.bmcBusy)
    return finish(isLongBusy ? .nodeBusy : .timeout)
  }

  private mutating func finish(_ code: CompletionCode) -> HostEvent {
    finish(Message(respondingTo: current, code))
  }

  /// The exchange is over: if it was the question, the request follows.
  private mutating func finish(_ message: Message) -> HostEvent {
    if isAsking {
      isAsking = false
      takeCapabilities(message)
      begin()
      return .progressed
    }
    response = message
    state = .idle
    return .complete
  }

  /// Data: requests at once, input size, output size, seconds, retries. A time-out of 0 s, which
  /// nobody could keep, is ignored.
  private mutating func takeCapabilities(_ message: Message) {
    guard message.completionCode == .success, let seconds = message.data(3),
      let retries = message.data(4)
    else { return }
    if seconds > 0 { timeout = UInt64(seconds) * 1_000_000_000 }
    attempts = Int(retries)
  }
}

extension BTHost: SystemInterfaceHost {
  public typealias Registers = BTChannel

  public static func attention(on registers: BTChannel) -> Bool {
    registers.enables.contains(.hostDecode) && registers.control.contains(.smsAttention)
  }

  /// The BMC has no say beyond the decode of the ports: the host itself enables the interrupt.
  public static func hostInterruptIsEnabled(on registers: BTChannel) -> Bool {
    registers.enables.contains(.hostDecode)
  }
}

extension BTHost: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    stream.transfer(&state)
    request.transfer(through: &stream)
    response.transfer(through: &stream)
    stream.transfer(&timeout)
    stream.transfer(&attempts, in: 0...255)
    stream.transfer(&hasAsked)
    stream.transfer(&isAsking)
    stream.transfer(&sequence)
    stream.transfer(&failedAttempts, in: 0...256)
    stream.transfer(&hasReset)
    stream.transfer(&sawStatus)
    stream.transfer(&isLongBusy)
    stream.transfer(deadline: &deadline)
  }
}
