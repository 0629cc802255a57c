import IPMI
import Testing

@testable import SystemInterfaces

/// Host and responder over one channel, run in lockstep: host until it waits, then the BMC.
struct KCSPair {
  var channel = KCSChannel()
  var host = KCSHost()
  var responder = KCSResponder<300>()
  var now: UInt64 = 0
  /// Requests as the BMC got them.
  var received: [FixedBytes<300>] = []
  /// What the BMC answers; `nil`: nothing.
  var answer: (FixedBytes<300>) -> [UInt8]? = { request in
    [request[0] | 4, request[1], 0] + Array(request).dropFirst(2)
  }

  init() {
    channel.enables = .hostDecode
  }

  /// Runs the host until it waits or ends.
  mutating func runHost() -> HostEvent {
    var event = host.event(on: &channel, now: now)
    while event == .progressed { event = host.event(on: &channel, now: now) }
    return event
  }

  /// Serves one interrupt of the BMC, and answers a complete request.
  mutating func runBMC() -> Bool {
    let served = responder.service(&channel)
    if let request = responder.takeRequest() {
      received.append(request)
      if let bytes = answer(request) {
        #expect(responder.respond(FixedBytes(bytes.span)!, on: &channel))
      }
    }
    return served
  }

  /// Runs both until the transaction ends, or neither can go on.
  mutating func run() -> HostEvent {
    while true {
      let event = runHost()
      guard case .waiting = event else { return event }
      guard runBMC() else { return event }
    }
  }

  /// Runs both until the BMC has served `count` interrupts and the host waits for the next.
  mutating func runInterrupts(_ count: Int) {
    for _ in 0..<count {
      guard case .waiting = runHost(), runBMC() else {
        Issue.record("the transaction has fewer than \(count) interrupts")
        return
      }
    }
    guard case .waiting = runHost() else {
      Issue.record("the transaction is over after \(count) interrupts")
      return
    }
  }

  /// One whole transaction, as bytes.
  mutating func transact(_ request: Message) -> [UInt8]? {
    guard host.start(request), run() == .complete else { return nil }
    _ = runBMC()
    return host.response.map { Array($0.bytes) }
  }
}

extension [UInt8] {
  init<let capacity: Int>(_ bytes: FixedBytes<capacity>) {
    self = (0..<bytes.count).map { bytes[$0] }
  }
}

extension Message {
  /// A request of `count` bytes with recognisable content.
  static func pattern(_ count: Int) -> Message {
    let bytes = [0x18, 0x01] + (2..<max(count, 2)).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    return Message(bytes.span)!
  }
}

@Suite struct KCSTransferTests {
  @Test func everyRequestLengthArrivesAndComesBack() {
    for count in 2...Message.capacity - 1 {
      var pair = KCSPair()
      let request = Message.pattern(count)
      let response = pair.transact(request)
      #expect(pair.received.map { Array($0) } == [Array(request.bytes)])
      #expect(response == [0x1C, 0x01, 0x00] + Array(request.bytes).dropFirst(2))
      #expect(pair.channel.str.state == .idle)
    }
  }

  @Test func everyResponseLengthComesBack() {
    for count in 3...Message.capacity {
      var pair = KCSPair()
      let expected = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
      pair.answer = { _ in expected }
      #expect(pair.transact(Message(.getDeviceID)) == expected)
    }
  }

  @Test func transactionsFollowEachOtherOnOneChannel() {
    var pair = KCSPair()
    for count in [2, 3, 299, 2, 40, 2] {
      #expect(pair.transact(.pattern(count))?.count == count + 1)
    }
    #expect(pair.received.count == 6)
  }

