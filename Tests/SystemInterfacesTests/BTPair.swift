import IPMI
import Testing

@testable import SystemInterfaces

/// Host and responder over one channel, run in lockstep: host until it waits, then the BMC.
struct BTPair {
  var channel = BTChannel()
  var host = BTHost()
  var responder = BTResponder<300>()
  var now: UInt64 = 0
  /// Requests as the BMC got them, without the question for its capabilities.
  var received: [[UInt8]] = []
  /// How often the BMC was asked for its capabilities.
  var questions = 0
  /// What the BMC answers to that; `nil`: nothing.
  var capabilities: [UInt8]? = [0x1C, 0x36, 0xC1]
  /// What the BMC answers to anything else; `nil`: nothing.
  var answer: ([UInt8]) -> [UInt8]? = { request in
    [request[0] | 4, request[1], 0] + request.dropFirst(2).prefix(59)
  }

  init() {
    channel.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer]
    responder.open(on: &channel)
  }

  /// One in which the BMC has been asked.
  static var asked: BTPair {
    var pair = BTPair()
    #expect(pair.transact(Message(.getDeviceID)) != nil)
    pair.received = []
    return pair
  }

  /// Runs the host until it waits or ends. A host that does neither fails the test.
  mutating func runHost() -> HostEvent {
    for _ in 0..<1000 {
      let event = host.event(on: &channel, now: now)
      if event != .progressed { return event }
    }
    Issue.record("the host does not come to rest")
    return .idle
  }

  /// Answers a request that the responder has read.
  mutating func answerRequest() -> Bool {
    guard let request = responder.takeRequest() else { return false }
    let isQuestion = request[1] == 0x36
    if isQuestion { questions += 1 } else { received.append(Array(request)) }
    if let bytes = isQuestion ? capabilities : answer(Array(request)) {
      #expect(responder.respond(FixedBytes(bytes.span)!, on: &channel))
    }
    return true
  }

  /// Serves the BMC's interrupt and answers. `false` when it has nothing to do.
  mutating func runBMC() -> Bool {
    let served = responder.service(&channel)
    return answerRequest() || served
  }

  /// Runs both until the transaction ends, or neither can go on.
  mutating func run() -> HostEvent {
    while true {
      let event = runHost()
      guard case .waiting = event else { return event }
      guard runBMC() else { return event }
    }
  }

  /// Runs both, with time passing as the host asks, until the transaction ends.
  mutating func runToTheEnd() -> HostEvent {
    while true {
      let event = run()
      guard case .waiting(let end) = event else { return event }
      #expect(end > now)
      now = end
    }
  }

  /// One whole transaction, as bytes.
  mutating func transact(_ request: Message) -> [UInt8]? {
    guard host.start(request), runToTheEnd() == .complete else { return nil }
    return host.response.map { Array($0.bytes) }
  }
}
