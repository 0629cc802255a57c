import IPMI

/// The host's half of KCS: sends a request and reads the response.
///
/// A state machine without I/O over any ``KCSHostRegisters``. It behaves as Linux's `ipmi_kcs_sm`
/// does, with its error recovery and limits: every byte waits at most 5 s, an error is recovered
/// with GET_STATUS/ABORT and the request sent again, at most 10 times. Protocol from IPMI v2.0,
/// section 9.15.
public struct KCSHost: Sendable {
  /// How long a byte may wait for IBF to fall or OBF to rise, in nanoseconds.
  public static let byteTimeout: UInt64 = 5_000_000_000
  /// How long error recovery waits for OBF to stay clear, in nanoseconds.
  public static let errorRecoveryTimeout: UInt64 = 2_000_000_000
  /// How often a request is sent again before the transaction fails.
  public static let maximumRetries = 10

  enum State: UInt8, Sendable {
    case idle, startOperation
    case waitWriteStart, waitWrite, waitWriteEnd, waitRead
    case error0, error1, error2, error3
  }

  /// How long the host leaves a full ODR unread, in nanoseconds: 0 for a host that reads at once.
  ///
  /// Hosts take their time, and a BMC without an interrupt for it, as ASPEED's, has to wait for OBF
  /// to fall. Linux's `kcs_bmc_aspeed` looks for 100 µs, then every 500 ms.
  public var outputDelay: UInt64 = 0

  private(set) var state = State.idle
  /// The request that was started last.
  public private(set) var request = Message(.getDeviceID)
  private var writeIndex = 0
  private var received: FixedBytes<300> = []
  private var isTruncated = false
  private var retries = 0
  private var isAborting = false
  /// When the wait for IBF to fall ends; `nil` while IBF is clear.
  private var inputDeadline: UInt64?
  /// When the wait for OBF ends; `nil` while nothing waits for it.
  private var outputDeadline: UInt64?
  /// When the host reads the full ODR; `nil` while that is empty.
  private var outputReadTime: UInt64?

  /// The response read last; `nil` while none is complete.
  ///
  /// As in Linux, a response without a completion code gets FFh, and the completion code of one
  /// that is too long, and is cut, becomes C6h.
  public private(set) var response: Message?

  /// A host with no transaction open.
  public init() {}

  /// Whether a transaction can be started.
  public var isIdle: Bool { state == .idle }

  /// Opens a transaction; `false`, and no change, while one is open.
  @discardableResult
  public mutating func start(_ request: Message) -> Bool {
    guard isIdle else { return false }
    self.request = request
    retries = 0
    isAborting = false
    response = nil
    rewind()
    enter(.startOperation)
    return true
  }

  /// Gives up the open transaction: GET_STATUS/ABORT brings the BMC back to IDLE, and then
  /// ``HostEvent/failed`` is reported. No effect when idle.
  public mutating func abort() {
    guard !isIdle, !isAborting else { return }
    isAborting = true
    retries = 0
    switch state {
    case .error0, .error1, .error2, .error3: break
    default: enter(.error0)
    }
  }

  /// Takes one step. `now`: nanoseconds of any clock that does not run backwards.
  public mutating func event<Registers: KCSHostRegisters>(
    on registers: inout Registers, now: UInt64
  ) -> HostEvent {
    let status = registers.hostReadStatus()
    if status.contains(.inputBufferFull) {
      if state == .idle { return .idle }
      return Self.wait(&inputDeadline, for: Self.byteTimeout, now: now) ?? recover()
    }
    inputDeadline = nil
    if let wait = delayRead(status, now: now) { return wait }
    switch state {
    case .idle:
      clearOutput(status, on: &registers)
      return status.contains(.smsAttention) ? .attention : .idle

    case .startOperation:
      guard status.state == .idle else { return recover() }
      clearOutput(status, on: &registers)
      registers.hostWriteCommand(KCSControl.writeStart)
      return enter(.waitWriteStart)

    case .waitWriteStart:
      guard status.state == .write else { return recover() }
      // Read whether OBF is set or not, as Linux does: it has no effect while clear.
      _ = readOutput(on: &registers)
      return writeNext(on: &registers)

    case .waitWrite:
      guard status.state == .write else { return recover() }
      clearOutput(status, on: &registers)
      return writeNext(on: &registers)

    case .waitWriteEnd:
      guard status.state == .write else { return recover() }
      clearOutput(status, on: &registers)
      registers.hostWriteData(request.bytes[writeIndex])
      return enter(.waitRead)

    case .waitRead:
      switch status.state {
      case .read:
        guard status.contains(.outputBufferFull) else { return waitForOutput(now: now) }
        if !received.append(readOutput(on: &registers)) { isTruncated = true }
        registers.hostWriteData(KCSControl.read)
        return enter(.waitRead)
      case .idle:
        clearOutput(status, on: &registers)
        return complete()
      case .write, .error:
        return recover()
      }

    case .error0:
      clearOutput(status, on: &registers)
      if registers.hostReadStatus().contains(.outputBufferFull),
        let wait = Self.wait(&outputDeadline, for: Self.errorRecoveryTimeout, now: now)
      {
        return wait
      }
      registers.hostWriteCommand(KCSControl.getStatusAbort)
      return enter(.error1)

    case .error1:
      clearOutput(status, on: &registers)
      registers.hostWriteData(0)
      return enter(.error2)

    case .error2:
      guard status.state == .read else { return recover() }
      guard status.contains(.outputBufferFull) else { return waitForOutput(now: now) }
      clearOutput(status, on: &registers)
      registers.hostWriteData(KCSControl.read)
      return enter(.error3)

    case .error3:
      guard status.state == .idle else { return recover() }
      guard status.contains(.outputBufferFull) else { return waitForOutput(now: now) }
      clearOutput(status, on: &registers)
      if isAborting { return fail() }
      rewind()
      registers.hostWriteCommand(KCSControl.writeStart)
      return enter(.waitWriteStart)
    }
  }

