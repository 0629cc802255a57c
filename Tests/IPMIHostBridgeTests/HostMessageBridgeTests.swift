import HostPeripherals
import IPMI
import SystemInterfaces
import TestSupport
import Testing
import VMProtocol

@testable import IPMIHostBridge

/// A PC with KCS at CA2h whose BMC is at the other end of a wire.
struct PC {
  var bridge = HostMessageBridge(KCSDevice())
  var host = KCSHost()
  var now: UInt64 = 0
  /// Bytes for the BMC that it has not looked at.
  var wire: [UInt8] = []
  private var decoder = VMDecoder(role: .bmc)

  /// The host's ports, as Linux's driver drives them.
  struct Ports: KCSHostRegisters {
    var device: KCSDevice
    mutating func hostReadStatus() -> KCSStatus {
      KCSStatus(rawValue: device.hostRead(register: 1))
    }
    mutating func hostReadData() -> UInt8 { device.hostRead(register: 0) }
    mutating func hostWriteData(_ value: UInt8) { device.hostWrite(value, register: 0) }
    mutating func hostWriteCommand(_ value: UInt8) { device.hostWrite(value, register: 1) }
  }

  mutating func pump() {
    bridge.advance(now: now)
    var chunk = FixedBytes<64>()
    while bridge.hasOutput {
      bridge.copyOutput(into: &chunk)
      for index in 0..<chunk.count { wire.append(chunk[index]) }
      bridge.consumeOutput(chunk.count)
    }
  }

  /// Runs the host until it waits or ends.
  mutating func runHost() -> HostEvent {
    while true {
      var ports = Ports(device: bridge.device)
      let event = host.event(on: &ports, now: now)
      bridge.device = ports.device
      pump()
      if event != .progressed { return event }
    }
  }

  mutating func receive(_ bytes: [UInt8]) {
    bridge.receive(bytes.span, now: now)
    pump()
  }

  mutating func takeEvents() -> [VMEvent] {
    defer { wire = [] }
    return wire.compactMap { decoder.feed($0) }
  }

  mutating func takeRequests() -> [(id: UInt8, Message)] {
    takeEvents().compactMap {
      if case .message(let id, let message) = $0 { (id, message) } else { nil }
    }
  }

  mutating func connect() {
    bridge.connected(now: now)
    pump()
    wire = []
  }

  /// Starts Get Device ID, and returns it as the BMC got it.
  mutating func request() -> UInt8? {
    host.start(Message(.getDeviceID))
    _ = runHost()
    let requests = takeRequests()
    #expect(requests.map(\.1) == [Message(.getDeviceID)])
    return requests.first?.id
  }

  /// What the host has at the end.
  mutating func response() -> [UInt8]? {
    runHost() == .complete ? host.response.map { Array($0.bytes) } : nil
  }
}

extension [UInt8] {
  init<let capacity: Int>(_ bytes: FixedBytes<capacity>) {
    self = (0..<bytes.count).map { bytes[$0] }
  }
}

@Suite struct HostMessageBridgeTests {
  private static let answer = Message([0x1C, 0x01, 0x00, 0x20] as FixedBytes<300>)!

  /// As QEMU's `ipmi-bmc-extern` on x86.
  @Test func theGreetingIsQEMUs() {
    var pc = PC()
    pc.bridge.connected(now: 0)
    pc.pump()
    #expect(pc.wire == [0xFF, 0x01, 0xA1, 0x08, 0x3F, 0xA1])
  }

  /// The first bytes of QEMU's wire, measured.
  @Test func theFirstRequestIsQEMUs() {
    var pc = PC()
    pc.connect()
    pc.host.start(Message(.getDeviceID))
    _ = pc.runHost()
    #expect(pc.wire == [0x00, 0x18, 0x01, 0xE7, 0xA0])
    pc.receive(Board.frame(Self.answer, id: 0))
    #expect(pc.response() == Array(Self.answer.bytes))
  }

  @Test func everyRequestHasItsNumber() {
    var pc = PC()
    pc.connect()
    for round in 0..<600 {
      #expect(pc.request() == UInt8(truncatingIfNeeded: round))
      pc.receive(Board.frame(Self.answer, id: UInt8(truncatingIfNeeded: round)))
      #expect(pc.response()?.count == 4)
    }
    #expect(pc.bridge.statistics.responses == 600)
  }

  @Test func withoutABMCTheHostGetsD2() {
    var pc = PC()
    pc.host.start(Message(.getDeviceID))
    #expect(pc.response() == [0x1C, 0x01, 0xD2])
    #expect(pc.bridge.statistics.undeliverable == 1)
  }

  @Test func aBMCThatGoesAwayIsD2AndNoAttention() {
    var pc = PC()
    pc.connect()
    pc.receive([0x01, 0xA1])
    _ = pc.request()
    #expect(pc.bridge.device.channel.str.contains(.smsAttention))
    pc.bridge.disconnected(now: 0)
    #expect(!pc.bridge.device.channel.str.contains(.smsAttention))
    #expect(pc.response() == [0x1C, 0x01, 0xD2])
  }

