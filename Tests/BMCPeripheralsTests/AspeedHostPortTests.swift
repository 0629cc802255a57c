import Testing

@testable import BMCPeripherals
@testable import SystemInterfaces

@Suite struct AspeedHostPortTests {
  typealias Target = AspeedLPC.HostTarget

  /// All 65,536 ports: the ones listed have their target, no other has any.
  static func expectPorts(_ expected: [UInt16: Target], of block: AspeedLPC) {
    var wrong: [UInt16] = []
    for port in UInt16.min...UInt16.max where block.target(ofHostPort: port) != expected[port] {
      wrong.append(port)
    }
    #expect(wrong == [])
  }

  @Test(arguments: AspeedGeneration.allCases)
  func afterPowerOnNoPortIsDecoded(generation: AspeedGeneration) {
    Self.expectPorts([:], of: AspeedLPC(generation))
  }

  /// One address: data at X; status at X + 4, at XX3h, or at X + 1.
  @Test(
    arguments: [
      (1, 0xCA0, 0xCA4), (1, 0x60, 0x64), (1, 0xFFFE, 0x0002), (2, 0xCA8, 0xCAC), (2, 0x62, 0x66),
      (3, 0xCA2, 0xCA3), (3, 0xFFF2, 0xFFF3), (3, 0x0002, 0x0003), (4, 0xCA4, 0xCA5),
      (4, 0xFFFF, 0x0000),
    ] as [(Int, UInt16, UInt16)])
  func oneAddressGivesBothPorts(number: Int, data: UInt16, status: UInt16) {
    var board = AspeedBoard(.ast2600)
    board.setAddress(number, data)
    Self.expectPorts([:], of: board.block)
    #expect(board.block.hostPorts(ofChannel: number) == nil)
    board.setEnable(number)
    Self.expectPorts(
      [data: .kcs(channel: number, .data), status: .kcs(channel: number, .status)],
      of: board.block)
    board.setEnable(number, false)
    Self.expectPorts([:], of: board.block)
  }

  /// Two addresses: LSADR12 with EN16LADRn, and LADR4.
  @Test(
    arguments: [
      (1, 0xCA0, 0xCA1), (1, 0xCA8, 0x0CAC), (2, 0xCA8, 0xCA9), (2, 0x1234, 0xFEDC),
      (4, 0xCB2, 0xCB3), (4, 0xFFFF, 0x0001),
    ] as [(Int, UInt16, UInt16)])
  func twoAddressesAreTheTwoPorts(number: Int, data: UInt16, status: UInt16) {
    var board = AspeedBoard(.ast2500)
    board.enable(number, at: data, status)
    Self.expectPorts(
      [data: .kcs(channel: number, .data), status: .kcs(channel: number, .status)],
      of: board.block)
  }

  /// HICRB has LPC4E and IBFIE4, EN16LADRn and ENSNPnD: who writes it must keep the others' bits.
  @Test func aWriteOfHICRBThatKeepsNothingTakesTheOthersAway() {
    var board = AspeedBoard(.ast2600)
    board.enable(1, at: 0xCA0, 0xCA1)
    board.enable(4, at: 0xCB2)
    board.update(0x100, 0xC000, .max)
    board.setInterrupt(4)
    #expect(board.block.read(0x100, width: 4) == 0xC013)
    #expect(board.block.hostPorts(ofChannel: 1)?.status == 0xCA1)
    board.block.write(0xC000, to: 0x100, width: 4)
    #expect(board.block.hostPorts(ofChannel: 1)?.status == 0xCA4)
    #expect(board.block.hostPorts(ofChannel: 4) == nil)
    #expect(board.block[channel: 4].enables == [])
  }

  /// The low four bits of LADR3 do not matter.
  @Test func channel3IsAlwaysAtXX2AndXX3() {
    for low in UInt16(0)..<16 {
      var board = AspeedBoard(.ast2400)
      board.enable(3, at: 0xCA0 | low)
      let ports = board.block.hostPorts(ofChannel: 3)
      #expect(ports?.data == 0xCA2 && ports?.status == 0xCA3)
    }
  }

  @Test func channel3NeedsLPC3EAndKCSENBL() {
    for bits in 0..<4 {
      var board = AspeedBoard(.ast2500)
      board.setAddress(3, 0xCA2)
      board.update(0x00, 0x80, bits & 1 != 0 ? .max : 0)
      board.update(0x10, 0x04, bits & 2 != 0 ? .max : 0)
      #expect((board.block.hostPorts(ofChannel: 3) != nil) == (bits == 3))
    }
  }

