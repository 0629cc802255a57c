import IPMI
import ManagementController
import Testing

@Suite struct MessagingTests {
  /// Event for Platform Event Message: generator, revision, type, number, direction, data.
  private let platformEvent: [UInt8] = [0x41, 0x04, 0x01, 0x30, 0x81, 0x57, 0x11, 0x22]

  /// Send Message to `address` on channel 0, with correct checksums.
  private func bridged(
    _ command: Command, _ data: [UInt8] = [], to address: UInt8 = 0x20, requesterLUN: UInt8 = 2
  ) -> [UInt8] {
    let header: [UInt8] = [address, command.netFn.rawValue << 2]
    let body: [UInt8] = [0x20, 0x14 | requesterLUN, command.code] + data
    return [0x00] + header + [0 &- header.reduce(0, &+)] + body + [0 &- body.reduce(0, &+)]
  }

  @Test func anAnswerFromTheIPMBWaitsInTheReceiveQueue() throws {
    var controller = makeController()
    #expect(controller.code(.getMessage) == 0x80)
    #expect(controller.code(.sendMessage, bridged(.getSelfTestResults)) == 0)
    #expect(controller.attention)
    #expect(try controller.data(.getMessageFlags) == [0x01])
    let message = try controller.data(.getMessage)
    #expect(message[0] == 0)
    #expect(message[1] == 0x07 << 2 | 2)
    // Header checksum covers the requester's address, which the queue strips.
    #expect(0x20 &+ message[1] &+ message[2] == 0)
    #expect(Array(message[3...8]) == [0x20, 0x14, 0x04, 0x00, 0x55, 0x00])
    #expect(message[3...].reduce(0, &+) == 0)
    #expect(!controller.attention)
    #expect(controller.code(.getMessage) == 0x80)
  }

  @Test func onlyTheSMSLUNUsesTheQueue() {
    var controller = makeController()
    for lun in [0, 1, 3] as [UInt8] {
      #expect(controller.code(.sendMessage, bridged(.getDeviceID, requesterLUN: lun)) == 0)
      #expect(!controller.attention)
    }
  }

  @Test func aBadFrameIsRefused() {
    var controller = makeController()
    let good = bridged(.getDeviceID)
    for index in 1..<good.count {
      var bad = good
      bad[index] ^= 0x01
      #expect(controller.code(.sendMessage, bad) == 0xCC)
    }
    var otherChannel = good
    otherChannel[0] = 1
    #expect(controller.code(.sendMessage, otherChannel) == 0xCC)
    #expect(controller.code(.sendMessage, Array(good[..<7])) == 0xC7)
    #expect(controller.code(.sendMessage, bridged(.getDeviceID, to: 0x40)) == 0x83)
    #expect(!controller.attention)
  }

  @Test func aMessageWithinAMessageIsRefused() {
    var controller = makeController()
    let inner = bridged(.getDeviceID)
    #expect(controller.code(.sendMessage, bridged(.sendMessage, inner)) == 0xCC)
    #expect(!controller.attention)
  }

  @Test func theQueueHoldsFourInOrder() throws {
    var controller = makeController()
    for round in UInt8(0)..<3 {
      for command in [Command.getDeviceID, .getSelfTestResults, .getMessageFlags, .getSELInfo] {
        #expect(controller.code(.sendMessage, bridged(command)) == 0, "round \(round)")
      }
      #expect(controller.code(.sendMessage, bridged(.getDeviceID)) == 0xC0)
      #expect(try (0..<4).map { _ in try controller.data(.getMessage)[5] } == [1, 4, 0x31, 0x40])
    }
    #expect(controller.code(.sendMessage, bridged(.getDeviceID)) == 0)
    #expect(controller.code(.clearMessageFlags, [0x01]) == 0)
    #expect(!controller.attention)
  }

  @Test func receivingCanBeSwitchedOff() throws {
    var controller = makeController()
    #expect(try controller.data(.enableMessageChannelReceive, [0, 2]) == [0, 1])
    #expect(try controller.data(.enableMessageChannelReceive, [0, 0]) == [0, 0])
    #expect(controller.code(.sendMessage, bridged(.getDeviceID)) == 0)
    #expect(!controller.attention)
    #expect(try controller.data(.enableMessageChannelReceive, [0, 1]) == [0, 1])
    #expect(controller.code(.enableMessageChannelReceive, [0, 3]) == 0xCC)
    #expect(controller.code(.enableMessageChannelReceive, [1, 2]) == 0xCC)
  }

  @Test func theEventBufferHoldsOneEventAndOnlyWhenEnabled() throws {
    var controller = makeController()
    #expect(controller.code(.platformEvent, platformEvent) == 0)
    #expect(!controller.attention)
    #expect(controller.code(.readEventMessageBuffer) == 0x80)
    #expect(controller.code(.setBMCGlobalEnables, [0x0C]) == 0)
    #expect(controller.code(.platformEvent, platformEvent, now: 3 * second) == 0)
    #expect(controller.attention)
    #expect(try controller.data(.getMessageFlags, now: 3 * second) == [0x02])
    var another = platformEvent
    another[3] = 0x99
    #expect(controller.code(.platformEvent, another) == 0)
    #expect(
      try controller.data(.readEventMessageBuffer)
        == [2, 0, 2, 3, 0, 0, 0, 0x41, 0, 4, 0x01, 0x30, 0x81, 0x57, 0x11, 0x22])
    #expect(!controller.attention)
    #expect(controller.code(.readEventMessageBuffer) == 0x80)
    #expect(try controller.readLog().map { $0[11] } == [0x30, 0x30, 0x99])
    #expect(controller.code(.platformEvent, platformEvent) == 0)
    #expect(controller.code(.clearMessageFlags, [0x02]) == 0)
    #expect(!controller.attention)
  }

  @Test func loggingAndBufferAreEnabledApart() throws {
    var controller = makeController()
    #expect(controller.code(.setBMCGlobalEnables, [0x04]) == 0)
    #expect(controller.code(.platformEvent, platformEvent) == 0)
    #expect(try controller.readLog().isEmpty)
    #expect(try Array(controller.data(.readEventMessageBuffer)[..<2]) == [0xFF, 0xFF])
    #expect(controller.code(.setBMCGlobalEnables, [0x00]) == 0)
    #expect(controller.code(.platformEvent, platformEvent) == 0)
    #expect(try controller.readLog().isEmpty)
    #expect(!controller.attention)
  }

  @Test func aShortPlatformEventIsFilledUp() throws {
    var controller = makeController()
    #expect(controller.code(.platformEvent, Array(platformEvent[..<6])) == 0)
    #expect(try Array(controller.readLog()[0][13...]) == [0x57, 0xFF, 0xFF])
  }

  @Test func aPlatformEventForAFullLogGetsC4() {
    var controller = makeController()
    for _ in 0..<126 {
      #expect(controller.code(.platformEvent, platformEvent) == 0)
    }
    #expect(controller.code(.platformEvent, platformEvent) == 0xC4)
  }
}