  @Test func aBMCThatDoesNotAnswerIsC3After4Seconds() {
    var pc = PC()
    pc.connect()
    let id = pc.request()
    #expect(pc.bridge.deadline == 4_000_000_000)
    pc.now = 3_999_999_999
    pc.pump()
    guard case .waiting = pc.runHost() else {
      Issue.record("answered too early")
      return
    }
    pc.now = 4_000_000_000
    pc.pump()
    #expect(pc.response() == [0x1C, 0x01, 0xC3])
    // Late, and not taken for the next one's.
    let next = pc.request()
    pc.receive(Board.frame(Message([0x1C, 0x01, 0x55] as FixedBytes<300>)!, id: id!))
    pc.receive(Board.frame(Self.answer, id: next!))
    #expect(pc.response() == Array(Self.answer.bytes))
    #expect(pc.bridge.deadline == nil)
  }

  /// QEMU stops its timer, and its host waits for ever.
  @Test func aWrongNumberDoesNotStopTheTime() {
    for wrong in UInt8(1)...255 {
      var pc = PC()
      pc.connect()
      #expect(pc.request() == 0)
      pc.receive(Board.frame(Self.answer, id: wrong))
      #expect(pc.bridge.deadline == 4_000_000_000)
      if wrong & 1 != 0 { pc.receive(Board.frame(Self.answer, id: 0)) }
      pc.now = 4_000_000_000
      pc.pump()
      #expect(pc.response() == (wrong & 1 != 0 ? Array(Self.answer.bytes) : [0x1C, 0x01, 0xC3]))
    }
  }

  @Test func aHostThatAbortsGetsTheNextAnswer() {
    var pc = PC()
    pc.connect()
    #expect(pc.request() == 0)
    pc.host.abort()
    #expect(pc.runHost() == .failed)
    #expect(pc.request() == 1)
    pc.receive(Board.frame(Message([0x1C, 0x01, 0x55] as FixedBytes<300>)!, id: 0))
    pc.receive(Board.frame(Self.answer, id: 1))
    #expect(pc.response() == Array(Self.answer.bytes))
    #expect(pc.bridge.statistics.abandoned == 1)
  }

  @Test func attentionAndInterruptsAreTheBMCs() {
    var pc = PC()
    pc.connect()
    pc.receive([0x05, 0xA1, 0x02, 0xA1])
    #expect(pc.bridge.device.channel.str == .smsAttention && pc.bridge.device.interrupt)
    pc.receive([0x06, 0xA1])
    #expect(!pc.bridge.device.interrupt)
    pc.receive([0x00, 0xA1, 0x05, 0xA1, 0x01, 0xA1])
    #expect(pc.bridge.device.channel.str == .smsAttention && !pc.bridge.device.interrupt)
  }

  @Test func hostControlIsTakenOnce() {
    var pc = PC()
    pc.connect()
    let all: [(UInt8, VMCapabilities)] = [
      (0x03, .powerOff), (0x04, .reset), (0x07, .nmi), (0x09, .gracefulShutdown),
    ]
    for (code, expected) in all {
      pc.receive([code, 0xA1])
      #expect(pc.bridge.takeHostControl() == expected)
      #expect(pc.bridge.takeHostControl() == [])
    }
    pc.receive([0x0A, 0xA1, 0x42, 0xA1, 0xFF, 0x01, 0xA1])
    #expect(pc.bridge.takeHostControl() == [])
    pc.bridge.hostWasReset()
    pc.pump()
    #expect(pc.wire == [0x04, 0xA1])
  }

  /// A BMC that never reads: bounded, and the host is told.
  @Test func aBMCThatDoesNotReadIsD2() {
    var pc = PC()
    pc.connect()
    var codes: Set<UInt8> = []
    for _ in 0..<600 {
      // Beside `pump()`: nothing is consumed.
      pc.bridge.device = KCSDevice()
      for (register, byte) in [(1, 0x61), (0, 0x18), (1, 0x62), (0, 0x01)] as [(Int, UInt8)] {
        pc.bridge.device.hostWrite(byte, register: register)
      }
      pc.bridge.advance(now: 0)
      if pc.bridge.device.channel.str.contains(.outputBufferFull) { codes.insert(0xD2) }
    }
    #expect(codes == [0xD2])
    #expect(pc.bridge.statistics.undeliverable > 100)
  }

  @Test func randomBytesNeverBlockTheHost() {
    var random = SplitMix64(seed: 0x484D)
    var pc = PC()
    pc.connect()
    for round in 0..<2_000 {
      let count = Int(random.next() % 40)
      let noise = (0..<count).map { _ -> UInt8 in
        let draw = random.next()
        return draw & 7 == 0
          ? [0xA0, 0xA1, 0xAA][Int(draw >> 8 % 3) % 3] : UInt8(draw >> 16 & 0xFF)
      }
      pc.receive(noise + [0xA0])
      pc.receive([0x00, 0xA1])
      guard let id = pc.request() else { continue }
      pc.receive(noise.filter { $0 != 0xA0 } + [0xA1, 0xA0])
      pc.receive(Board.frame(Self.answer, id: id))
      #expect(pc.response() == Array(Self.answer.bytes), "round \(round), \(random)")
    }
  }
}