  /// CR0's base; A-Z's note: bits 17:16 read 0.
  @Test(arguments: [0x00E4, 0x00E7, 0xFFFC, 0x0000] as [UInt16])
  func ibtHasThreePorts(base: UInt16) {
    var board = AspeedBoard(.ast2600)
    board.block.write(UInt64(base) << 16 | 0xA00C, to: 0x140, width: 4)
    Self.expectPorts([:], of: board.block)
    board.block.write(UInt64(base) << 16 | 0xA00D, to: 0x140, width: 4)
    let first = base & ~3
    Self.expectPorts(
      [first: .ibt(.control), first + 1: .ibt(.data), first + 2: .ibt(.interruptMask)],
      of: board.block)
  }

  /// The default of vendors' firmware, all at once, and every channel on one address.
  @Test func channelsStandSideBySideAndTheLowerOneWins() {
    var board = AspeedBoard(.ast2600)
    board.enable(1, at: 0xCA0)
    board.enable(2, at: 0xCA8)
    board.enable(3, at: 0xCA2)
    board.enable(4, at: 0xCB2)
    board.block.write(0x00E4_A00D, to: 0x140, width: 4)
    Self.expectPorts(
      [
        0xCA0: .kcs(channel: 1, .data), 0xCA4: .kcs(channel: 1, .status),
        0xCA8: .kcs(channel: 2, .data), 0xCAC: .kcs(channel: 2, .status),
        0xCA2: .kcs(channel: 3, .data), 0xCA3: .kcs(channel: 3, .status),
        0xCB2: .kcs(channel: 4, .data), 0xCB3: .kcs(channel: 4, .status),
        0xE4: .ibt(.control), 0xE5: .ibt(.data), 0xE6: .ibt(.interruptMask),
      ], of: board.block)

    for number in [1, 2, 4] { board.enable(number, at: 0xE2, 0xE4) }
    board.enable(3, at: 0xE2)
    Self.expectPorts(
      [
        0xE2: .kcs(channel: 1, .data), 0xE4: .kcs(channel: 1, .status),
        0xE3: .kcs(channel: 3, .status), 0xE5: .ibt(.data), 0xE6: .ibt(.interruptMask),
      ], of: board.block)
  }

  /// A byte each way on every channel, by port numbers.
  @Test(arguments: 1...4) func theHostReachesTheChannelByItsPorts(number: Int) throws {
    let registers = AspeedBoard.kcs[number - 1]
    var board = AspeedBoard(.ast2600)
    board.enable(number, at: 0xCA2)
    let ports = try #require(board.block.hostPorts(ofChannel: number))
    board.block.hostWrite(0x61, port: ports.status)
    #expect(board.block.read(registers.str, width: 4) == 0x0A)
    #expect(board.block.read(registers.idr, width: 4) == 0x61)
    board.block.hostWrite(0x18, port: ports.data)
    #expect(board.block.read(registers.str, width: 4) == 0x02)
    #expect(board.block.read(registers.idr, width: 4) == 0x18)
    board.block.write(0x40, to: registers.str, width: 4)
    board.block.write(0xAA, to: registers.odr, width: 4)
    #expect(board.block.hostRead(port: ports.status) == 0x41)
    #expect(board.block.hostRead(port: ports.data) == 0xAA)
    #expect(board.block.hostRead(port: ports.status) == 0x40)
    #expect(board.block.hostRead(port: 0x3F8) == nil)
  }

  @Test(arguments: 1...4) func aChannelThatIsOffReadsFFAndIgnoresTheHost(number: Int) {
    let registers = AspeedBoard.kcs[number - 1]
    var board = AspeedBoard(.ast2600)
    board.setAddress(number, 0xCA2)
    board.block[channel: number].hostWriteData(0x61)
    #expect(board.block[channel: number].hostReadStatus().rawValue == 0xFF)
    #expect(board.block.read(registers.str, width: 4) == 0)
    #expect(board.block.read(registers.idr, width: 4) == 0)
    // The enables are the block's: a host cannot change them.
    board.block[channel: number].enables = [.hostDecode, .inputBufferFullInterrupt]
    #expect(board.block[channel: number].enables == [])
  }

