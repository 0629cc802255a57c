import IPMI
import TestSupport
import Testing

@testable import SystemInterfaces

/// Host against target over one bus.
@Suite struct SSIFTransferTests {
  @Test(arguments: [false, true]) func everyRequestLengthArrivesAndComesBack(withPEC: Bool) {
    var pair = SSIFPair(withPEC: withPEC)
    for count in 2...254 {
      let request = Message.pattern(count)
      let response = pair.transact(request)
      #expect(pair.received.last == Array(request.bytes))
      #expect(response == [0x1C, 0x01, 0x00] + Array(request.bytes).dropFirst(2).prefix(251))
    }
    #expect(pair.received.count == 253, "each arrived once")
    #expect(pair.host.requestEnd == .endCommand)
  }

  @Test(arguments: [false, true]) func everyResponseLengthComesBack(withPEC: Bool) {
    var pair = SSIFPair(withPEC: withPEC)
    for count in 3...254 {
      let expected =
        [0x1C, 0x01, 0x00] + (3..<max(count, 3)).map { UInt8(truncatingIfNeeded: $0 &* 5) }
      pair.answer = { _ in expected }
      #expect(pair.transact(Message(.getDeviceID)) == expected)
    }
  }

  @Test(arguments: [255, 300]) func aRequestThatDoesNotFitIsAnsweredC8(count: Int) {
    var pair = SSIFPair.asked()
    #expect(pair.transact(.pattern(count)) == [0x1C, 0x01, 0xC8])
    #expect(pair.received.isEmpty)
    #expect(pair.transact(.pattern(4))?.count == 5)
  }

  /// A BMC that says it takes 255 bytes, and does not: the write fails, nothing else.
  @Test func aBMCThatPromisesTooMuchGetsTheNextRequest() {
    var pair = SSIFPair()
    pair.capabilities.requestCapacity = 255
    #expect(pair.transact(.pattern(255)) == nil)
    #expect(pair.transact(.pattern(254))?.count == 254)
  }

  @Test(arguments: [255, 300]) func aResponseThatDoesNotFitBecomesCA(count: Int) {
    var pair = SSIFPair()
    pair.answer = { _ in [0x1C, 0x01] + [UInt8](repeating: 0, count: count - 2) }
    #expect(pair.transact(Message(.getDeviceID)) == [0x1C, 0x01, 0xCA])
  }

  /// With and without SMBALERT#, however long the BMC takes within its time.
  @Test(arguments: [false, true]) func aSlowBMCIsWaitedFor(hasAlert: Bool) {
    for delay in [0, 1, 4, 5, 6, 65, 300, 499] as [UInt64] {
      var pair = SSIFPair.asked()
      if !hasAlert { pair.target.enables.remove(.alert) }
      pair.delay = delay * 1_000_000
      let start = pair.now
      #expect(pair.transact(.pattern(50))?.count == 51)
      #expect(pair.received.count == 1)
      let taken = pair.now - start
      #expect(taken >= pair.delay)
      // With the alert at once; without it at the next try.
      #expect(taken <= pair.delay + (hasAlert ? 1 : 60_000_000))
    }
  }

  /// Longer than 500 ms: the BMC gives the request up, refuses its own answer, and the next request
  /// is understood.
  @Test func aBMCThatIsTooSlowLosesTheRequestAndNotTheLink() {
    var pair = SSIFPair.asked()
    pair.delay = 600_000_000
    #expect(pair.transact(.pattern(50)) == nil)
    pair.delay = 0
    #expect(pair.transact(.pattern(40))?.count == 41)
    pair.delay = 600_000_000
    pair.target.responseTimeout = 4_000_000_000
    #expect(pair.transact(.pattern(50))?.count == 51)
  }

  @Test func aSilentBMCMakesTheTransactionFail() {
    var pair = SSIFPair.asked()
    pair.answer = { _ in nil }
    let start = pair.now
    #expect(pair.transact(.pattern(50)) == nil)
    #expect(pair.now - start == 5_000_000 + 249 * 60_000_000)
    pair.answer = { _ in [0x1C, 0x01, 0x00] }
    #expect(pair.transact(.pattern(50)) == [0x1C, 0x01, 0x00])
  }

  @Test func anAbsentBMCMakesTheTransactionFail() {
    var pair = SSIFPair()
    pair.target.enables = []
    #expect(pair.transact(.pattern(50)) == nil)
    #expect(pair.host.isIdle)
    #expect(pair.host.capabilities == nil, "it is asked again")
    pair.target.enables = [.address, .alert]
    #expect(pair.transact(.pattern(50))?.count == 51)
  }

  // MARK: Either side goes away

  /// Runs `steps` steps of either side; `false` where the transaction ends before.
  private func run(_ pair: inout SSIFPair, steps: Int) -> Bool {
    for _ in 0..<steps {
      switch pair.host.event(on: &pair.target, now: pair.now) {
      case .progressed: break
      case .waiting(let end):
        pair.runBMC()
        if !pair.target.alert || pair.host.state == .writeAgain { pair.now = end }
      default: return false
      }
    }
    return true
  }

