import IPMI
import SystemInterfaces
import Testing
import VMProtocol

@testable import IPMIHostBridge

/// The bridge over BT: what it does over KCS, it does over any system interface.
@Suite struct BTBridgeTests {
  /// The bridge, a BT channel, and firmware with a responder behind it.
  struct Board {
    var bridge = IPMIHostBridge(BTHost())
    var channel = BTChannel()
    var firmware = BTResponder<300>()
    var now: UInt64 = 1_000
    /// Whether the firmware answers what it has read.
    var firmwareAnswers = true
    /// The commands the firmware has been given.
    var commands: [UInt8] = []
    private var decoder = VMDecoder(role: .vm)
    private var wire: [UInt8] = []

    init() {
      channel.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer]
      firmware.open(on: &channel)
    }

    mutating func connectQEMU() {
      decoder.reset()
      bridge.connected()
      send([0xFF, 0x01, 0xA1, 0x08, 0x3F, 0xA1])
    }

    mutating func send(_ bytes: [UInt8]) {
      _ = bridge.receive(bytes.span, now: now)
      settle()
    }

    mutating func send(_ request: Message, id: UInt8) {
      send(IPMIHostBridgeTests.Board.frame(request, id: id))
    }

    /// What the host has been sent since it looked last.
    mutating func takeEvents() -> [VMEvent] {
      defer { wire = [] }
      return wire.compactMap { decoder.feed($0) }
    }

    mutating func takeResponses() -> [(id: UInt8, Message)] {
      takeEvents().compactMap {
        if case .message(let id, let message) = $0 { (id, message) } else { nil }
      }
    }

    /// One interrupt of the firmware; `false` when it has nothing to do.
    mutating func stepFirmware() -> Bool {
      var worked = firmware.service(&channel)
      if firmwareAnswers, let request = firmware.takeRequest(), let message = Message(request) {
        commands.append(message.command.code)
        var response = Message(respondingTo: message)
        response.append(contentsOf: request, in: 2..<min(request.count, 61))
        firmware.respond(response.bytes, on: &channel)
        worked = true
      }
      pump()
      return worked
    }

    mutating func pump() {
      bridge.advance(&channel, now: now)
      var chunk = FixedBytes<100>()
      while bridge.hasOutput {
        bridge.copyOutput(into: &chunk)
        for index in 0..<chunk.count { wire.append(chunk[index]) }
        bridge.consumeOutput(chunk.count)
      }
      bridge.advance(&channel, now: now)
    }

    /// Runs until neither side can go on.
    mutating func settle() {
      pump()
      while stepFirmware() {}
    }

