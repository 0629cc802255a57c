import IPMI
import SystemInterfaces
import TestSupport
import Testing
import VMProtocol

@testable import IPMIHostBridge

@Suite struct BridgeTests {
  @Test func getDeviceIDMakesTheWholeTrip() {
    var board = Board()
    board.connectQEMU()
    board.send([0x00, 0x18, 0x01, 0xE7, 0xA0])
    #expect(board.wire == [0x00, 0x1C, 0x01, 0x00, 0xE3, 0xA0])
  }

  @Test(arguments: [false, true]) func greetsWithVersionAndAttention(attention: Bool) {
    var board = Board()
    board.firmware.setAttention(attention, on: &board.channel)
    board.connect()
    #expect(board.wire == [0xFF, 0x01, 0xA1, attention ? 0x02 : 0x00, 0xA1])
    board.disconnect()
    board.connect()
    #expect(board.wire == [0xFF, 0x01, 0xA1, attention ? 0x02 : 0x00, 0xA1])
  }

  @Test func attentionIsSentOnceForEachChange() {
    var board = Board()
    board.connectQEMU()
    for isSet in [true, true, false, false, true] {
      board.firmware.setAttention(isSet, on: &board.channel)
      board.settle()
    }
    #expect(
      board.takeEvents() == [
        .control(.attentionWithInterrupt, argument: nil), .control(.clearAttention, argument: nil),
        .control(.attentionWithInterrupt, argument: nil),
      ])
  }

  @Test func attentionPrecedesTheResponseItBelongsTo() {
    var board = Board()
    board.connectQEMU()
    board.firmwareAnswers = false
    board.send(Message(.getMessageFlags), id: 3)
    board.firmware.setAttention(true, on: &board.channel)
    board.firmwareAnswers = true
    board.settle()
    let events = board.takeEvents()
    #expect(events.first == .control(.attentionWithInterrupt, argument: nil))
    #expect(events.count == 2)
  }

  /// The host's interrupts follow what the BMC enables in its registers, once it can.
  @Test func interruptEnableFollowsTheRegisters() {
    var board = Board()
    board.connect()
    _ = board.takeEvents()
    board.send([0x08, 0x3F, 0xA1])
    #expect(board.takeEvents() == [.control(.disableInterrupts, argument: nil)])
    board.channel.enables.insert(.outputBufferFullInterrupt)
    board.settle()
    #expect(board.takeEvents() == [.control(.enableInterrupts, argument: nil)])
    board.disconnect()
    board.connect()
    board.send([0x08, 0x00, 0xA1])
    #expect(board.takeEvents().count == 2, "no interrupt command without the capability")
  }

  @Test func hostControlNeedsTheCapability() {
    let commands: [VMControl] = [.powerOff, .reset, .nmi, .gracefulShutdown, .disableInterface]
    for bits in 0...UInt8(0x7F) {
      var board = Board()
      let early = board.bridge.control(.reset)
      #expect(!early, "nobody is connected")
      board.connect()
      board.send([0x08, bits, 0xA1])
      _ = board.takeEvents()
      for command in commands {
        let allowed = VMCapabilities(rawValue: bits).isSuperset(of: command.requiredCapability)
        let sent = board.bridge.control(command)
        board.settle()
        #expect(sent == allowed)
        #expect(board.takeEvents() == (allowed ? [.control(command, argument: nil)] : []))
      }
    }
  }

  @Test func aHostResetIsReportedOnce() {
    var board = Board()
    board.connectQEMU()
    board.send([0x04, 0xA1])
    let reports = [board.bridge.takeHostReset(), board.bridge.takeHostReset()]
    #expect(reports == [true, false])
  }

  @Test func unknownCommandsAreIgnored() {
    var board = Board()
    board.connectQEMU()
    for code in UInt8(0x0C)..<0xA0 {
      board.send([code, 0xA1])
    }
    #expect(board.takeEvents().isEmpty)
    board.send(Message(.getDeviceID), id: 1)
    #expect(board.takeResponses().count == 1)
  }

  @Test func anOverlongRequestIsAnsweredC6AndNeverReachesTheBMC() {
    var board = Board()
    board.connectQEMU()
    let body = [0x07, 0x18, 0x01] + [UInt8](repeating: 0, count: 400)
    board.send(body + [0 &- body.reduce(0, &+), 0xA0])
    let responses = board.takeResponses()
    #expect(responses.map(\.id) == [7])
    #expect(responses.first?.1.completionCode == .requestTruncated)
    #expect(board.channel.idr == 0 && board.channel.str == [])
  }

  @Test func damagedFramesAreCountedAndCostNothing() {
    var board = Board()
    board.connectQEMU()
    board.send([0x00, 0x18, 0x01, 0xE8, 0xA0, 0x18, 0xA0, 0xAA, 0xA0, 0xA0])
    board.send([0x00, 0x18, 0x01, 0xE7, 0xA0])
    #expect(board.bridge.statistics.rejectedFrames == 3)
    #expect(board.takeResponses().count == 1)
  }

  // MARK: Supervision

  @Test func firmwareThatNeverAnswersIsAnsweredC3AfterThreeSeconds() {
    var board = Board()
    board.connectQEMU()
    board.firmwareAnswers = false
    board.send(Message(.getDeviceID), id: 9)
    board.advance(by: 2_999_999_999)
    #expect(board.takeResponses().isEmpty)
    board.advance(by: 1)
    let responses = board.takeResponses()
    #expect(responses.map(\.id) == [9])
    #expect(responses.first?.1.completionCode == .timeout)
    #expect(board.channel.str.state == .idle, "recovered by GET_STATUS/ABORT")
    board.firmwareAnswers = true
    board.send(Message(.getDeviceID), id: 10)
    #expect(board.takeResponses().map { $0.1.completionCode } == [.success])
  }

  @Test func firmwareThatNeverReadsIsAnsweredC3ThenCEAndComesBack() {
    var board = Board()
    board.connectQEMU()
    board.firmwareRuns = false
    for id in UInt8(0)..<3 {
      board.send(Message(.getDeviceID), id: id)
      board.advance(by: 3_000_000_000)
      let responses = board.takeResponses()
      #expect(responses.map(\.id) == [id])
      #expect(responses.first?.1.completionCode == (id == 0 ? .timeout : .responseNotProvided))
    }
    board.firmwareRuns = true
    board.settle()
    board.send(Message(.getDeviceID), id: 3)
    #expect(board.takeResponses().map { $0.1.completionCode } == [.success])
  }

  /// However long the BMC was away: the byte that waits in IDR is stale, and the link recovers.
  @Test(arguments: [4, 60, 3600] as [UInt64]) func firmwareThatWasAwayComesBack(seconds: UInt64) {
    var board = Board()
    board.connectQEMU()
    board.firmwareRuns = false
    board.send(Message(.getDeviceID), id: 0)
    board.advance(by: seconds * 1_000_000_000)
    _ = board.takeResponses()
    board.firmware = KCSResponder<300>()
    board.firmwareRuns = true
    board.settle()
    board.send(Message(.getDeviceID), id: 1)
    board.advance(by: 3_000_000_000)
    #expect(board.takeResponses().map { $0.1.completionCode } == [.success])
  }

  @Test func aLateAnswerNeverReachesTheWire() {
    var board = Board()
    board.connectQEMU()
    board.firmwareAnswers = false
    board.send(Message(.getDeviceID), id: 1)
    let request = board.firmware.takeRequest()
    #expect(request != nil)
    board.advance(by: 3_000_000_000)
    #expect(board.takeResponses().map(\.id) == [1])
    let accepted = board.firmware.respond([0x1C, 0x01, 0x00], on: &board.channel)
    #expect(!accepted)
    board.advance(by: 60_000_000_000)
    #expect(board.takeResponses().isEmpty)
  }

  @Test func aNewRequestFromAVMReplacesTheOneItGaveUp() {
    var board = Board()
    board.connectQEMU()
    board.firmwareAnswers = false
    board.send(Message(.getDeviceID), id: 1)
    board.send(Message(.getSelfTestResults), id: 2)
    board.firmwareAnswers = true
    board.settle()
    let responses = board.takeResponses()
    #expect(responses.map(\.id) == [2])
    #expect(responses.first?.1.command == .getSelfTestResults)
    #expect(board.bridge.statistics.abandoned == 1)
  }

  @Test func requestsOfAPipeliningPeerAreAnsweredInOrder() {
    var board = Board()
    board.connect()
    _ = board.takeEvents()
    board.send((UInt8(0)..<100).flatMap { Board.frame(Message(.getDeviceID), id: $0) })
    #expect(board.takeResponses().map(\.id) == Array(0..<100))
  }

  @Test func aPeerThatDoesNotReadIsHeldBackAndLosesNothing() {
    var board = Board()
    board.connect()
    board.hostReads = false
    var sent = 0
    while board.bridge.acceptableInput > 0, sent < 1000 {
      board.send(Board.frame(.init(.getDeviceID), id: UInt8(truncatingIfNeeded: sent)))
      sent += 1
    }
    #expect(sent < 1000, "the peer is held back")
    let before = board.bridge.statistics
    #expect(before.responses < UInt32(sent))
    board.hostReads = true
    board.settle()
    #expect(board.takeResponses().map(\.id) == (0..<sent).map { UInt8(truncatingIfNeeded: $0) })
    #expect(board.bridge.statistics.responses == UInt32(sent))
  }

  /// The deadline stayed in the past, and an emulator's timer fired without end.
  @Test func aDeadlineIsNeverInThePastWhileThePeerDoesNotRead() {
    var board = Board()
    board.connect()
    board.hostReads = false
    var sent = 0
    while board.bridge.acceptableInput > 0 {
      board.send(Board.frame(.init(.getDeviceID), id: UInt8(truncatingIfNeeded: sent)))
      sent += 1
    }
    for _ in 0..<10 {
      board.now += 1_000_000_000
      board.pump()
      #expect(board.bridge.deadline.map { $0 > board.now } != false)
    }
    board.hostReads = true
    board.settle()
    #expect(board.takeResponses().count == sent)
  }

  // MARK: Either end goes away

  /// The host is killed after every access of the firmware, restarts, and asks again.
  @Test func aHostKilledAtAnyPhaseIsAnsweredAfterItsRestart() {
    for steps in 0..<40 {
      var board = Board()
      board.connectQEMU()
      board.firmwareRuns = false
      board.send(.init(.getSelfTestResults), id: 5)
      board.firmwareRuns = true
      for _ in 0..<steps { _ = board.stepFirmware() }
      board.disconnect()
      board.connectQEMU()
      board.send(Message(.getDeviceID), id: 0)
      let responses = board.takeResponses()
      #expect(responses.map(\.id) == [0], "killed after \(steps) accesses")
      #expect(responses.first?.1.command == .getDeviceID)
    }
  }

  /// The connection breaks after every byte of a request.
  @Test func aConnectionCutAtAnyByteLeavesNothingBehind() {
    let frame = Board.frame(Message(.getSelfTestResults), id: 0xA0)
    for cut in 0...frame.count {
      var board = Board()
      board.connectQEMU()
      board.send(Array(frame.prefix(cut)))
      board.disconnect()
      board.connectQEMU()
      board.send(Message(.getDeviceID), id: 0)
      #expect(board.takeResponses().map { $0.1.command } == [.getDeviceID], "cut at \(cut)")
    }
  }

  /// The BMC is reset after every access under a waiting host; its registers survive.
  @Test func aBMCResetAtAnyPhaseAnswersWithinOneTimeout() {
    for steps in 0..<40 {
      var board = Board()
      board.connectQEMU()
      board.firmwareRuns = false
      board.send(Message(.getDeviceID), id: 5)
      board.firmwareRuns = true
      for _ in 0..<steps { _ = board.stepFirmware() }
      board.firmware = KCSResponder<300>()
      board.settle()
      board.advance(by: 3_000_000_000)
      #expect(board.takeResponses().map(\.id) == [5], "reset after \(steps) accesses")
      board.send(Message(.getDeviceID), id: 6)
      board.advance(by: 3_000_000_000)
      #expect(
        board.takeResponses().map { $0.1.completionCode } == [.success],
        "reset after \(steps) accesses")
    }
  }

  // MARK: Bad input

  /// Bytes, accesses, time, resets and disconnects at random: every request is accounted for, no
  /// response has a stale id, and the link works afterwards.
  @Test(arguments: 0..<8 as Range<UInt64>) func anyInterleavingKeepsTheLinkAlive(seed: UInt64) {
    var random = SplitMix64(seed: 0x1B1_D6E0 + seed)
    var board = Board()
    board.connectQEMU()
    var newest: UInt8?
    for _ in 0..<200_000 {
      let draw = random.next()
      switch draw % 32 {
      case 0..<6:
        let id = UInt8(truncatingIfNeeded: draw >> 8)
        board.now += 1
        let frame = Board.frame(
          Message(Command(.app, UInt8(truncatingIfNeeded: draw >> 16))), id: id)
        _ = board.bridge.receive(frame.span, now: board.now)
        newest = id
      case 6..<10:
        // Noise that cannot be a good message: it has no terminator of one.
        let noise = (0..<8).map { UInt8(truncatingIfNeeded: draw >> (8 * $0)) }.filter {
          $0 != 0xA0
        }
        _ = board.bridge.receive((noise + [0xA1]).span, now: board.now)
      case 10..<24: _ = board.stepFirmware()
      case 24: board.firmwareAnswers.toggle()
      case 25: board.firmwareRuns.toggle()
      case 26:
        board.channel.bmcWriteStatus(KCSStatus(rawValue: UInt8(truncatingIfNeeded: draw >> 8)))
      case 27: board.channel.bmcWriteData(UInt8(truncatingIfNeeded: draw >> 8))
      case 28: _ = board.channel.bmcReadData()
      case 29: if draw >> 8 & 7 == 0 { board.firmware = KCSResponder<300>() }
      case 30: board.advance(by: draw >> 8 & 0xFFFF_FFFF)
      default:
        if draw >> 8 & 31 == 0 {
          board.disconnect()
          board.connectQEMU()
          newest = nil
        }
      }
      board.pump()
      for (id, _) in board.takeResponses() {
        #expect(id == newest, "stale id, \(random)")
        newest = nil
      }
      #expect(board.bridge.deadline.map { $0 > board.now } != false, "\(random)")
      let counts = board.bridge.statistics
      let inFlight = counts.requests &- counts.responses &- counts.abandoned
      #expect(inFlight <= 2, "\(random)")
    }
    board.firmwareRuns = true
    board.firmwareAnswers = true
    board.firmware = KCSResponder<300>()
    board.advance(by: 70_000_000_000)
    _ = board.takeResponses()
    board.send(Message(.getDeviceID), id: 0x55)
    board.advance(by: 60_000_000_000)
    _ = board.takeResponses()
    board.send(Message(.getDeviceID), id: 0x56)
    board.advance(by: 3_000_000_000)
    #expect(board.takeResponses().map { $0.1.completionCode } == [.success], "\(random)")
  }

  /// Any bytes at all from the peer.
  @Test func randomBytesFromThePeerNeverBlockTheLink() {
    var random = SplitMix64(seed: 0xB17E5)
    var board = Board()
    for _ in 0..<2_000 {
      board.connect()
      let noise = (0..<500).map { _ in
        let draw = random.next()
        return draw & 7 == 0
          ? [0xA0, 0xA1, 0xAA, 0x18][Int(draw >> 8 & 3)] : UInt8(draw >> 16 & 0xFF)
      }
      board.send(noise + [0xA0])
      _ = board.takeEvents()
      board.send(Message(.getDeviceID), id: 1)
      #expect(board.takeResponses().count == 1, "\(random)")
    }
  }
}
