import BMCPeripherals
import IPMI
import IPMIHostBridge
import SystemInterfaces
import TestSupport
import Testing
import VMProtocol

/// Every interface of every SoC: a host of messages at one end, firmware behind registers at the
/// other.
@Suite struct HostedInterfaceTests {
  /// An interface of an SoC.
  struct Place: Sendable, CustomTestStringConvertible {
    var soc: SystemOnChip
    var responder: Responder

    var testDescription: String { "\(soc.name) \(responder.name)" }
  }

  static let places = SystemOnChip.all.flatMap { soc in
    soc.responders.map { Place(soc: soc, responder: $0) }
  }

  /// Calls `body` with the machine of a place, whatever its registers are.
  private func withMachine(
    _ place: Place, _ body: (any HostedMachine) throws -> Void
  ) rethrows {
    switch place.soc.module {
    case .npcm7xx:
      try body(HostedBoard(NPCM7xxHostInterface(), place.responder))
    case .aspeed(let generation):
      try body(HostedBoard(AspeedHostInterface(AspeedLPC(generation)), place.responder))
    }
  }

  private static func request(_ count: Int) -> Message {
    var request = Message([0x18, 0x52] as FixedBytes<300>)!
    for index in 0..<count { request.append(UInt8(truncatingIfNeeded: 0x9C &+ index)) }
    return request
  }

  @Test(arguments: places) func requestsAreAnsweredThroughTheRegisters(_ place: Place) {
    withMachine(place) { machine in
      machine.connect()
      for count in [0, 1, 20, 40] {
        machine.send(Self.request(count))
        #expect(machine.interrupts, "the firmware is told of a byte or a message")
        machine.settle()
        #expect(machine.takeResponses() == [echo(Self.request(count))])
      }
      #expect(!machine.interrupts)
      #expect(machine.deadline == nil)
      #expect(machine.statistics.requests == 4)
      #expect(machine.statistics.responses == 4)
    }
  }

  @Test(arguments: places) func aSilentBMCIsAnsweredForAtTheDeadline(_ place: Place) throws {
    try withMachine(place) { machine in
      machine.connect()
      machine.settle()
      machine.firmwareRuns = false
      machine.send(Self.request(5))
      var now: UInt64 = 0
      while let deadline = machine.deadline, now < 10_000_000_000 {
        try #require(deadline > now)
        now = deadline
        machine.advance(to: now)
      }
      let responses = machine.takeResponses()
      #expect(responses.map(\.completionCode) == [CompletionCode.timeout])
      machine.firmwareRuns = true
      machine.settle()
      machine.send(Self.request(5))
      machine.settle()
      #expect(machine.takeResponses() == [echo(Self.request(5))])
    }
  }

  @Test(arguments: places) func aHostThatLeavesIsForgottenAndTheNextIsServed(_ place: Place) {
    withMachine(place) { machine in
      machine.connect()
      machine.send(Self.request(3))
      machine.disconnect()
      machine.settle()
      #expect(machine.takeResponses().isEmpty)
      machine.connect()
      machine.send(Self.request(7))
      machine.settle()
      #expect(machine.takeResponses() == [echo(Self.request(7))])
    }
  }

  @Test(arguments: places) func theHostIsControlledAndSaysThatItWasReset(_ place: Place) {
    withMachine(place) { machine in
      #expect(!machine.ask(.nmi), "nobody is there")
      machine.connect()
      machine.settle()
      _ = machine.takeControls()
      #expect(machine.ask(.nmi))
      #expect(machine.ask(.powerOff))
      machine.settle()
      #expect(machine.takeControls() == [.nmi, .powerOff])
      #expect(!machine.takeHostReset())
      machine.receive([VMControl.reset.rawValue, 0xA1])
      #expect(machine.takeHostReset())
      #expect(!machine.takeHostReset())
    }
  }

  @Test(arguments: places) func aStateIsThatOfTheSameHostsOnly(_ place: Place) {
    withMachine(place) { machine in
      machine.connect()
      machine.send(Self.request(9))
      let bytes = machine.save()
      machine.settle()
      let isAnother = machine.save() != bytes
      #expect(isAnother)
      #expect(machine.restore(bytes))
      let isTheSame = machine.save() == bytes
      #expect(isTheSame)
      #expect(machine.interrupts)
      withMachine(place) { other in
        #expect(!other.restore(bytes), "no host is attached")
        other.attach()
        #expect(other.restore(bytes))
        #expect(other.interrupts)
      }
    }
  }

  @Test func aHostHasPortsOrMessages() {
    var npcm = HostedInterface(NPCM7xxHostInterface())
    #expect(npcm.hostRead(port: 0xCA2) == nil)
    let isMapped = npcm.map(.kcs1, data: 0xCA2, status: 0xCA3)
    #expect(isMapped)
    let again = npcm.map(.kcs2, data: 0xCA3, status: 0xCA4)
    #expect(!again, "KCS1 has CA3h")
    let isAttached = npcm.attach(to: .kcs1)
    #expect(!isAttached)
    let isTaken = npcm.hostWrite(0x61, port: 0xCA3)
    #expect(isTaken)
    #expect(npcm.hostRead(port: 0xCA3) == 0x0A, "IBF, C/D")
    npcm.write(0x5A, to: 0x0E, width: 1)
    #expect(npcm.hostRead(port: 0xCA2) == 0x5A)
    #expect(npcm.read(0x10, width: 1) == 0x61)
    #expect(npcm.hostInterrupt(of: .kcs4) == HostInterrupt(isAsserted: false), "there is none")

    var aspeed = HostedInterface(AspeedHostInterface(AspeedLPC(.ast2600)))
    let chosen = aspeed.map(.kcs1, data: 0xCA2, status: 0xCA3)
    #expect(!chosen, "the BMC chooses")
  }

  /// The block clears IRQXEn with OBF, at every byte; a host of messages is told of interrupts once.
  @Test func aHostIsToldOnceThatTheBMCInterruptsIt() {
    let machine = HostedBoard(AspeedHostInterface(AspeedLPC(.ast2600)), .kcs3)
    machine.connect()
    machine.settle()
    _ = machine.takeControls()
    for byte in [1, 2] as [UInt64] {
      machine.interface.write(byte, to: 0x38, width: 4)  // ODR3
      machine.interface.write(11 << 20 | 1 << 14, to: 0x80, width: 4)  // HICR5: IRQXE3
      machine.settle()
    }
    machine.interface.write(11 << 20, to: 0x80, width: 4)
    machine.settle()
    #expect(machine.takeControls() == [.enableInterrupts])
    machine.interface.write(0, to: 0x00, width: 4)  // HICR0: LPC3E
    machine.settle()
    #expect(machine.takeControls() == [.disableInterrupts])
  }

  @Test func respondersHaveNames() {
    for responder in Responder.allCases {
      let name = responder.name.withUTF8Buffer { unsafe Array($0) }
      #expect(Responder(named: name) == responder)
      #expect(Responder(named: name.dropLast()) == nil)
    }
    #expect(SystemOnChip.named("ast2500".utf8)?.module == .aspeed(.ast2500))
    #expect(SystemOnChip.named("ast2501".utf8) == nil)
  }
}

/// What our firmware answers: what it was asked.
private func echo(_ request: Message) -> Message {
  var response = Message(respondingTo: request)
  for index in 0..<request.dataCount { response.append(request.data(index)!) }
  return response
}