  /// iBT by its ports and by its registers: a request, its response, the events.
  @Test func ibtCarriesARequestAndItsResponse() {
    var board = AspeedBoard(.ast2600)
    board.block.write(0x00E4_A00D, to: 0x140, width: 4)
    board.block.write(0x41, to: 0x144, width: 4)
    #expect(board.block.hostRead(port: 0xE4) == 0x80)
    board.block.write(0x80, to: 0x150, width: 1)
    #expect(board.block.hostRead(port: 0xE4) == 0)

    board.block.hostWrite(0x01, port: 0xE4)
    for byte in [0x04, 0x18, 0x00, 0x01] as [UInt8] { board.block.hostWrite(byte, port: 0xE5) }
    #expect(board.block.read(0x14C, width: 4) == 0x0004_0000)
    #expect(board.block.interrupts == [])
    board.block.hostWrite(0x04, port: 0xE4)
    #expect(board.block.interrupts == .ibt)
    #expect(board.block.read(0x148, width: 4) == 0x01)
    board.block.write(0x01, to: 0x148, width: 4)
    #expect(board.block.interrupts == [])

    board.block.write(0x80, to: 0x150, width: 1)
    board.block.write(0x04, to: 0x150, width: 1)
    board.block.write(0x02, to: 0x150, width: 1)
    // A wide access takes a byte as a narrow one does, and only with the lowest byte.
    #expect(board.block.read(0x154, width: 4) == 0x04)
    #expect(board.block.read(0x156, width: 2) == 0)
    #expect(board.block.read(0x154, width: 1) == 0x18)
    #expect(board.block.read(0x14C, width: 4) == 0x0004_0002)
    board.block.write(0x80, to: 0x150, width: 4)

    board.block.hostWrite(0x01, port: 0xE6)
    board.block.write(0x01, to: 0x150, width: 1)
    for byte in [0x04, 0x1C, 0x00, 0x01] as [UInt64] {
      board.block.write(byte, to: 0x154, width: 1)
    }
    #expect(board.block.ibtSerialIRQ.asserted == 0)
    board.block.write(0x08, to: 0x150, width: 1)
    #expect(board.block.ibtSerialIRQ == AspeedSerialIRQ(asserted: 1 << 10, form: .lowLevel))
    #expect(board.block.read(0x158, width: 1) == 0x03)
    board.block.hostWrite(0x03, port: 0xE6)
    #expect(board.block.ibtSerialIRQ.asserted == 0)
    board.block.hostWrite(0x40, port: 0xE4)
    board.block.hostWrite(0x08, port: 0xE4)
    #expect(board.block.hostRead(port: 0xE5) == 0x04)
    #expect(board.block.hostRead(port: 0xE5) == 0x1C)
    #expect(board.block.read(0x14C, width: 4) == 0x0204_0402)
    #expect(board.block.interrupts == [])
    board.block.hostWrite(0x40, port: 0xE4)
    #expect(board.block.interrupts == .ibt)
    #expect(board.block.read(0x148, width: 4) == 0x50)
    board.block.write(0x50, to: 0x148, width: 4)
    #expect(board.block.read(0x148, width: 4) == 0)
  }

  /// CR4 bit by bit, as the BMC: from all clear and from what the host and the BMC can set.
  @Test func everyBitOfIBTCR4ActsOnItsOwn() {
    for written in UInt64(0)...0xFF {
      var board = AspeedBoard(.ast2400)
      board.block.write(0x00E4_A00D, to: 0x140, width: 4)
      board.block.write(0xFF, to: 0x150, width: 4)
      // B_BUSY off, SMS_ATN and B2H_ATN on; now H_BUSY, OEM0 and H2B_ATN.
      board.block.hostWrite(0x64, port: 0xE4)
      #expect(board.block.read(0x150, width: 4) == 0x7C)
      board.block.write(written, to: 0x150, width: 4)
      let expected = 0x7C ^ (written & 0x80) & 0xFF
      #expect(board.block.read(0x150, width: 4) == expected & ~(written & 0x24))
    }
    var board = AspeedBoard(.ast2400)
    for bit in 0..<8 {
      board.block = AspeedLPC(.ast2400)
      board.block.write(1 << UInt64(bit), to: 0x150, width: 1)
      let expected: [UInt64] = [0x80, 0x80, 0x80, 0x88, 0x90, 0x80, 0x80, 0]
      #expect(board.block.read(0x150, width: 4) == expected[bit])
    }
  }

  /// Every event of CR2 against every enable of CR1: the line is any that is both.
  @Test func theIBTLineIsAnyEnabledEvent() {
    var base = AspeedBoard(.ast2600)
    base.block.write(0x00E4_A00D, to: 0x140, width: 4)
    // Both buffers overflow each way, and every flag that can moves.
    for _ in 0..<65 {
      base.block.hostWrite(1, port: 0xE5)
      base.block.write(1, to: 0x154, width: 1)
    }
    for _ in 0..<65 {
      _ = base.block.hostRead(port: 0xE5)
      _ = base.block.read(0x154, width: 1)
    }
    base.block.write(0x18, to: 0x150, width: 1)
    base.block.hostWrite(0x7C, port: 0xE4)
    base.block.hostWrite(0x40, port: 0xE4)
    base.block.hostWrite(0x9C, port: 0xE6)
    #expect(base.block.read(0x148, width: 4) == 0xFF73)
    for enable in 0..<32 {
      var board = base
      board.block.write(1 << UInt64(enable), to: 0x144, width: 4)
      let isEvent = 0xFF73 >> UInt64(enable) & 1 != 0
      #expect((board.block.interrupts == .ibt) == isEvent)
      board.block.write(0xFFFF ^ 1 << UInt64(enable), to: 0x148, width: 4)
      #expect((board.block.interrupts == .ibt) == isEvent)
      board.block.write(1 << UInt64(enable), to: 0x148, width: 4)
      #expect(board.block.interrupts == [])
    }
  }
}
