import IPMI
import TestSupport
import Testing

@testable import SystemInterfaces

@Suite struct BTTransferTests {
  /// Length bytes 3 to 63 to the BMC, 4 to 63 back.
  @Test func everyRequestLengthArrivesAndComesBack() {
    var pair = BTPair()
    for count in 2...62 {
      let request = Message.pattern(count)
      let response = pair.transact(request)
      #expect(pair.received.last == Array(request.bytes))
      #expect(response == [0x1C, 0x01, 0x00] + Array(request.bytes).dropFirst(2).prefix(59))
      #expect(pair.channel.pointers.hostWrite == count + 2)
      #expect(pair.channel.control == [], "the link is at rest")
      #expect(pair.channel.events.rawValue & 0x0F00 == 0, "no overflow")
    }
    #expect(pair.received.count == 61 && pair.questions == 1)
  }

  @Test func everyResponseLengthComesBack() {
    var pair = BTPair()
    for count in 3...62 {
      let expected = [0x1C, 0x01] + (2..<count).map { UInt8(truncatingIfNeeded: $0 &* 5) }
      pair.answer = { _ in expected }
      #expect(pair.transact(Message(.getDeviceID)) == expected)
    }
  }

  @Test(arguments: [63, 64, 300]) func aRequestThatDoesNotFitIsAnsweredC8(count: Int) {
    var pair = BTPair.asked
    let before = pair.channel.pointers
    #expect(pair.transact(.pattern(count)) == [0x1C, 0x01, 0xC8])
    #expect(pair.channel.pointers == before && pair.received.isEmpty)
    #expect(pair.transact(.pattern(4))?.count == 5)
  }

  @Test(arguments: [63, 64, 300]) func aResponseThatDoesNotFitBecomesCA(count: Int) {
    var pair = BTPair()
    pair.answer = { _ in [0x1C, 0x01] + [UInt8](repeating: 0, count: count - 2) }
    #expect(pair.transact(Message(.getDeviceID)) == [0x1C, 0x01, 0xCA])
  }

