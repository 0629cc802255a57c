import IPMI
import Testing

@testable import SystemInterfaces

/// What Linux's `ipmi_bt_sm` does when the BMC does not do what it should, and where we differ.
@Suite struct BTHostTests {
  // MARK: Capabilities

  @Test func theBMCIsAskedOnceBeforeTheFirstRequest() {
    var pair = BTPair()
    for count in [2, 5, 62] { #expect(pair.transact(.pattern(count)) != nil) }
    #expect(pair.questions == 1 && pair.received.count == 3)
  }

  /// A time-out in s and retries, and how long a BMC that answers nothing else is waited for.
  @Test(
    arguments: [
      ([0x1C, 0x36, 0x00, 1, 63, 63, 1, 0], [1]),
      ([0x1C, 0x36, 0x00, 1, 63, 63, 2, 1], [2]),
      // The second exchange: its number, 1, is early for more than one retry.
      ([0x1C, 0x36, 0x00, 1, 63, 63, 3, 2], [3, 3, 6, 3]),
      // Not answered, answered with an error, cut, and 0 s: the defaults, or what is possible.
      ([0x1C, 0x36, 0xC1], [5, 5, 6, 5]),
      ([0x1C, 0x36, 0xC1, 1, 63, 63, 1, 0], [5, 5, 6, 5]),
      ([0x1C, 0x36, 0x00, 1, 63, 63, 1], [5, 5, 6, 5]),
      ([0x1C, 0x36, 0x00, 1, 63, 63, 0, 0], [5]),
    ] as [([UInt8], [UInt64])])
  func theBMCsTimesAreUsed(capabilities: [UInt8], seconds: [UInt64]) {
    var pair = BTPair()
    pair.capabilities = capabilities
    pair.answer = { _ in nil }
    pair.host.start(Message(.getDeviceID))
    var waits: [UInt64] = []
    while case .waiting(let end) = pair.run() {
      waits.append((end - pair.now) / 1_000_000_000)
      pair.now = end
    }
    #expect(waits == seconds)
    #expect(pair.host.response.map { Array($0.bytes) } == [0x1C, 0x01, 0xC3])
    #expect(pair.host.isIdle)
    #expect(pair.received.filter { $0 == [0x18, 0x03] }.count == (seconds.contains(6) ? 1 : 0))
    pair.answer = BTPair().answer
    #expect(pair.transact(.pattern(4))?.count == 5)
  }

  @Test func aBMCThatDoesNotAnswerTheQuestionIsNotAskedAgain() {
    var pair = BTPair()
    pair.capabilities = nil
    pair.host.start(Message(.getDeviceID))
    _ = pair.run()
    pair.host.abort()
    #expect(pair.run() == .failed)
    #expect(pair.transact(.pattern(4))?.count == 5)
    #expect(pair.questions == 1)
  }

  @Test func aQuestionThatWasNotWrittenIsAskedLater() {
    var pair = BTPair()
    pair.responder.close(on: &pair.channel)
    pair.host.start(Message(.getDeviceID))
    _ = pair.run()
    pair.host.abort()
    #expect(pair.run() == .failed)
    pair.responder.open(on: &pair.channel)
    #expect(pair.transact(.pattern(4))?.count == 5)
    #expect(pair.questions == 1)
  }

  // MARK: Time-outs

  @Test func aBMCThatStaysBusyIsAnsweredC0UntilItIsNot() {
    var pair = BTPair.asked
    // Two exchanges are early; after them nothing is reset.
    #expect(pair.transact(Message(.getDeviceID)) != nil)
    pair.responder.close(on: &pair.channel)
    #expect(pair.transact(.pattern(4)) == [0x1C, 0x01, 0xC0])
    #expect(pair.now == 2 * BTHost.defaultTimeout)
    for _ in 0..<3 { #expect(pair.transact(.pattern(4)) == [0x1C, 0x01, 0xC0]) }
    #expect(pair.now == 2 * BTHost.defaultTimeout, "at once")
    pair.channel.acknowledge(BTEvents(rawValue: 0xFFFF))
    pair.responder.open(on: &pair.channel)
    #expect(pair.transact(.pattern(4))?.count == 5)
    #expect(pair.channel.events.contains(.bmcReset), "the flags were reset")
  }

  /// H_BUSY, the write pointer and SMS_ATN, and then the BMC is asked to reset its own.
  @Test func theFlagsAreResetAfterALongBusy() {
    for leftover in [BTControl.hostBusy, []] {
      var pair = BTPair()
      pair.responder.close(on: &pair.channel)
      #expect(pair.transact(.pattern(4)) == [0x1C, 0x01, 0xC0])
      pair.channel.hostWriteControl(leftover)
      pair.responder.setAttention(on: &pair.channel)
      pair.responder.open(on: &pair.channel)
      var traced = TracedBT(channel: pair.channel)
      #expect(pair.host.event(on: &traced, now: pair.now) == .progressed)
      #expect(
        traced.accesses == (leftover == [] ? [] : ["H ctl 40"]) + [
          "H ctl 01", "H ctl 10", "H msk 80",
        ]
      )
      #expect(traced.channel.control == .hostToBMCAttention, "the soft reset that nobody took")
    }
  }

  /// The same number again, so that the answer to either is good.
  @Test func aRetryHasTheSameSequenceNumber() {
    var pair = BTPair.asked
    pair.answer = { _ in nil }
    pair.host.start(.pattern(4))
    guard case .waiting(let end) = pair.run() else {
      Issue.record("the host does not wait")
      return
    }
    pair.channel.bmcWriteControl(.clearReadPointer)
    let first = (0..<6).map { _ in pair.channel.bmcReadData() }
    pair.now = end
    _ = pair.runHost()
    #expect(pair.channel.control.contains(.hostToBMCAttention))
    pair.channel.bmcWriteControl(.clearReadPointer)
    #expect((0..<6).map { _ in pair.channel.bmcReadData() } == first)
  }

  @Test func aChannelThatNobodyDecodesIsABusyBMC() {
    var pair = BTPair()
    pair.channel.enables = []
    #expect(pair.runHost() == .idle)
    #expect(pair.transact(.pattern(4)) == [0x1C, 0x01, 0xC0])
    let attention = BTHost.attention(on: pair.channel)
    #expect(!attention)
    pair.channel.enables = BTPair().channel.enables
    #expect(pair.transact(.pattern(4))?.count == 5)
  }

  // MARK: Responses

  /// Writes a response as firmware would.
  private func write(_ frame: [UInt8], to channel: inout BTChannel) {
    channel.bmcWriteControl([.clearWritePointer, .hostToBMCAttention])
    for byte in frame { channel.bmcWriteData(byte) }
    channel.bmcWriteControl(.bmcToHostAttention)
  }

  @Test func aResponseMustMatchNetFnSequenceAndCommand() {
    for (netFn, sequence, command) in [
      (0x20, 2, 1), (0x1C, 1, 1), (0x1C, 3, 1), (0x1C, 2, 2),
    ] as [(UInt8, UInt8, UInt8)] {
      var pair = BTPair.asked
      pair.host.start(Message(.getDeviceID))
      _ = pair.runHost()
      write([4, netFn, sequence, command, 0], to: &pair.channel)
      guard case .waiting = pair.runHost() else {
        Issue.record("\(netFn), \(sequence), \(command) is taken")
        continue
      }
      #expect(pair.channel.control == [])
      // LUN and the response's bit are not looked at.
      write([5, 0x1D, 2, 1, 0, 0x42], to: &pair.channel)
      #expect(pair.runHost() == .complete)
      #expect(pair.host.response.map { Array($0.bytes) } == [0x1D, 0x01, 0x00, 0x42])
    }
  }

  @Test func aResponseWhoseLengthCannotBeIsC6() {
    for length in UInt8.min...UInt8.max where !(4...63).contains(length) {
      var pair = BTPair.asked
      pair.host.start(Message(.getDeviceID))
      _ = pair.runHost()
      write([length, 0x1C, 2, 1, 0], to: &pair.channel)
      #expect(pair.runHost() == .complete)
      #expect(pair.host.response.map { Array($0.bytes) } == [0x1C, 0x01, 0xC6])
      #expect(pair.channel.control == [])
    }
  }

  @Test func aStaleResponseIsDrained() {
    for length in UInt8.min...UInt8.max {
      for isIdle in [true, false] {
        var pair = BTPair.asked
        write([length, 0x1C, 9, 1, 0], to: &pair.channel)
        if isIdle {
          #expect(pair.runHost() == .idle)
          #expect(pair.channel.control == [])
        }
        #expect(pair.transact(.pattern(4))?.count == 5)
      }
    }
  }

  @Test(arguments: 1...4, [true, false])
  func aBMCThatIgnoresTheClearingOfB2HATNIsAskedAgain(ignored: Int, isStale: Bool) {
    var pair = BTPair.asked
    if !isStale {
      pair.host.start(Message(.getDeviceID))
      _ = pair.runHost()
    }
    write([4, 0x1C, 2, 1, 0], to: &pair.channel)
    var stubborn = StubbornBT(channel: pair.channel, ignored: ignored)
    var event = HostEvent.progressed
    for _ in 0..<100 where event != .complete && event != .idle {
      event = pair.host.event(on: &stubborn, now: pair.now)
      if case .waiting(let end) = event {
        #expect(end - pair.now == BTHost.pollInterval)
        pair.now = end
      }
    }
    #expect(event == (isStale ? .idle : .complete))
    #expect(stubborn.channel.control == [] && stubborn.ignored == 0)
  }

  @Test func aLeftoverHBUSYIsCleared() {
    for steps in [0, 1] {
      var pair = BTPair.asked
      if steps == 1 { pair.host.start(.pattern(4)) }
      pair.channel.hostWriteControl(.hostBusy)
      if steps == 0 { #expect(pair.runHost() == .idle) } else { #expect(pair.run() == .complete) }
      #expect(pair.channel.control == [])
    }
  }

  // MARK: Attention

  @Test func attentionStaysUntilTheMessageFlagsAreRead() {
    var pair = BTPair.asked
    pair.responder.setAttention(on: &pair.channel)
    for _ in 0..<2 { #expect(pair.runHost() == .attention) }
    #expect(pair.transact(Message(.getDeviceID)) != nil)
    #expect(BTHost.attention(on: pair.channel))
    pair.channel.acknowledge(BTEvents(rawValue: 0xFFFF))
    pair.answer = { _ in
      [0x1C, 0x31, 0x00, 0x01]
    }
    pair.host.start(Message(.getMessageFlags))
    _ = pair.runHost()
    #expect(pair.channel.control == .hostToBMCAttention, "cleared before the request is there")
    #expect(pair.channel.events.contains(.smsAttention))
    // What the BMC sets from now on is new.
    pair.responder.setAttention(on: &pair.channel)
    #expect(pair.run() == .complete)
    #expect(BTHost.attention(on: pair.channel))
  }

  @Test func theHostsInterruptIsPossibleWhereThePortsAre() {
    var channel = BTChannel()
    #expect(!BTHost.hostInterruptIsEnabled(on: channel))
    channel.enables = .hostDecode
    #expect(BTHost.hostInterruptIsEnabled(on: channel))
  }

  // MARK: One at a time

  @Test func oneTransactionAtATime() {
    var pair = BTPair.asked
    let started = [pair.host.start(.pattern(4)), pair.host.start(.pattern(5))]
    #expect(started == [true, false])
    #expect(pair.run() == .complete)
    #expect(pair.received == [Array(Message.pattern(4).bytes)])
    pair.host.abort()
    #expect(pair.run() == .idle, "nothing to give up")
  }

  @Test func sequenceNumbersWrapAround() {
    var pair = BTPair()
    for _ in 0..<600 { #expect(pair.transact(.pattern(3))?.count == 4) }
    #expect(pair.received.count == 600)
  }
}
