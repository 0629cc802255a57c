import IPMI

/// The host's half of SSIF: writes a request and reads the response.
///
/// A state machine without I/O over any ``SMBusController``. It behaves as Linux's `ipmi_ssif` does:
/// a write that is not acknowledged is repeated from its start, 5 times at most and 60 ms apart; a
/// response is read 5 ms after the request or when SMBALERT# says so, 250 times at most and 60 ms
/// apart. Before the first request the BMC is asked what it can do (Get System Interface
/// Capabilities), and before the first one of more than 32 bytes it is found out how it wants a
/// request to end: ``RequestEnd``. Protocol from IPMI v2.0, section 12.
///
/// Where it differs, it is because it must not lose something:
/// * A response with a part out of order or of a wrong length, or that does not answer the request,
///   is read again, where Linux gives up.
/// * A request that is longer than the BMC takes is answered C8h.
/// * A BMC that was away when it was asked is asked again.
///
/// Left out: the fetching of flags, events and messages, which is the caller's.
public struct SSIFHost: Sendable {
  /// How long after a write, or a read, that failed it is tried again, in nanoseconds.
  public static let retryInterval: UInt64 = 60_000_000
  /// How long after a request its response is read, in nanoseconds.
  public static let firstReadDelay: UInt64 = 5_000_000
  /// How often a request is written.
  public static let writeAttempts = 5
  /// How often a response is read.
  public static let readAttempts = 250

  /// How a request of several parts ends.
  ///
  /// The specification's text and its tables differ, and so do BMCs.
  public enum RequestEnd: UInt8, Sendable {
    /// With 08h.
    case endCommand
    /// With a part of 07h that has fewer than 32 bytes, or none, which SMBus forbids.
    case shortMiddle
    /// With a part of 07h that has fewer than 32 bytes and at least one: 63 bytes at most.
    case nonemptyMiddle
  }

  enum State: UInt8, Sendable {
    case idle, refused, aborted
    case write, writeAgain
    case readLater, readStart, readMiddle
  }

  /// What is sent, and what for.
  enum Exchange: UInt8, Sendable {
    case capabilities
    /// A request of several parts that shall end so, to see if it is answered.
    case endCommandTest, shortMiddleTest
    case request
  }

  private(set) var state = State.idle
  private(set) var exchange = Exchange.request
  /// The request that was started last.
  public private(set) var request = Message(.getDeviceID)
  /// The response read last; `nil` while none is complete.
  public private(set) var response: Message?

  /// What the BMC can do; `nil` before it was asked.
  public private(set) var capabilities: SSIFCapabilities?
  /// How a request of several parts ends; `nil` before that was tested.
  public private(set) var requestEnd: RequestEnd?