  /// The sequence of bus cycles for Get Device ID, as the two Linux drivers produce it.
  @Test func theTraceIsLinuxs() {
    var traced = TracedKCS()
    var host = KCSHost()
    var responder = KCSResponder<300>()
    host.start(Message(.getDeviceID))
    while true {
      let event = host.event(on: &traced, now: 0)
      if event == .complete { break }
      guard case .waiting = event else { continue }
      guard responder.service(&traced) || responder.takeRequest() != nil else { break }
      if let request = responder.takeRequest() {
        #expect(Array(request) == [0x18, 0x01])
        responder.respond([0x1C, 0x01, 0x00], on: &traced)
      }
    }
    #expect(
      traced.writes == [
        "H cmd 61", "B str 8A", "B odr 00", "B idr 61",
        "H dat 18", "B odr 00", "B idr 18",
        "H cmd 62", "B odr 00", "B idr 62",
        "H dat 01", "B str 42", "B idr 01", "B odr 1C",
        "H dat 68", "B idr 68", "B odr 01",
        "H dat 68", "B idr 68", "B odr 00",
        "H dat 68", "B str 02", "B idr 68", "B odr 00",
      ])
  }

  /// The host acts as far as it can between any two accesses of the BMC. Before the last but one it
  /// finds IDLE, and ends without the dummy byte, which the next transaction reads away.
  @Test func theHostMayRunBetweenAnyTwoAccessesOfTheBMC() {
    var early = 0
    var races = 0
    for access in 0... {
      var pair = KCSPair()
      pair.host.start(.pattern(5))
      var racing = RacingKCS(pair: pair, access: access)
      var event = HostEvent.progressed
      while event != .complete {
        event = racing.pair.runHost()
        guard case .waiting = event else { break }
        guard pair.responder.service(&racing) else { break }
        if pair.responder.takeRequest() != nil {
          pair.responder.respond([0x1C, 0x01, 0x00, 0x77], on: &racing)
        }
        if racing.event == .complete { event = .complete }
      }
      guard racing.hasRaced else { break }
      races += 1
      #expect(event == .complete, "before access \(access)")
      pair.channel = racing.pair.channel
      pair.host = racing.pair.host
      #expect(pair.host.response.map { Array($0.bytes) } == [0x1C, 0x01, 0x00, 0x77])
      if racing.event == .complete, pair.channel.str == .outputBufferFull { early += 1 }
      #expect(pair.transact(.pattern(9))?.count == 10, "before access \(access)")
    }
    // Seven bytes of the request and four READs, of two accesses at least, and STR before them.
    #expect(races > 30)
    #expect(early > 0)
  }

  /// The host gives up after every number of steps; the link works afterwards.
  @Test func aHostThatAbortsAtAnyPointRecovers() {
    var points = 0
    for steps in 0... {
      var pair = KCSPair()
      pair.host.start(.pattern(5))
      var taken = 0
      var ended = false
      while taken < steps, !ended {
        switch pair.host.event(on: &pair.channel, now: 0) {
        case .progressed: taken += 1
        case .waiting: ended = !pair.runBMC()
        default: ended = true
        }
      }
      if ended { break }
      points += 1
      pair.host.abort()
      #expect(pair.run() == .failed, "abort after \(steps) steps")
      #expect(pair.host.response == nil)
      #expect(pair.transact(.pattern(7))?.count == 8, "after an abort after \(steps) steps")
    }
    // 61h, four bytes, 62h, the last byte, and 68h for each of six; before and after each.
    #expect(points == 14)
  }

  /// The BMC gives up after every number of interrupts; the host sends the request again.
  @Test func aBMCThatAbortsAtAnyPointGetsTheRequestAgain() {
    for interrupts in 0..<13 {
      var pair = KCSPair()
      pair.host.start(.pattern(5))
      pair.runInterrupts(interrupts)
      pair.responder.forceAbort(on: &pair.channel)
      #expect(pair.run() == .complete, "abort after \(interrupts) interrupts")
      #expect(pair.host.response.map { $0.count } == 6)
    }
  }

  /// The BMC is reset after every number of interrupts: its registers survive, its state does not.
  @Test func aBMCThatIsResetAtAnyPointGetsTheRequestAgain() {
    for interrupts in 0..<13 {
      var pair = KCSPair()
      pair.host.start(.pattern(5))
      pair.runInterrupts(interrupts)
      pair.responder = KCSResponder<300>()
      var event = pair.run()
      if case .waiting(let end) = event {
        // Nothing is in IDR: the host has to find out by its time-out.
        pair.now = end
        event = pair.run()
      }
      #expect(event == .complete, "reset after \(interrupts) interrupts")
      #expect(pair.transact(.pattern(9))?.count == 10)
    }
  }

  @Test func aLateAnswerIsRefused() {
    var pair = KCSPair()
    pair.answer = { _ in nil }
    pair.host.start(Message(.getDeviceID))
    _ = pair.run()
    pair.host.abort()
    #expect(pair.run() == .failed)
    let accepted = pair.responder.respond([0x1C, 0x01, 0x00], on: &pair.channel)
    #expect(!accepted)
    pair.answer = { _ in [0x1C, 0x02, 0x00] }
    #expect(pair.transact(Message(.coldReset)) == [0x1C, 0x02, 0x00])
    let acceptedLater = pair.responder.respond([0x1C, 0x01, 0x00], on: &pair.channel)
    #expect(!acceptedLater)
  }

  @Test func aSilentBMCMakesTheTransactionFailAfterTenRetries() {
    var pair = KCSPair()
    pair.host.start(Message(.getDeviceID))
    var waits = 0
    while case .waiting(let end) = pair.runHost() {
      #expect(end - pair.now == KCSHost.byteTimeout)
      pair.now = end
      waits += 1
    }
    #expect(waits == 11)
    #expect(pair.host.isIdle)
    // The BMC comes back, finds the byte, and the link works.
    #expect(pair.transact(.pattern(4))?.count == 5)
  }

  /// Where nobody has the BMC's device open: ERROR and a byte in ODR, as its last user left them,
  /// and IBF is never cleared.
  @Test func withoutADaemonEveryTryTakesFiveSeconds() {
    var pair = KCSPair()
    pair.responder.forceAbort(on: &pair.channel)
    var status = KCSStatus.outputBufferFull
    status.state = .error
    #expect(pair.channel.str == status && pair.channel.odr == 0)
    pair.host.start(Message(.getDeviceID))
    var waits: [UInt64] = []
    while case .waiting(let end) = pair.runHost() {
      waits.append(end - pair.now)
      pair.now = end
      #expect(pair.channel.str.contains(.inputBufferFull))
      #expect(pair.channel.idr == 0x60, "error recovery comes first")
    }
    #expect(waits == Array(repeating: KCSHost.byteTimeout, count: KCSHost.maximumRetries))
    #expect(pair.host.isIdle && pair.host.response == nil)
    // A daemon opens it: nothing is reset, and the byte that waits is the first it serves.
    pair.responder = KCSResponder<300>()
    #expect(pair.transact(.pattern(4))?.count == 5)
  }

  /// GET_STATUS/ABORT ends with a dummy byte: without it the host starts again after five seconds.
  @Test func anAbortWithoutItsDummyByteIsTriedAgain() {
    var pair = KCSPair()
    pair.host.start(.pattern(5))
    pair.runInterrupts(3)
    pair.host.abort()
    // The byte that was there, 60h and 00h; then the 68h that asks for the dummy byte.
    pair.runInterrupts(3)
    #expect(pair.runBMC() == true)
    #expect(pair.channel.str == .outputBufferFull && pair.channel.odr == 0)
    pair.channel.bmcClearOutputBufferFull()
    guard case .waiting(let end) = pair.run() else {
      Issue.record("the host does not wait for the dummy byte")
      return
    }
    #expect(end - pair.now == KCSHost.byteTimeout)
    pair.now = end
    #expect(pair.run() == .failed)
    #expect(pair.transact(.pattern(7))?.count == 8)
  }

  @Test func aResponseWithoutACompletionCodeGetsFF() {
    var channel = KCSChannel()
    channel.enables = .hostDecode
    var host = KCSHost()
    host.start(Message(.getDeviceID))
    // A BMC that goes idle after two bytes.
    for (state, output) in [
      (KCSState.write, nil), (.write, nil), (.write, nil), (.read, UInt8(0x1C)), (.read, 0x01),
      (.idle, 0),
    ] {
      while host.event(on: &channel, now: 0) == .progressed {}
      var status = channel.bmcReadStatus()
      status.state = state
      channel.bmcWriteStatus(status)
      _ = channel.bmcReadData()
      if let output { channel.bmcWriteData(output) }
    }
    while host.event(on: &channel, now: 0) == .progressed {}
    #expect(host.response.map { Array($0.bytes) } == [0x1C, 0x01, 0xFF])
  }

  @Test func anOverlongResponseIsCutAndMarkedC6() {
    var channel = KCSChannel()
    channel.enables = .hostDecode
    var host = KCSHost()
    var responder = KCSResponder<1000>()
    let long = [UInt8](repeating: 0, count: 400)
    host.start(Message(.getDeviceID))
    while true {
      let event = host.event(on: &channel, now: 0)
      if event == .complete { break }
      guard case .waiting = event else { continue }
      responder.service(&channel)
      if responder.takeRequest() != nil {
        #expect(responder.respond(FixedBytes(long.span)!, on: &channel))
      }
    }
    #expect(host.response?.count == 300)
    #expect(host.response?.bytes[2] == 0xC6)
  }
}