  // MARK: Steps

  @discardableResult
  private mutating func enter(_ next: State) -> HostEvent {
    state = next
    inputDeadline = nil
    outputDeadline = nil
    return .progressed
  }

  /// The wait for the BMC that began with the first call; `nil` once `limit` nanoseconds are over.
  private static func wait(
    _ deadline: inout UInt64?, for limit: UInt64, now: UInt64
  ) -> HostEvent? {
    let end = deadline ?? now &+ limit
    deadline = end
    return now < end ? .waiting(until: end) : nil
  }

  private mutating func waitForOutput(now: UInt64) -> HostEvent {
    Self.wait(&outputDeadline, for: Self.byteTimeout, now: now) ?? recover()
  }

  /// Asks the BMC for its error and aborts; the request is then sent again.
  private mutating func recover() -> HostEvent {
    retries += 1
    guard retries <= Self.maximumRetries else { return fail() }
    return enter(.error0)
  }

  private mutating func fail() -> HostEvent {
    enter(.idle)
    return .failed
  }

  private mutating func complete() -> HostEvent {
    if isTruncated { received[2] = CompletionCode.requestTruncated.rawValue }
    if received.count == 2 { received.append(CompletionCode.unspecified.rawValue) }
    response = Message(received) ?? Message(respondingTo: request, .unspecified)
    enter(.idle)
    return .complete
  }

  private mutating func rewind() {
    writeIndex = 0
    received.removeAll()
    isTruncated = false
  }

  /// The next byte of the request, announced by WRITE_END where it is the last.
  private mutating func writeNext<Registers: KCSHostRegisters>(
    on registers: inout Registers
  ) -> HostEvent {
    guard writeIndex < request.count - 1 else {
      registers.hostWriteCommand(KCSControl.writeEnd)
      return enter(.waitWriteEnd)
    }
    registers.hostWriteData(request.bytes[writeIndex])
    writeIndex += 1
    return enter(.waitWrite)
  }

  /// The wait for the time to read a full ODR; `nil` once it has come.
  @inline(__always)
  private mutating func delayRead(_ status: KCSStatus, now: UInt64) -> HostEvent? {
    guard outputDelay > 0 else { return nil }
    guard status.contains(.outputBufferFull) else {
      outputReadTime = nil
      return nil
    }
    let time = outputReadTime ?? now &+ outputDelay
    outputReadTime = time
    return now < time ? .waiting(until: time) : nil
  }

  private mutating func readOutput<Registers: KCSHostRegisters>(
    on registers: inout Registers
  ) -> UInt8 {
    outputReadTime = nil
    return registers.hostReadData()
  }

  private mutating func clearOutput<Registers: KCSHostRegisters>(
    _ status: KCSStatus, on registers: inout Registers
  ) {
    if status.contains(.outputBufferFull) { _ = readOutput(on: &registers) }
  }
}

extension KCSHost: SystemInterfaceHost {
  public typealias Registers = KCSChannel

  public static func attention(on registers: KCSChannel) -> Bool {
    registers.enables.contains(.hostDecode) && registers.str.contains(.smsAttention)
  }

  public static func hostInterruptIsEnabled(on registers: KCSChannel) -> Bool {
    registers.enables.contains(.outputBufferFullInterrupt)
  }
}

extension KCSHost: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    stream.transfer(&state)
    request.transfer(through: &stream)
    stream.transfer(&writeIndex, in: 0...request.count - 1)
    received.transfer(through: &stream)
    stream.transfer(&isTruncated)
    if isTruncated, !received.isFull { stream.reject() }
    stream.transfer(&retries, in: 0...Self.maximumRetries + 1)
    stream.transfer(&isAborting)
    stream.transfer(deadline: &inputDeadline)
    stream.transfer(deadline: &outputDeadline)
    stream.transfer(deadline: &outputReadTime)
    response.transfer(through: &stream)
  }
}
