import IPMI
import SystemInterfaces
import TestSupport
import Testing
import VMProtocol

@testable import IPMIHostBridge

/// The bridge and its channel, saved and restored: what `savevm` and `loadvm` do to them.
@Suite struct RestoreTests {
  /// What both boards of the bridge's tests have.
  protocol Machine {
    associatedtype Interface: SystemInterfaceHost where Interface.Registers: Restorable
    init()
    var bridge: IPMIHostBridge<Interface> { get set }
    var channel: Interface.Registers { get set }
    var now: UInt64 { get set }
    mutating func connectQEMU()
    mutating func send(_ request: Message, id: UInt8)
    mutating func stepFirmware() -> Bool
    mutating func settle()
    mutating func advance(by nanoseconds: UInt64)
    mutating func takeResponses() -> [(id: UInt8, Message)]
  }

  /// What QEMU saves of such a machine; the firmware is in RAM.
  private struct State<M: Machine>: Restorable {
    var machine: M

    mutating func transfer(through stream: inout some StateStream) {
      machine.channel.transfer(through: &stream)
      machine.bridge.transfer(through: &stream)
    }

    func restored(from bytes: [UInt8]) throws -> M {
      var copy = self
      let isGood = StateBytes.restore(&copy, from: bytes, now: machine.now)
      try #require(isGood)
      return copy.machine
    }
  }

  private static let request = Message([0x18, 0x52, 0x01, 0x02, 0x03] as FixedBytes<300>)!

  /// A machine in the middle of a transaction, after each access of its firmware.
  private func moments<M: Machine>(_: M.Type) -> [M] {
    var machine = M()
    machine.connectQEMU()
    machine.begin(Self.request, id: 7)
    var result = [machine]
    while machine.stepFirmware() { result.append(machine) }
    return result
  }

  private func everyMomentComesBack<M: Machine>(_: M.Type) throws {
    let moments = moments(M.self)
    var last = try #require(moments.last)
    let expected = last.takeResponses().map(\.1)
    #expect(expected.count == 1)
    for (index, moment) in moments.dropLast().enumerated() {
      let bytes = StateBytes(saving: State(machine: moment), now: moment.now).bytes
      // Back in time, on the same wire: the host's machine has gone back with it.
      var machine = moment
      machine.settle()
      _ = machine.takeResponses()
      machine.now += 1_000_000_000
      // The firmware is the saved one, as RAM is.
      var back = moment
      back.bridge = machine.bridge
      back.channel = machine.channel
      back.now = machine.now
      back = try State(machine: back).restored(from: bytes)
      back.settle()
      #expect(back.takeResponses().map(\.1) == expected, "moment \(index)")

      // In another process, where another host connects.
      var other = moment
      other.bridge = M().bridge
      other.channel = M().channel
      other = try State(machine: other).restored(from: bytes)
      other.settle()
      other.connectQEMU()
      #expect(other.takeResponses().isEmpty)
      other.send(Self.request, id: 9)
      other.advance(by: 10_000_000_000)
      let responses = other.takeResponses()
      #expect(responses.map(\.id) == [9], "moment \(index)")
      #expect(responses.map(\.1) == expected, "moment \(index)")
    }
  }

  @Test func everyMomentOfATransactionComesBack() throws {
    try everyMomentComesBack(Board.self)
    try everyMomentComesBack(BTBridgeTests.Board.self)
  }

  /// The host's machine has not gone back in time: what it asked last is answered, and only that.
  private func theOpenRequestIsAnswered<M: Machine>(_: M.Type) throws {
    for (index, moment) in moments(M.self).dropLast().enumerated() {
      let bytes = StateBytes(saving: State(machine: moment), now: moment.now).bytes
      var machine = moment
      machine.settle()
      _ = machine.takeResponses()
      machine.begin(Self.request, id: 8)
      var back = moment
      back.bridge = machine.bridge
      back.channel = machine.channel
      back = try State(machine: back).restored(from: bytes)
      back.advance(by: 2_000_000_000)
      #expect(back.takeResponses().map(\.id) == [8], "moment \(index)")
    }
  }

  @Test func aRequestThatIsOpenWhenAnOlderStateIsRestoredIsAnswered() throws {
    try theOpenRequestIsAnswered(Board.self)
    try theOpenRequestIsAnswered(BTBridgeTests.Board.self)
  }

  /// Deadlines are kept as what is left of them.
  @Test func aRequestKeepsItsTime() throws {
    var board = Board()
    board.firmwareRuns = false
    board.connectQEMU()
    board.send(Self.request, id: 1)
    board.advance(by: 1_000_000_000)
    let bytes = StateBytes(saving: State(machine: board), now: board.now).bytes
    var later = Board()
    later.now = 500_000_000_000
    later.firmwareRuns = false
    later.connectQEMU()
    var back = try State(machine: later).restored(from: bytes)
    back.advance(by: 1_999_000_000)
    #expect(back.takeResponses().isEmpty)
    back.advance(by: 2_000_000)
    #expect(back.takeResponses().map(\.1.completionCode) == [.timeout])
  }

  /// Bytes that are not a state are refused, or make a machine that goes on.
  private func noBytesBreakIt<M: Machine>(_: M.Type, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let moments = moments(M.self)
    var accepted = 0
    for _ in 0..<3000 {
      let moment = moments[Int(random.next() % UInt64(moments.count))]
      var bytes = StateBytes(saving: State(machine: moment), now: moment.now).bytes
      for _ in 0...random.next() % 4 {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      if random.next() % 8 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
      var state = State(machine: moment)
      guard StateBytes.restore(&state, from: bytes, now: moment.now) else { continue }
      accepted += 1
      var machine = state.machine
      machine.settle()
      machine.advance(by: 60_000_000_000)
    }
    #expect(accepted > 100, "\(random)")
  }

  @Test func noBytesBreakTheBridge() {
    noBytesBreakIt(Board.self, seed: 0x4B43_5321)
    noBytesBreakIt(BTBridgeTests.Board.self, seed: 0x4254_2121)
  }
}

extension RestoreTests.Machine {
  /// Sends a request, and lets only the bridge act on it.
  fileprivate mutating func begin(_ request: Message, id: UInt8) {
    let now = now
    bridge.receive(Board.frame(request, id: id).span, now: now)
    var channel = channel
    bridge.advance(&channel, now: now)
    self.channel = channel
  }
}

extension Board: RestoreTests.Machine {}
extension BTBridgeTests.Board: RestoreTests.Machine {}