  private var attemptsLeft = 0
  private var deadline: UInt64 = 0
  /// What is sent.
  private var outgoing = Message(.getDeviceID)
  /// How many bytes of ``outgoing`` are written.
  private var written = 0
  private var received: FixedBytes<300> = []
  /// The number that the next part must have.
  private var nextNumber: UInt8 = 0

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
    beginNext()
    return true
  }

  /// Gives up the open transaction; ``HostEvent/failed`` reports it. No effect when idle.
  ///
  /// SSIF has no way to withdraw a request: the next one makes the BMC forget it.
  public mutating func abort() {
    guard !isIdle else { return }
    state = .aborted
  }

  /// Takes one step, of one transfer at most. `now`: nanoseconds of any clock that does not run
  /// backwards.
  public mutating func event<Bus: SMBusController>(on bus: inout Bus, now: UInt64) -> HostEvent {
    switch state {
    case .idle:
      // SMBALERT# says it once: reading who it was releases it.
      return bus.alert && bus.alertResponse() != nil ? .attention : .idle

    case .refused:
      response = Message(respondingTo: request, .requestLengthExceeded)
      state = .idle
      return .complete

    case .aborted:
      state = .idle
      return .failed

    case .writeAgain:
      guard now >= deadline else { return .waiting(until: deadline) }
      written = 0
      return enter(.write)

    case .write:
      return writePart(on: &bus, now: now)

    case .readLater:
      if now < deadline {
        guard bus.alert, bus.alertResponse() != nil else { return .waiting(until: deadline) }
      }
      return enter(.readStart)

    case .readStart:
      guard let block = bus.readBlock(SSIFCommand.read, withPEC: usesPEC, now: now) else {
        return readAgain(now: now)
      }
      received.removeAll()
      guard block.count > 2, block[0] == 0x00, block[1] == 0x01 else {
        received.append(contentsOf: block)
        return finish(now: now)
      }
      received.append(contentsOf: block, in: 2..<block.count)
      nextNumber = 0
      return enter(.readMiddle)

    case .readMiddle:
      guard let block = bus.readBlock(SSIFCommand.readMiddle, withPEC: usesPEC, now: now),
        !block.isEmpty, received.append(contentsOf: block, in: 1..<block.count)
      else { return readAgain(now: now) }
      if block[0] == SSIFCommand.lastPart { return finish(now: now) }
      guard block[0] == nextNumber, block.count == 32 else { return readAgain(now: now) }
      nextNumber += 1
      return .progressed
    }
  }

  // MARK: Exchanges

  private var usesPEC: Bool { exchange != .capabilities && capabilities?.supportsPEC == true }

  /// The longest request, in bytes.
  private var capacity: Int {
    let limit = Int(capabilities?.requestCapacity ?? 32)
    return requestEnd == .nonemptyMiddle ? min(limit, 63) : limit
  }

  /// Begins what must come next before the request, or the request.
  private mutating func beginNext() {
    if capabilities == nil {
      begin(.capabilities, SSIFCapabilities.request)
    } else if request.count > capacity {
      state = .refused
    } else if request.count > 32, requestEnd == nil {
      begin(.endCommandTest, testRequest)
    } else {
      begin(.request, request)
    }
  }

  private mutating func begin(_ exchange: Exchange, _ message: Message) {
    self.exchange = exchange
    outgoing = message
    written = 0
    attemptsLeft = Self.writeAttempts
    state = .write
  }

  /// As long as three parts need, or two: Get Device ID with bytes that it does not have. Any answer
  /// will do.
  private var testRequest: Message {
    var message = Message(.getDeviceID)
    let count = capacity > 63 ? 65 : 33
    while message.count < count { message.append(0) }
    return message
  }

  /// The exchange is over, with an answer or without.
  private mutating func finish(_ answer: Message?) -> HostEvent {
    state = .idle
    switch exchange {
    case .request:
      response = answer
      // What was found out of a BMC that is away is not so for ever.
      if answer == nil, requestEnd == .nonemptyMiddle { requestEnd = nil }
      return answer == nil ? .failed : .complete
    case .capabilities:
      guard let answer else { return .failed }
      capabilities = SSIFCapabilities(answer) ?? SSIFCapabilities()
    case .endCommandTest:
      if answer != nil {
        requestEnd = .endCommand
      } else {
        // Whole parts only, so that the end is an empty one.
        var message = testRequest
        if let whole = Message(message.bytes, in: 0..<message.count - 1) { message = whole }
        begin(.shortMiddleTest, message)
        return .progressed
      }
    case .shortMiddleTest:
      requestEnd = answer == nil ? .nonemptyMiddle : .shortMiddle
    }
    beginNext()
    return .progressed
  }

  // MARK: Steps

  private mutating func enter(_ next: State) -> HostEvent {
    state = next
    return .progressed
  }

  private mutating func writePart<Bus: SMBusController>(
    on bus: inout Bus, now: UInt64
  ) -> HostEvent {
    let left = outgoing.count - written
    let count = min(left, 32)
    let (command, isLast) = part(left: left)
    var block: SMBusBlock = []
    block.append(contentsOf: outgoing.bytes, in: written..<written + count)
    guard bus.writeBlock(command, block, withPEC: usesPEC, now: now) else {
      attemptsLeft -= 1
      if attemptsLeft == 0 { return finish(nil) }
      deadline = now &+ Self.retryInterval
      return enter(.writeAgain)
    }
    written += count
    guard isLast else { return .progressed }
    attemptsLeft = Self.readAttempts
    deadline = now &+ Self.firstReadDelay
    return enter(.readLater)
  }

  /// The command code of the next part, and whether it ends the request.
  private func part(left: Int) -> (command: UInt8, isLast: Bool) {
    if outgoing.count <= 32 && exchange != .shortMiddleTest { return (SSIFCommand.write, true) }
    if written == 0 { return (SSIFCommand.writeStart, false) }
    let endsWithCommand =
      exchange == .endCommandTest || exchange == .request && requestEnd == .endCommand
    if endsWithCommand && left <= 32 { return (SSIFCommand.writeEnd, true) }
    return (SSIFCommand.writeMiddle, left < 32)
  }

  private mutating func readAgain(now: UInt64) -> HostEvent {
    attemptsLeft -= 1
    if attemptsLeft == 0 { return finish(nil) }
    deadline = now &+ Self.retryInterval
    return enter(.readLater)
  }

  /// A response is whole.
  private mutating func finish(now: UInt64) -> HostEvent {
    guard let message = Message(received), message.completionCode != nil,
      message.command == outgoing.command
    else { return readAgain(now: now) }
    return finish(message)
  }
}

extension SSIFHost: SystemInterfaceHost {
  public typealias Registers = SSIFTarget

  public static func attention(on registers: SSIFTarget) -> Bool {
    registers.enables.contains(.address) && registers.attention
  }

  public static func hostInterruptIsEnabled(on registers: SSIFTarget) -> Bool {
    registers.enables.contains(.alert)
  }
}

extension SSIFHost: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    stream.transfer(&state)
    stream.transfer(&exchange)
    request.transfer(through: &stream)
    response.transfer(through: &stream)
    transferFindings(through: &stream)
    stream.transfer(&attemptsLeft, in: 0...Self.readAttempts)
    stream.transfer(deadline: &deadline)
    outgoing.transfer(through: &stream)
    stream.transfer(&written, in: 0...outgoing.count)
    received.transfer(through: &stream)
    stream.transfer(&nextNumber)
    if !isIdle, attemptsLeft == 0, state != .refused, state != .aborted { stream.reject() }
  }

  /// What was found out about the BMC.
  private mutating func transferFindings(through stream: inout some StateStream) {
    var isKnown = capabilities != nil
    var found = capabilities ?? SSIFCapabilities()
    stream.transfer(&isKnown)
    stream.transfer(&found.transactions)
    stream.transfer(&found.supportsPEC)
    stream.transfer(&found.requestCapacity)
    stream.transfer(&found.responseCapacity)
    capabilities = isKnown ? found : nil
    var isTested = requestEnd != nil
    var end = requestEnd ?? .endCommand
    stream.transfer(&isTested)
    stream.transfer(&end)
    requestEnd = isTested ? end : nil
  }
}
