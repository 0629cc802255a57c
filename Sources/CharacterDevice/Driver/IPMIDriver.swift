import IPMI

/// `/dev/ipmiN`, the host's: Linux's `ipmi_devintf` over one system interface, as a value.
///
/// Many may have it open; each has what was answered to it. One request is at the BMC at a time, the
/// others wait. Source: Linux 6.12, drivers/char/ipmi/ipmi_devintf.c, include/uapi/linux/ipmi.h.
///
/// Left out: events, commands from the BMC and addresses behind it, for which software on the host
/// sends Send Message itself.
struct IPMIDriver: Sendable {
  /// How long the BMC has, in nanoseconds, before C3h is the answer: what `ipmi_si` gives a byte.
  static let responseTimeout: UInt64 = 5_000_000_000

  /// An answer.
  struct Received: Equatable, Sendable {
    /// `msgid`: the number that the program gave the request.
    var number: Int
    var response: Message
  }

  /// What a program that has the file open has.
  private struct Opening: Sendable {
    var received: [Received] = []
    /// SET_MY_ADDRESS: the address of the host's software.
    var address: UInt32 = 0x20
    var lun: UInt32 = 2
  }

  private struct Request: Sendable {
    var owner: UInt64
    var number: Int
    var message: Message
  }

  private var openings: [UInt64: Opening] = [:]
  private var lastOwner: UInt64 = 0
  private var waiting: [Request] = []
  private var atBMC: (request: Request, id: UInt8, deadline: UInt64)?
  private var nextID: UInt8 = 0
  private var woken: [UInt64] = []

  /// `open`: who it is from now on.
  mutating func open() -> UInt64 {
    lastOwner += 1
    openings[lastOwner] = Opening()
    return lastOwner
  }

  mutating func release(_ owner: UInt64) {
    openings[owner] = nil
    waiting.removeAll { $0.owner == owner }
  }

  /// SEND_COMMAND.
  mutating func send(_ message: Message, number: Int, from owner: UInt64) {
    waiting.append(Request(owner: owner, number: number, message: message))
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

  /// The next request, once, where the BMC has none.
  mutating func takeRequest(now: UInt64) -> (id: UInt8, Message)? {
    guard atBMC == nil, !waiting.isEmpty else { return nil }
    let request = waiting.removeFirst()
    atBMC = (request, nextID, now &+ Self.responseTimeout)
    defer { nextID &+= 1 }
    return (nextID, request.message)
  }

  /// The BMC has answered; another number than that of the open request comes too late.
  mutating func answer(_ id: UInt8, _ response: Message) {
    guard let (request, open, _) = atBMC, open == id else { return }
    atBMC = nil
    guard openings[request.owner] != nil else { return }
    openings[request.owner]?.received.append(
      Received(number: request.number, response: response))
    woken.append(request.owner)
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