  /// The accesses for one transaction, as the two Linux drivers make them.
  @Test func theTraceIsLinuxs() {
    var pair = BTPair.asked
    var traced = TracedBT(channel: pair.channel)
    pair.host.start(Message(.getDeviceID))
    while true {
      let event = pair.host.event(on: &traced, now: 0)
      if event == .complete { break }
      guard case .waiting = event else { continue }
      guard pair.responder.service(&traced) else { break }
      if pair.responder.takeRequest() != nil {
        pair.responder.respond([0x1C, 0x01, 0x00], on: &traced)
      }
    }
    #expect(
      traced.accesses == [
        "H ctl 01", "H dat 03", "H dat 18", "H dat 02", "H dat 01", "H ctl 04",
        "B ctl 80", "B ctl 04", "B ctl 02",
        "B dat 03", "B dat 18", "B dat 02", "B dat 01", "B ctl 80",
        "B ctl 01", "B out 04", "B out 1C", "B out 02", "B out 01", "B out 00", "B ctl 08",
        "H ctl 40", "H ctl 08", "H ctl 02",
        "H in 04", "H in 1C", "H in 02", "H in 01", "H in 00", "H ctl 40",
      ])
  }

  // MARK: Races

  /// The host acts as far as it can between any two accesses of the BMC.
  @Test func theHostMayRunBetweenAnyTwoAccessesOfTheBMC() {
    var races = 0
    for access in 0... {
      var pair = BTPair.asked
      pair.host.start(.pattern(5))
      guard case .waiting = pair.runHost() else { break }
      var racing = RacingBMC(pair: pair, access: access)
      pair.responder.service(&racing)
      if pair.responder.takeRequest() != nil {
        pair.responder.respond([0x1C, 0x01, 0x00, 0x77], on: &racing)
      }
      let responder = pair.responder
      pair = racing.pair
      pair.responder = responder
      if !racing.hasRaced { break }
      races += 1
      var event = racing.event
      if case .waiting = event { event = pair.run() }
      #expect(event == .complete, "before access \(access)")
      #expect(pair.host.response.map { Array($0.bytes) } == [0x1C, 0x01, 0x00, 0x77])
      #expect(pair.channel.control == [])
      #expect(pair.transact(.pattern(9))?.count == 10)
    }
    // 8 for the frame of 7 bytes with its length, 8 around it, 9 for the response.
    #expect(races > 20)
  }

  /// The BMC acts as far as it can between any two accesses of the host.
  @Test func theBMCMayRunBetweenAnyTwoAccessesOfTheHost() {
    var races = 0
    for access in 0... {
      var racing = RacingHost(pair: .asked, access: access)
      var host = racing.pair.host
      host.start(.pattern(5))
      var event = HostEvent.progressed
      while true {
        event = host.event(on: &racing, now: 0)
        if event == .progressed { continue }
        guard case .waiting = event, racing.pair.runBMC() else { break }
      }
      if !racing.hasRaced { break }
      races += 1
      #expect(event == .complete, "before access \(access)")
      #expect(host.response?.count == 6)
      racing.pair.host = host
      _ = racing.pair.run()
      #expect(racing.pair.channel.control == [])
      #expect(racing.pair.transact(.pattern(9))?.count == 10)
      #expect(racing.pair.received.count == 2)
    }
    // 9 for the frame of 7 bytes, 10 for that of 8, and the looks at BT_CTRL between them.
    #expect(races > 25)
  }

  /// A response waits for both flags, in whichever order the host lets them fall.
  @Test(arguments: [[BTControl.hostBusy, .bmcToHostAttention], [.bmcToHostAttention, .hostBusy]])
  func aResponseWaitsForHBUSYAndB2HATN(order: [BTControl]) {
    var pair = BTPair()
    pair.channel.hostWriteControl(.hostBusy)
    pair.channel.bmcWriteControl(.bmcToHostAttention)
    for byte in [0x03, 0x18, 0x07, 0x01] as [UInt8] { pair.channel.hostWriteData(byte) }
    pair.channel.hostWriteControl(.hostToBMCAttention)
    #expect(pair.runBMC() == true)
    for flag in order {
      #expect(pair.runBMC() == false)
      #expect(pair.channel.pointers.bmcWrite == 0)
      pair.channel.hostWriteControl(flag)
      #expect(pair.channel.control.isDisjoint(with: flag))
    }
    #expect(pair.runBMC() == true)
    #expect(pair.channel.control == .bmcToHostAttention)
    #expect((0..<5).map { _ in pair.channel.hostReadData() } == [0x04, 0x1C, 0x07, 0x01, 0x00])
  }

  @Test func theHostWaitsWhileTheBMCIsBusyOutOfReset() {
    var pair = BTPair()
    pair.channel = BTChannel()
    pair.channel.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer]
    pair.responder = BTResponder()
    pair.host.start(.pattern(4))
    guard case .waiting = pair.run() else {
      Issue.record("the host does not wait")
      return
    }
    #expect(pair.channel.pointers.hostWrite == 0 && pair.channel.control == .bmcBusy)
    pair.responder.open(on: &pair.channel)
    #expect(pair.run() == .complete)
    #expect(pair.received.count == 1)
  }

  /// A request that is announced again, and not written again, is read again from its start.
  @Test func aRequestAnnouncedAgainIsStillThere() {
    var pair = BTPair.asked
    pair.host.start(.pattern(6))
    _ = pair.runHost()
    // The BMC takes it, and is gone.
    #expect(pair.responder.service(&pair.channel) == true)
    let before = pair.channel.pointers
    for _ in 0..<3 {
      pair.responder = BTResponder()
      pair.responder.open(on: &pair.channel)
      #expect(pair.runBMC() == false)
      pair.channel.hostWriteControl(.hostToBMCAttention)
      #expect(pair.responder.service(&pair.channel) == true)
      #expect(pair.channel.pointers == before)
    }
    #expect(pair.responder.takeRequest().map { Array($0) } == Array(Message.pattern(6).bytes))
    #expect(pair.responder.respond([0x1C, 0x01, 0x00], on: &pair.channel) == true)
    #expect(pair.run() == .complete)
    #expect(pair.host.response?.count == 3)
  }

  // MARK: Either side goes away

  /// Runs `steps` steps of either side; `false` where the transaction ends before.
  private func run(_ pair: inout BTPair, steps: Int) -> Bool {
    var taken = 0
    while taken < steps {
      switch pair.host.event(on: &pair.channel, now: pair.now) {
      case .progressed: break
      case .waiting: guard pair.runBMC() else { return false }
      default: return false
      }
      taken += 1
    }
    return true
  }

  @Test(arguments: [true, false]) func aHostThatGivesUpAtAnyStepRecovers(hasAsked: Bool) {
    for steps in 0... {
      var pair = hasAsked ? BTPair.asked : BTPair()
      pair.host.start(.pattern(5))
      guard run(&pair, steps: steps) else {
        #expect(steps > 6)
        break
      }
      pair.host.abort()
      #expect(pair.run() == .failed, "after \(steps) steps")
      #expect(pair.host.isIdle && pair.host.response == nil)
      #expect(pair.transact(.pattern(7))?.count == 8, "after \(steps) steps")
      #expect(pair.received.last == Array(Message.pattern(7).bytes))
      #expect(pair.questions == 1 || steps == 0)
    }
  }

  /// The host is gone after every step, and another one starts.
  @Test func aHostThatIsReplacedAtAnyStepRecovers() {
    for steps in 0... {
      var pair = BTPair.asked
      pair.host.start(.pattern(5))
      guard run(&pair, steps: steps) else { break }
      pair.host = BTHost()
      #expect(pair.transact(.pattern(7))?.count == 8, "after \(steps) steps")
    }
  }

  /// The BMC is reset after every step, its registers survive or do not.
  @Test(arguments: [true, false]) func aBMCThatIsResetAtAnyStepGetsTheRequestAgain(
    registersSurvive: Bool
  ) {
    for steps in 0... {
      var pair = BTPair.asked
      pair.host.start(.pattern(5))
      guard run(&pair, steps: steps) else {
        #expect(steps > 6)
        break
      }
      var event = HostEvent.progressed
      if !registersSurvive {
        let enables = pair.channel.enables
        pair.channel = BTChannel()
        // Until its driver runs, nothing is decoded.
        event = pair.runHost()
        pair.channel.enables = enables
      }
      pair.responder = BTResponder()
      pair.responder.open(on: &pair.channel)
      if event != .complete { event = pair.runToTheEnd() }
      #expect(event == .complete, "after \(steps) steps")
      let code = pair.host.response?.completionCode
      // A response that is read while the registers vanish has no length.
      #expect(code == .success || !registersSurvive && code == .requestTruncated)
      #expect(pair.now <= BTHost.defaultTimeout)
      #expect(pair.transact(.pattern(9))?.count == 10)
    }
  }

  // MARK: The responder

  @Test func aClosedResponderKeepsTheHostOut() {
    var pair = BTPair()
    for _ in 0..<2 {
      pair.responder.close(on: &pair.channel)
      #expect(pair.channel.control.contains(.bmcBusy))
      pair.channel.hostWriteControl(.hostToBMCAttention)
      #expect(pair.responder.service(&pair.channel) == false)
    }
    for _ in 0..<2 {
      pair.responder.open(on: &pair.channel)
      #expect(pair.channel.control == .hostToBMCAttention)
    }
  }

  @Test(arguments: 0...2 as ClosedRange<UInt8>) func aFrameTooShortIsDropped(length: UInt8) {
    var pair = BTPair()
    for byte in [length, 0x18, 0x01, 0x01] { pair.channel.hostWriteData(byte) }
    pair.channel.hostWriteControl(.hostToBMCAttention)
    #expect(pair.runBMC() == true)
    #expect(pair.received.isEmpty && pair.channel.control == [])
    #expect(pair.transact(.pattern(4))?.count == 5)
  }

  /// What cannot be in the buffer is not read, and the host is told.
  @Test func aFrameTooLongIsAnsweredC6() {
    for length in UInt8(64)...255 {
      var pair = BTPair()
      for byte in [length, 0x18, 0x5A, 0x01] { pair.channel.hostWriteData(byte) }
      for byte in UInt8(0)..<100 { pair.channel.hostWriteData(byte) }
      pair.channel.hostWriteControl(.hostToBMCAttention)
      #expect(pair.runBMC() == true)
      #expect(pair.received.isEmpty && pair.channel.control == .bmcToHostAttention)
      #expect((0..<5).map { _ in pair.channel.hostReadData() } == [0x04, 0x1C, 0x5A, 0x01, 0xC6])
    }
  }

  @Test func aResponderWithLessRoomAnswersC6() {
    var channel = BTPair().channel
    var responder = BTResponder<8>()
    responder.open(on: &channel)
    for byte in [10, 0x18, 0x5A, 0x01, 1, 2, 3, 4, 5, 6, 7] as [UInt8] {
      channel.hostWriteData(byte)
    }
    channel.hostWriteControl(.hostToBMCAttention)
    #expect(responder.service(&channel) == true)
    #expect((0..<5).map { _ in channel.hostReadData() } == [0x04, 0x1C, 0x5A, 0x01, 0xC6])
  }

  @Test func aLateAnswerIsRefused() {
    var pair = BTPair.asked
    pair.answer = { _ in nil }
    pair.host.start(Message(.getDeviceID))
    _ = pair.run()
    pair.host.abort()
    _ = pair.run()
    pair.host.start(Message(.getSelfTestResults))
    _ = pair.runHost()
    #expect(pair.responder.service(&pair.channel) == true)
    let accepted = pair.responder.respond([0x1C, 0x01, 0x00], on: &pair.channel)
    #expect(!accepted)
    pair.answer = { _ in [0x1C, 0x04, 0x00] }
    #expect(pair.answerRequest() == true)
    #expect(pair.run() == .complete)
    let acceptedLater = pair.responder.respond([0x1C, 0x01, 0x00], on: &pair.channel)
    #expect(!acceptedLater)
  }

  @Test(arguments: [0, 1, 2]) func aResponseTooShortIsRefused(count: Int) {
    var pair = BTPair.asked
    pair.host.start(Message(.getDeviceID))
    _ = pair.runHost()
    pair.responder.service(&pair.channel)
    #expect(pair.responder.takeRequest() != nil)
    let bytes = [UInt8](repeating: 0, count: count)
    let accepted = pair.responder.respond(FixedBytes(bytes.span)!, on: &pair.channel)
    #expect(!accepted && pair.channel.control == [])
  }

  // MARK: Bad input

  /// Any access by either side, and then a transaction: the link is never stuck.
  @Test func randomAccessesNeverBlockTheChannel() {
    var random = SplitMix64(seed: 0x4254)
    var pair = BTPair()
    for round in 0..<3_000 {
      for _ in 0..<40 {
        let draw = random.next()
        let byte = UInt8(truncatingIfNeeded: draw >> 8)
        switch draw & 15 {
        case 0, 1: pair.channel.hostWriteControl(BTControl(rawValue: byte))
        case 2, 3: pair.channel.bmcWriteControl(BTControl(rawValue: byte))
        case 4: pair.channel.hostWriteData(byte)
        case 5: pair.channel.bmcWriteData(byte)
        case 6: _ = pair.channel.hostReadData()
        case 7: _ = pair.channel.bmcReadData()
        case 8: pair.channel.hostWriteInterruptMask(BTInterruptMask(rawValue: byte))
        case 9: pair.channel.bmcWriteInterruptMask(BTInterruptMask(rawValue: byte))
        case 10: _ = pair.host.start(.pattern(2 + Int(byte % 80)))
        case 11: if byte & 7 == 0 { pair.host.abort() }
        case 12: _ = pair.runHost()
        case 13: _ = pair.runBMC()
        case 14: pair.now += draw >> 40
        default: pair.channel.enables = BTChannel.Enables(rawValue: byte & 0b1101)
        }
        let pointers = pair.channel.pointers
        #expect(
          max(pointers.hostRead, pointers.hostWrite, pointers.bmcRead, pointers.bmcWrite) <= 64)
      }
      pair.channel.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer]
      pair.responder = BTResponder()
      pair.responder.open(on: &pair.channel)
      if !pair.host.isIdle { pair.host.abort() }
      for _ in 0..<4 where pair.run() != .idle {}
      pair.channel.hostWriteControl(.smsAttention)
      #expect(pair.transact(.pattern(4))?.count == 5, "round \(round), \(random)")
    }
  }
}
