import IPMI

/// Events, as Linux's `ipmi_si` fetches them: SMS_ATN says that there is something, Get Message Flags
/// what, and Read Event Message Buffer gives one event after another until it is empty.
///
/// Where it differs: the BMC's event message buffer is switched on when a program first wants events,
/// and not as the driver is loaded; messages in the receive message queue are left to programs.
extension IPMIDriver {
  /// What the driver itself asks.
  enum EventStep: Equatable, Sendable {
    /// Get BMC Global Enables, and Set BMC Global Enables with the event message buffer's bit.
    case getEnables
    case setEnables(UInt8)
    /// Get Message Flags.
    case getFlags
    /// Clear Message Flags: the watchdog's pre-timeout, and the flags that are left then.
    case clearFlags(left: UInt8)
    /// Read Event Message Buffer.
    case readEvent
  }

  /// MAX_EVENTS_IN_QUEUE: the most events that are kept for the first one who wants them.
  static let eventCapacity = 25

  /// Bits of Get Message Flags and of the global enables. IPMI v2.0, sections 22.2 and 22.4.
  private static let eventBufferFull: UInt8 = 1 << 1
  private static let watchdogPreTimeout: UInt8 = 1 << 3
  private static let eventBufferEnable: UInt8 = 1 << 2

  /// SET_GETS_EVENTS: whoever is the first to want events gets those that are kept.
  mutating func setGetsEvents(_ isWanted: Bool, _ owner: UInt64) {
    let isFirst = isWanted && !openings.values.contains(where: \.getsEvents)
    openings[owner]?.getsEvents = isWanted
    guard isFirst else { return }
    if nextStep == nil { nextStep = .getEnables }
    for event in events { give(Received(number: 0, response: event, isEvent: true), to: owner) }
    events = []
  }

  /// The BMC has set SMS_ATN.
  mutating func attention() { hasAttention = true }

  /// The driver's next request.
  mutating func takeDriverRequest() -> Request? {
    if nextStep == nil, hasAttention {
      hasAttention = false
      nextStep = .getFlags
    }
    guard let step = nextStep else { return nil }
    nextStep = nil
    var message: Message
    switch step {
    case .getEnables: message = Message(.getBMCGlobalEnables)
    case .setEnables(let enables):
      message = Message(.setBMCGlobalEnables)
      message.append(enables)
    case .getFlags: message = Message(.getMessageFlags)
    case .clearFlags:
      message = Message(.clearMessageFlags)
      message.append(Self.watchdogPreTimeout)
    case .readEvent: message = Message(.readEventMessageBuffer)
    }
    return Request(purpose: .driver(step), message: message)
  }

  /// The BMC has answered the driver. An error ends what was begun.
  mutating func answered(_ step: EventStep, _ response: Message) {
    guard response.completionCode == .success else { return }
    switch step {
    case .getEnables:
      guard let enables = response.data(0), enables & Self.eventBufferEnable == 0 else { return }
      nextStep = .setEnables(enables | Self.eventBufferEnable)
    case .setEnables: break
    case .getFlags: handle(flags: response.data(0) ?? 0)
    case .clearFlags(let left): handle(flags: left)
    case .readEvent:
      // Less is no event; an error says that the buffer is empty.
      if response.dataCount >= 16 { deliver(response) }
      nextStep = .readEvent
    }
  }

  private mutating func handle(flags: UInt8) {
    if flags & Self.watchdogPreTimeout != 0 {
      nextStep = .clearFlags(left: flags & ~Self.watchdogPreTimeout)
    } else if flags & Self.eventBufferFull != 0 {
      nextStep = .readEvent
    }
  }

  private mutating func deliver(_ event: Message) {
    let owners = openings.filter(\.value.getsEvents).keys.sorted()
    for owner in owners { give(Received(number: 0, response: event, isEvent: true), to: owner) }
    if owners.isEmpty, events.count < Self.eventCapacity { events.append(event) }
  }
}