/// The BMC's registers, with a host that acts as far as it can before one of the accesses.
struct RacingKCS: KCSBMCRegisters {
  var pair: KCSPair
  let access: Int
  /// How far the host came.
  var event = HostEvent.progressed
  private var accesses = 0

  init(pair: KCSPair, access: Int) {
    self.pair = pair
    self.access = access
  }

  var hasRaced: Bool { accesses > access }

  private mutating func count() {
    if accesses == access { event = pair.runHost() }
    accesses += 1
  }

  mutating func bmcReadStatus() -> KCSStatus {
    count()
    return pair.channel.bmcReadStatus()
  }
  mutating func bmcWriteStatus(_ value: KCSStatus) {
    count()
    pair.channel.bmcWriteStatus(value)
  }
  mutating func bmcReadData() -> UInt8 {
    count()
    return pair.channel.bmcReadData()
  }
  mutating func bmcWriteData(_ value: UInt8) {
    count()
    pair.channel.bmcWriteData(value)
  }
}

/// A channel that writes down every access that changes something.
struct TracedKCS: KCSHostRegisters, KCSBMCRegisters {
  var channel: KCSChannel
  var writes: [String] = []

  init() {
    channel = KCSChannel()
    channel.enables = .hostDecode
  }

  private mutating func log(_ what: String, _ value: UInt8) {
    let hex = String(value, radix: 16, uppercase: true)
    writes.append(what + " " + (hex.count == 1 ? "0" : "") + hex)
  }

  mutating func hostReadStatus() -> KCSStatus { channel.hostReadStatus() }
  mutating func hostReadData() -> UInt8 { channel.hostReadData() }
  mutating func hostWriteData(_ value: UInt8) {
    log("H dat", value)
    channel.hostWriteData(value)
  }
  mutating func hostWriteCommand(_ value: UInt8) {
    log("H cmd", value)
    channel.hostWriteCommand(value)
  }
  mutating func bmcReadStatus() -> KCSStatus { channel.bmcReadStatus() }
  mutating func bmcWriteStatus(_ value: KCSStatus) {
    channel.bmcWriteStatus(value)
    log("B str", channel.bmcReadStatus().rawValue)
  }
  mutating func bmcReadData() -> UInt8 {
    let value = channel.bmcReadData()
    log("B idr", value)
    return value
  }
  mutating func bmcWriteData(_ value: UInt8) {
    log("B odr", value)
    channel.bmcWriteData(value)
  }
}
