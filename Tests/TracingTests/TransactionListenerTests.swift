import IPMI
import SystemInterfaces
import TestSupport
import Testing
import Tracing

/// A BT channel whose host's accesses are heard.
private struct HeardBT: BTHostRegisters {
  var channel = BTChannel()
  private var listener = TransactionListener()
  private(set) var told: [TraceEvent.Occurrence] = []

  init() { channel.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer] }

  private mutating func hear(_ register: TracedRegister, isWrite: Bool, _ value: UInt8) {
    let access = RegisterAccess(.host, register, isWrite: isWrite, value)
    if let message = listener.hear(access) { told.append(message) }
  }

  mutating func hostReadControl() -> BTControl {
    let value = channel.hostReadControl()
    hear(.btControl, isWrite: false, value.rawValue)
    return value
  }
  mutating func hostWriteControl(_ value: BTControl) {
    channel.hostWriteControl(value)
    hear(.btControl, isWrite: true, value.rawValue)
  }
  mutating func hostReadData() -> UInt8 {
    let value = channel.hostReadData()
    hear(.btBuffer, isWrite: false, value)
    return value
  }
  mutating func hostWriteData(_ value: UInt8) {
    channel.hostWriteData(value)
    hear(.btBuffer, isWrite: true, value)
  }
  mutating func hostReadInterruptMask() -> BTInterruptMask { channel.hostReadInterruptMask() }
  mutating func hostWriteInterruptMask(_ value: BTInterruptMask) {
    channel.hostWriteInterruptMask(value)
    hear(.btInterruptMask, isWrite: true, value.rawValue)
  }
}

@Suite struct TransactionListenerTests {
  private func hear(_ accesses: [(TracedRegister, Bool, UInt8)]) -> [TraceEvent.Occurrence] {
    var listener = TransactionListener()
    return accesses.compactMap { register, isWrite, value in
      listener.hear(RegisterAccess(.host, register, isWrite: isWrite, value))
    }
  }

  /// Of every length, from our own state machines: what is heard is what they said.
  @Test func `messages of KCS are put together from the host's accesses`() {
    let lengths = Array(2...40) + [270, 300]
    let requests = lengths.map { length in
      Sample.message([0xB8, 0x40] + (2..<length).map { UInt8(truncatingIfNeeded: $0 * 7) })
    }
    var listener = TransactionListener()
    var said: [TraceEvent.Occurrence] = []
    var heard: [TraceEvent.Occurrence] = []
    for event in TracedRegisters.run(requests) {
      switch event.occurrence {
      case .request(_, let message): said.append(.request(id: UInt8(said.count / 2), message))
      case .response(_, let message): said.append(.response(id: UInt8(said.count / 2), message))
      case .access(let access) where access.side == .host:
        if let message = listener.hear(access) { heard.append(message) }
      default: break
      }
    }
    #expect(heard.count == requests.count * 2)
    #expect(heard == said)
  }

  @Test func `messages of BT are put together from the host's accesses`() throws {
    var registers = HeardBT()
    var host = BTHost()
    var responder = BTResponder<300>()
    responder.open(on: &registers.channel)
    var said: [Message] = []
    for length in 2...40 {
      let request = Sample.message([0xB8, 0x40] + (2..<length).map { UInt8($0) })
      host.start(request)
      var event = host.event(on: &registers, now: 0)
      while event != .complete {
        if event != .progressed { _ = responder.service(&registers.channel) }
        if let bytes = responder.takeRequest() {
          let asked = try #require(Message(bytes))
          let response = Message(respondingTo: asked, .invalidCommand)
          said += [asked, response]
          #expect(responder.respond(response.bytes, on: &registers.channel))
        }
        event = host.event(on: &registers, now: 0)
      }
    }
    var heard: [Message] = []
    var open: UInt8?
    for occurrence in registers.told {
      switch occurrence {
      case .request(let number, let message):
        heard.append(message)
        open = number
      case .response(let number, let message):
        heard.append(message)
        #expect(number == open, "a response has its request's sequence number")
      default: Issue.record("\(occurrence)")
      }
    }
    #expect(heard == said)
    #expect(heard.count >= 39 * 2)
  }

  @Test func `what a host gives up is not told`() {
    let start: [(TracedRegister, Bool, UInt8)] = [
      (.command, true, 0x61), (.idr, true, 0x18), (.command, true, 0x62),
    ]
    let abort: [(TracedRegister, Bool, UInt8)] = [(.command, true, 0x60), (.idr, true, 0x01)]
    #expect(hear(start + abort).isEmpty)
    // In the middle of the response.
    let response: [(TracedRegister, Bool, UInt8)] = [
      (.idr, true, 0x01), (.str, false, 0x41), (.odr, false, 0x1C),
    ]
    let told = hear(start + response + [(.command, true, 0x60), (.str, false, 0x01)])
    #expect(told == [.request(id: 0, Sample.deviceID)])
  }

  @Test func `a frame whose length is wrong is no message`() {
    let frame: [(TracedRegister, Bool, UInt8)] = [
      (.btControl, true, 0x01), (.btBuffer, true, 9), (.btBuffer, true, 0x18),
      (.btBuffer, true, 7), (.btBuffer, true, 1), (.btControl, true, 0x04),
    ]
    #expect(hear(frame).isEmpty)
    let short: [(TracedRegister, Bool, UInt8)] = [
      (.btControl, true, 0x02), (.btBuffer, false, 1), (.btBuffer, false, 0x1C),
    ]
    #expect(hear(short).isEmpty)
  }

  @Test func `a message that is too long is not told`() {
    let bytes = (0..<400).map { (TracedRegister.idr, true, UInt8(truncatingIfNeeded: $0)) }
    let all = [(TracedRegister.command, true, UInt8(0x61))] + bytes
    #expect(hear(all + [(.command, true, 0x62), (.idr, true, 0)]).isEmpty)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `no accesses stop it`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var listener = TransactionListener()
    var count = 0
    for _ in 0..<200_000 {
      let register = TracedRegister(rawValue: UInt8(random.next() % 7))!
      // Values that mean something, more often than not.
      let value = [0x60, 0x61, 0x62, 0x01, 0x02, 0x04, UInt8(truncatingIfNeeded: random.next())]
        .randomElement(using: &random)!
      let access = RegisterAccess(.host, register, isWrite: random.next() % 2 == 0, value)
      if listener.hear(access) != nil { count += 1 }
    }
    #expect(count > 0, "\(random)")
  }
}
