import IPMI
import Testing

@testable import BMCPeripherals
@testable import SystemInterfaces

/// Both ends of a KCS channel of the block: the host by its ports, the BMC by its registers.
struct AspeedKCSLink: KCSHostRegisters, KCSBMCRegisters {
  var board: AspeedBoard
  let number: Int
  let ports: (data: UInt16, status: UInt16)
  private var registers: AspeedBoard.Registers { AspeedBoard.kcs[number - 1] }

  /// A channel that Linux has probed and opened; it fires `irq` after each byte.
  init(_ generation: AspeedGeneration, _ number: Int) {
    board = AspeedBoard(generation)
    board.setAddress(number, 0xCA2)
    board.setSerialIRQ(number, 12, .highLevel)
    board.setEnable(number)
    board.setInterrupt(number)
    self.number = number
    ports = board.block.hostPorts(ofChannel: number)!
  }

  mutating func hostReadStatus() -> KCSStatus {
    KCSStatus(rawValue: board.block.hostRead(port: ports.status)!)
  }
  mutating func hostReadData() -> UInt8 { board.block.hostRead(port: ports.data)! }
  mutating func hostWriteData(_ value: UInt8) { board.block.hostWrite(value, port: ports.data) }
  mutating func hostWriteCommand(_ value: UInt8) {
    board.block.hostWrite(value, port: ports.status)
  }

  mutating func bmcReadStatus() -> KCSStatus {
    KCSStatus(rawValue: UInt8(board.block.read(registers.str, width: 4)))
  }
  mutating func bmcWriteStatus(_ value: KCSStatus) {
    board.block.write(UInt64(value.rawValue), to: registers.str, width: 4)
  }
  mutating func bmcReadData() -> UInt8 { UInt8(board.block.read(registers.idr, width: 4)) }
  mutating func bmcWriteData(_ value: UInt8) { board.respond(number, value, firing: 12) }
}

/// Both ends of the iBT.
struct AspeedBTLink: BTHostRegisters, BTBMCRegisters {
  var board: AspeedBoard

  /// An iBT that Linux has probed.
  init(_ generation: AspeedGeneration) {
    board = AspeedBoard(generation)
    board.block.write(0x41, to: 0x144, width: 4)
    board.block.write(0x00E4_A00D, to: 0x140, width: 4)
  }

  mutating func hostReadControl() -> BTControl {
    BTControl(rawValue: board.block.hostRead(port: 0xE4)!)
  }
  mutating func hostWriteControl(_ value: BTControl) {
    board.block.hostWrite(value.rawValue, port: 0xE4)
  }
  mutating func hostReadData() -> UInt8 { board.block.hostRead(port: 0xE5)! }
  mutating func hostWriteData(_ value: UInt8) { board.block.hostWrite(value, port: 0xE5) }
  mutating func hostReadInterruptMask() -> BTInterruptMask {
    BTInterruptMask(rawValue: board.block.hostRead(port: 0xE6)!)
  }
  mutating func hostWriteInterruptMask(_ value: BTInterruptMask) {
    board.block.hostWrite(value.rawValue, port: 0xE6)
  }

  mutating func bmcReadControl() -> BTControl {
    BTControl(rawValue: UInt8(board.block.read(0x150, width: 1)))
  }
  mutating func bmcWriteControl(_ value: BTControl) {
    board.block.write(UInt64(value.rawValue), to: 0x150, width: 1)
  }
  mutating func bmcReadData() -> UInt8 { UInt8(board.block.read(0x154, width: 1)) }
  mutating func bmcWriteData(_ value: UInt8) {
    board.block.write(UInt64(value), to: 0x154, width: 1)
  }
}

/// Our hosts and our responders over the block, the responders run by their interrupts alone.
@Suite struct AspeedTransferTests {
  static func request(_ count: Int) -> [UInt8] {
    [0x18, 0x01] + (2..<max(count, 2)).map { UInt8(truncatingIfNeeded: $0 &* 37) }
  }

  /// The request's data come back; but Get BT Interface Capabilities is not known.
  static func answer(to request: [UInt8]) -> [UInt8] {
    let header = [request[0] | 4, request[1]]
    return request[1] == 0x36 ? header + [0xC1] : header + [0] + request.dropFirst(2)
  }

  @Test(arguments: AspeedGeneration.allCases, 1...4)
  func kcsTransfersRunByInterrupt(generation: AspeedGeneration, number: Int) {
    var link = AspeedKCSLink(generation, number)
    var host = KCSHost()
    var responder = KCSResponder<300>()
    for count in [2, 3, 40, 299] {
      let request = Self.request(count)
      let hasStarted = host.start(Message(request.span)!)
      #expect(hasStarted)
      var event = HostEvent.progressed
      var interrupts = 0
      while event != .complete {
        event = host.event(on: &link, now: 0)
        guard case .waiting = event else { continue }
        guard link.board.block.interrupts == .init(rawValue: 1 << UInt8(number - 1)) else { break }
        interrupts += 1
        responder.service(&link)
        // SERIRQ is there with every byte, for each is fired on its own.
        let isFull = link.bmcReadStatus().contains(.outputBufferFull)
        let serialIRQ = link.board.block.serialIRQ(ofChannel: number)
        #expect(serialIRQ.asserted == (isFull ? 1 << 12 : 0))
        if let taken = responder.takeRequest() {
          let response = Self.answer(to: Self.bytes(taken))
          #expect(responder.respond(FixedBytes(response.span)!, on: &link))
        }
      }
      #expect(event == .complete)
      #expect(host.response.map { Self.bytes($0) } == Self.answer(to: request))
      // WRITE_START, WRITE_END, the request's bytes, and a READ for each byte of the response.
      #expect(interrupts >= 2 + count + count)
    }
  }

  @Test(arguments: AspeedGeneration.allCases)
  func btTransfersRunByInterrupt(generation: AspeedGeneration) {
    var link = AspeedBTLink(generation)
    var host = BTHost()
    var responder = BTResponder<300>()
    responder.open(on: &link)
    for count in [2, 3, 40, 59, 2] {
      let request = Self.request(count)
      let hasStarted = host.start(Message(request.span)!)
      #expect(hasStarted)
      var event = HostEvent.progressed
      while event != .complete {
        event = host.event(on: &link, now: 0)
        guard case .waiting = event else { continue }
        guard link.board.block.interrupts == .ibt else { break }
        // Linux acknowledges the two events it knows.
        link.board.block.write(0x41, to: 0x148, width: 4)
        #expect(link.board.block.interrupts == [])
        responder.service(&link)
        if let taken = responder.takeRequest() {
          let response = Self.answer(to: Self.bytes(taken))
          #expect(responder.respond(FixedBytes(response.span)!, on: &link))
        }
      }
      #expect(event == .complete)
      #expect(host.response.map { Self.bytes($0) } == Self.answer(to: request))
      let events = link.board.block.read(0x148, width: 4)
      #expect(events & 0x0F00 == 0, "no overflow")
    }
  }

  private static func bytes<let capacity: Int>(_ bytes: FixedBytes<capacity>) -> [UInt8] {
    (0..<bytes.count).map { bytes[$0] }
  }

  private static func bytes(_ message: Message) -> [UInt8] {
    (0..<message.bytes.count).map { message.bytes[$0] }
  }
}