  @Test(arguments: [false, true]) func aHostThatGivesUpAtAnyStepRecovers(hasAsked: Bool) {
    for steps in 0... {
      var pair = hasAsked ? SSIFPair.asked() : SSIFPair()
      pair.host.start(.pattern(100))
      guard run(&pair, steps: steps) else {
        #expect(steps > 9)
        break
      }
      pair.host.abort()
      #expect(pair.run() == .failed, "after \(steps) steps")
      #expect(pair.host.isIdle && pair.host.response == nil)
      #expect(pair.transact(.pattern(70))?.count == 71, "after \(steps) steps")
      #expect(pair.received.last == Array(Message.pattern(70).bytes))
    }
  }

  /// The host is gone after every step, and another one starts.
  @Test func aHostThatIsReplacedAtAnyStepRecovers() {
    for steps in 0... {
      var pair = SSIFPair.asked()
      pair.host.start(.pattern(100))
      guard run(&pair, steps: steps) else { break }
      pair.host = SSIFHost()
      #expect(pair.transact(.pattern(70))?.count == 71, "after \(steps) steps")
    }
  }

  /// The BMC is reset after every step: the transaction fails or is complete, the link works.
  @Test func aBMCThatIsResetAtAnyStepGetsTheNextRequest() {
    var ended = 0
    for steps in 0... {
      var pair = SSIFPair.asked()
      pair.host.start(.pattern(100))
      guard run(&pair, steps: steps) else { break }
      pair.target = SSIFTarget()
      pair.target.enables = [.address, .alert]
      let event = pair.run()
      #expect(event == .complete || event == .failed, "after \(steps) steps")
      if event == .complete {
        #expect(pair.host.response?.count == 101)
        ended += 1
      }
      #expect(pair.transact(.pattern(70))?.count == 71, "after \(steps) steps")
    }
    // Before the request was whole it is written again.
    #expect(ended >= 3)
  }

  // MARK: Attention

  @Test func attentionIsToldByTheAlert() {
    var pair = SSIFPair.asked()
    #expect(pair.runHost() == .idle)
    #expect(SSIFHost.attention(on: pair.target) == false)
    pair.target.setAttention(true)
    #expect(SSIFHost.attention(on: pair.target) == true)
    #expect(pair.runHost() == .attention)
    #expect(pair.runHost() == .idle)
    #expect(SSIFHost.hostInterruptIsEnabled(on: pair.target) == true)
    pair.target.enables = .address
    #expect(SSIFHost.hostInterruptIsEnabled(on: pair.target) == false)
    pair.target.enables = []
    #expect(SSIFHost.attention(on: pair.target) == false)
  }

  /// Attention while a response is awaited costs one read and no response.
  @Test func attentionDuringATransactionLosesNothing() {
    for steps in 0... {
      var pair = SSIFPair.asked()
      pair.host.start(.pattern(100))
      guard run(&pair, steps: steps) else { break }
      pair.target.setAttention(true)
      #expect(pair.run() == .complete)
      #expect(pair.host.response?.count == 101 && pair.received.count == 1)
    }
  }

  // MARK: Saved states

  /// Both are saved and restored after every step: the transaction ends as it would have.
  @Test func everyMomentComesBack() {
    var moments = 0
    for steps in 0... {
      var pair = SSIFPair()
      pair.host.start(.pattern(100))
      guard run(&pair, steps: steps) else { break }
      let (host, target) = (
        StateBytes(saving: pair.host, now: pair.now), StateBytes(saving: pair.target, now: pair.now)
      )
      pair.host = SSIFHost()
      pair.target = SSIFTarget()
      #expect(StateBytes.restore(&pair.host, from: host.bytes, now: pair.now))
      #expect(StateBytes.restore(&pair.target, from: target.bytes, now: pair.now))
      #expect(pair.run() == .complete, "after \(steps) steps")
      #expect(pair.host.response?.count == 101 && pair.received.count == 1)
      moments += 1
    }
    #expect(moments == 20)
  }

  // MARK: Bad input

  /// Noise on the bus between the steps of a host: it may fail, never hang, and the link works.
  @Test func noiseOnTheBusNeverBlocksTheLink() {
    var random = SplitMix64(seed: 0x4E4F)
    var pair = SSIFPair()
    var completed = 0
    for round in 0..<300 {
      pair.host.start(.pattern(2 + Int(random.next() % 253)))
      loop: for _ in 0..<200 {
        let draw = random.next()
        if draw & 31 == 0 {
          for shift in 1...7 {
            let byte = UInt8(truncatingIfNeeded: draw >> (shift * 8))
            switch byte & 7 {
            case 0: _ = pair.target.start(.write, now: pair.now)
            case 1: _ = pair.target.start(.read, now: pair.now)
            case 2: pair.target.stop(now: pair.now)
            case 3: _ = pair.target.read()
            default: _ = pair.target.write(byte >> 4)
            }
          }
          pair.target.stop(now: pair.now)
        }
        switch pair.host.event(on: &pair.target, now: pair.now) {
        case .progressed: break
        case .waiting(let end):
          pair.runBMC()
          if !pair.target.alert || pair.host.state == .writeAgain { pair.now = end }
        case .complete:
          completed += 1
          break loop
        default: break loop
        }
      }
      if !pair.host.isIdle {
        pair.host.abort()
        _ = pair.run()
      }
      pair.host = SSIFHost()
      #expect(pair.transact(.pattern(60))?.count == 61, "round \(round), \(random)")
    }
    #expect(completed > 50, "\(random)")
  }
}