    mutating func advance(by nanoseconds: UInt64) {
      let end = now + nanoseconds
      while let deadline = bridge.deadline, deadline <= end {
        now = max(now, deadline)
        settle()
      }
      now = end
      settle()
    }
  }

  static func connected() -> Board {
    var board = Board()
    board.connectQEMU()
    _ = board.takeEvents()
    return board
  }

  @Test func everyLengthThatFitsMakesTheWholeTrip() {
    var board = Self.connected()
    for count in 0...60 {
      var request = Message(.getDeviceID)
      for byte in 0..<count { request.append(UInt8(byte)) }
      board.send(request, id: UInt8(count))
      let responses = board.takeResponses()
      #expect(responses.map(\.id) == [UInt8(count)])
      #expect(responses.first?.1.completionCode == .success)
      #expect(responses.first?.1.dataCount == min(count, 59))
    }
    #expect(board.commands == [0x36] + [UInt8](repeating: 0x01, count: 61), "asked once")
  }

  @Test func aRequestThatDoesNotFitIsAnsweredC8() {
    var board = Self.connected()
    var request = Message(.getDeviceID)
    for byte in UInt8(0)..<61 { request.append(byte) }
    board.send(request, id: 5)
    #expect(board.takeResponses().map { $0.1.completionCode } == [.requestLengthExceeded])
    #expect(board.commands.isEmpty)
  }

  @Test func theGreetingTellsThatTheHostMayBeInterrupted() {
    var board = Board()
    board.connectQEMU()
    #expect(board.takeEvents().contains(.control(.enableInterrupts, argument: nil)))
  }

  /// SMS_ATN reaches the host, and stays until it asks what it is about.
  @Test func attentionLastsUntilTheMessageFlagsAreRead() {
    var board = Self.connected()
    board.firmware.setAttention(on: &board.channel)
    board.settle()
    #expect(board.takeEvents() == [.control(.attentionWithInterrupt, argument: nil)])
    board.send(Message(.getDeviceID), id: 1)
    #expect(board.takeResponses().count == 1)
    #expect(board.channel.control.contains(.smsAttention))
    board.send(Message(.getMessageFlags), id: 2)
    let events = board.takeEvents()
    #expect(events.contains(.control(.clearAttention, argument: nil)))
    #expect(events.count == 2)
    #expect(!board.channel.control.contains(.smsAttention))
    board.firmware.setAttention(on: &board.channel)
    board.settle()
    #expect(board.takeEvents() == [.control(.attentionWithInterrupt, argument: nil)])
  }

  @Test func firmwareThatNeverAnswersIsAnsweredC3AfterThreeSeconds() {
    var board = Self.connected()
    board.firmwareAnswers = false
    for id in UInt8(9)...11 {
      board.send(Message(.getDeviceID), id: id)
      board.advance(by: 2_999_999_999)
      #expect(board.takeResponses().isEmpty)
      board.advance(by: 1)
      let responses = board.takeResponses()
      #expect(responses.map(\.id) == [id])
      #expect(responses.first?.1.completionCode == .timeout)
    }
    board.firmwareAnswers = true
    board.send(Message(.getSelfTestResults), id: 20)
    let responses = board.takeResponses()
    #expect(responses.map(\.id) == [20], "what was late is drained")
    #expect(responses.first?.1.command == .getSelfTestResults)
  }

  @Test func firmwareThatIsNotThereYetIsAnsweredC3AndThenTakesOver() {
    var board = Board()
    board.firmware.close(on: &board.channel)
    board.connectQEMU()
    _ = board.takeEvents()
    board.send(Message(.getDeviceID), id: 1)
    board.advance(by: 3_000_000_000)
    #expect(board.takeResponses().map { $0.1.completionCode } == [.timeout])
    board.firmware.open(on: &board.channel)
    board.send(Message(.getDeviceID), id: 2)
    #expect(board.takeResponses().map { $0.1.completionCode } == [.success])
    #expect(board.commands == [0x36, 0x01])
  }

  /// The host is killed after every interrupt of the firmware, restarts, and asks again.
  @Test func aHostKilledAtAnyPhaseIsAnsweredAfterItsRestart() {
    for steps in 0..<8 {
      var board = Self.connected()
      board.firmwareAnswers = steps & 1 == 0
      _ = board.bridge.receive(
        IPMIHostBridgeTests.Board.frame(Message(.getSelfTestResults), id: 5).span, now: board.now)
      board.pump()
      for _ in 0..<steps { _ = board.stepFirmware() }
      board.bridge.disconnected()
      board.pump()
      _ = board.takeEvents()
      board.firmwareAnswers = true
      board.connectQEMU()
      _ = board.takeEvents()
      board.send(Message(.getDeviceID), id: 0)
      let responses = board.takeResponses()
      #expect(responses.map(\.id) == [0], "killed after \(steps) interrupts")
      #expect(responses.first?.1.command == .getDeviceID)
    }
  }

  /// The BMC is reset after every interrupt under a waiting host; its registers survive.
  @Test func aBMCResetAtAnyPhaseAnswersWithinOneTimeout() {
    for steps in 0..<8 {
      var board = Self.connected()
      board.firmwareAnswers = steps & 1 == 0
      _ = board.bridge.receive(
        IPMIHostBridgeTests.Board.frame(Message(.getDeviceID), id: 5).span, now: board.now)
      board.pump()
      for _ in 0..<steps { _ = board.stepFirmware() }
      board.firmware = BTResponder<300>()
      board.firmware.open(on: &board.channel)
      board.firmwareAnswers = true
      board.settle()
      board.advance(by: 3_000_000_000)
      #expect(board.takeResponses().map(\.id) == [5], "reset after \(steps) interrupts")
      board.send(Message(.getDeviceID), id: 6)
      #expect(board.takeResponses().map { $0.1.completionCode } == [.success])
    }
  }
}
