import IPMI

/// `/dev/ipmiN`, the host's: Linux's `ipmi_devintf` over one system interface, as a value.
///
/// Many may have it open; each has what was answered to it, and events where it wants them:
/// ``attention()``. One request is at the BMC at a time, the others wait. Source: Linux 6.12,
/// drivers/char/ipmi/ipmi_devintf.c, ipmi_msghandler.c and ipmi_si_intf.c, include/uapi/linux/ipmi.h.
///
/// Left out: commands from the BMC and addresses behind it, for which software on the host sends Send
/// Message and Get Message itself.
struct IPMIDriver: Sendable {
  /// How long the BMC has, in nanoseconds, before C3h is the answer: what `ipmi_si` gives a byte.
  static let responseTimeout: UInt64 = 5_000_000_000

  /// An answer, or an event.
  struct Received: Equatable, Sendable {
    /// `msgid`: the number that the program gave the request; 0 of an event.
    var number: Int
    var response: Message
    /// Whether it is from the BMC's event message buffer, which nobody has asked for.
    var isEvent = false
  }

  /// What a program that has the file open has.
  struct Opening: Sendable {
    var received: [Received] = []
    /// SET_GETS_EVENTS.
    var getsEvents = false
    /// SET_MY_ADDRESS: the address of the host's software.
    var address: UInt32 = 0x20
    var lun: UInt32 = 2
  }

  struct Request: Sendable {
    /// Who gets the answer: a program, or the driver itself.
    enum Purpose: Sendable {
      case program(UInt64, number: Int)
      case driver(EventStep)
    }
    var purpose: Purpose
    var message: Message
  }

  var openings: [UInt64: Opening] = [:]
  private var lastOwner: UInt64 = 0
  private var waiting: [Request] = []
  private var atBMC: (request: Request, id: UInt8, deadline: UInt64)?
  /// Whether the request that was sent last was the driver's own.
  private var wasDriver = false
  private var nextID: UInt8 = 0
  var woken: [UInt64] = []
  /// Events that nobody wanted yet.
  var events: [Message] = []
  /// What the driver is to ask next.
  var nextStep: EventStep?
  /// Whether SMS_ATN was seen since the flags were asked for.
  var hasAttention = false

  /// `open`: who it is from now on.
  mutating func open() -> UInt64 {
    lastOwner += 1
    openings[lastOwner] = Opening()
    return lastOwner
  }

  mutating func release(_ owner: UInt64) {
    openings[owner] = nil
    waiting.removeAll {
      if case .program(owner, _) = $0.purpose { true } else { false }
    }
  }

  /// SEND_COMMAND.
  mutating func send(_ message: Message, number: Int, from owner: UInt64) {
    waiting.append(Request(purpose: .program(owner, number: number), message: message))
  }

  /// RECEIVE_MSG: the oldest answer that `fits`; it stays where it does not.
  mutating func receive(_ owner: UInt64, fits: (Received) -> Bool) -> (Received, fits: Bool)? {
    guard let first = openings[owner]?.received.first else { return nil }
    let isTaken = fits(first)
    if isTaken { openings[owner]?.received.removeFirst() }
    return (first, isTaken)
  }

  func poll(_ owner: UInt64) -> PollEvents {
    openings[owner]?.received.isEmpty == false ? .input : []
  }

  /// SET_MY_ADDRESS and GET_MY_ADDRESS.
  func address(_ owner: UInt64) -> UInt32 { openings[owner]?.address ?? 0x20 }
  mutating func setAddress(_ address: UInt32, _ owner: UInt64) {
    openings[owner]?.address = address
  }

  /// SET_MY_LUN and GET_MY_LUN.
  func lun(_ owner: UInt64) -> UInt32 { openings[owner]?.lun ?? 2 }
  mutating func setLUN(_ lun: UInt32, _ owner: UInt64) { openings[owner]?.lun = lun }

  // MARK: The BMC

  /// The next request, once, where the BMC has none: the driver's own before those of programs, but in
  /// turns, so that a BMC that never runs out of events does not keep programs off.
  mutating func takeRequest(now: UInt64) -> (id: UInt8, Message)? {
    guard atBMC == nil else { return nil }
    let own = wasDriver && !waiting.isEmpty ? nil : takeDriverRequest()
    guard let request = own ?? takeWaiting() else { return nil }
    if case .driver = request.purpose { wasDriver = true } else { wasDriver = false }
    atBMC = (request, nextID, now &+ Self.responseTimeout)
    defer { nextID &+= 1 }
    return (nextID, request.message)
  }

  private mutating func takeWaiting() -> Request? {
    waiting.isEmpty ? nil : waiting.removeFirst()
  }

  /// The BMC has answered; another number than that of the open request comes too late.
  mutating func answer(_ id: UInt8, _ response: Message) {
    guard let (request, open, _) = atBMC, open == id else { return }
    atBMC = nil
    switch request.purpose {
    case .program(let owner, let number):
      give(Received(number: number, response: response), to: owner)
    case .driver(let step): answered(step, response)
    }
  }

  /// Puts something where a program receives it.
  mutating func give(_ received: Received, to owner: UInt64) {
    guard let opening = openings[owner] else { return }
    // Whoever does not read them gets no more of them.
    if received.isEvent, opening.received.count >= Self.eventCapacity { return }
    openings[owner]?.received.append(received)
    woken.append(owner)
  }

  /// Whoever waits gets `code` in the BMC's place: it is not there.
  mutating func fail(_ code: CompletionCode) {
    while let (request, id, _) = atBMC ?? takeRequest(now: 0).flatMap({ _ in atBMC }) {
      answer(id, Message(respondingTo: request.message, code))
    }
  }

  /// When ``advance(now:)`` is due.
  var deadline: UInt64? { atBMC?.deadline }

  mutating func advance(now: UInt64) {
    guard let (request, id, deadline) = atBMC, now >= deadline else { return }
    answer(id, Message(respondingTo: request.message, .timeout))
  }

  /// Those for whom something has come since this was asked last.
  mutating func takeWoken() -> [UInt64] {
    defer { woken = [] }
    return woken
  }
}
