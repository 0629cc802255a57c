import Testing

@testable import BMCPeripherals
@testable import SystemInterfaces

@Suite struct AspeedInterruptTests {
  typealias Form = AspeedSerialIRQ.Form

  /// Linux's device trees: the number of each source's line.
  static func lines(_ generation: AspeedGeneration) -> [Int] {
    switch generation {
    case .ast2400, .ast2500: [8, 8, 8, 8, 8, 8]
    case .ast2600: [138, 139, 140, 141, 143, 144]
    }
  }

  @Test(arguments: AspeedGeneration.allCases)
  func everySourceHasItsDeviceTreesLine(generation: AspeedGeneration) {
    var numbers: [Int] = .init(repeating: 0, count: 6)
    var seen: AspeedLPC.Interrupts = []
    for index in 0..<generation.lineCount {
      let line = generation.line(index)
      #expect(seen.isDisjoint(with: line.sources))
      seen.formUnion(line.sources)
      for source in 0..<6 where line.sources.contains(.init(rawValue: 1 << source)) {
        numbers[source] = line.number
      }
    }
    #expect(seen == .all)
    #expect(numbers == Self.lines(generation))
  }

  /// IBF, IBFIEn and the channel's enable on every channel of every generation.
  @Test(arguments: AspeedGeneration.allCases, 1...4)
  func theBMCsInterruptIsIBFWhereEnabled(generation: AspeedGeneration, number: Int) {
    let source = AspeedLPC.Interrupts(rawValue: 1 << UInt8(number - 1))
    for bits in 0..<8 {
      var board = AspeedBoard(generation)
      board.enable(number, at: 0xCA2)
      if bits & 1 != 0 { board.block[channel: number].hostWriteData(1) }
      board.setInterrupt(number, bits & 2 != 0)
      board.setEnable(number, bits & 4 != 0)
      #expect(board.block.interrupts == (bits == 7 ? source : []))
      // Enables are levels, not events: switched on later, they interrupt as well.
      board.setEnable(number)
      board.setInterrupt(number)
      #expect(board.block.interrupts == (bits & 1 != 0 ? source : []))
      #expect(board.block.read(AspeedBoard.kcs[number - 1].idr, width: 4) == UInt64(bits & 1))
      #expect(board.block.interrupts == [])
    }
  }

  /// No generation has an interrupt for an empty output buffer.
  @Test(arguments: 1...4) func obfNeverInterruptsTheBMC(number: Int) {
    var board = AspeedBoard(.ast2600)
    board.enable(number, at: 0xCA2)
    board.setInterrupt(number)
    board.block.write(1, to: AspeedBoard.kcs[number - 1].odr, width: 4)
    #expect(board.block.interrupts == [])
    _ = board.block[channel: number].hostReadData()
    #expect(board.block.interrupts == [])
  }

  @Test func readingOneChannelKeepsTheOthersInterrupt() {
    var board = AspeedBoard(.ast2500)
    for number in 1...4 {
      board.enable(number, at: 0xCA2)
      board.setInterrupt(number)
      board.block[channel: number].hostWriteCommand(0x61)
    }
    var expected: AspeedLPC.Interrupts = [.kcs1, .kcs2, .kcs3, .kcs4]
    for number in 1...4 {
      #expect(board.block.interrupts == expected)
      #expect(board.block.read(AspeedBoard.kcs[number - 1].idr, width: 4) == 0x61)
      expected.remove(.init(rawValue: 1 << UInt8(number - 1)))
    }
    #expect(board.block.interrupts == [])
  }

  // MARK: SERIRQ

  /// One row for each form that a channel can have.
  struct SerialRow: Sendable {
    var number: Int
    var irq: UInt64
    var form: Form
  }

  static let serialRows: [SerialRow] =
    [SerialRow(number: 1, irq: 1, form: .lowLevel), SerialRow(number: 1, irq: 12, form: .lowLevel)]
    + (0..<16).flatMap { irq in
      [2, 3].flatMap { number in
        [Form.lowLevel, .highLevel].map { SerialRow(number: number, irq: irq, form: $0) }
      }
        + [Form.lowLevel, .highLevel, .reserved, .risingEdge].map {
          SerialRow(number: 4, irq: irq, form: $0)
        }
    }

  /// Configure, ODR, IRQXEn, host read; twice, for the enable must have been cleared.
  @Test(arguments: serialRows) func serialIRQStepByStep(row: SerialRow) {
    var board = AspeedBoard(.ast2600)
    board.enable(row.number, at: 0xCA2)
    board.setSerialIRQ(row.number, row.irq, row.form)
    let asserted = AspeedSerialIRQ(asserted: 1 << UInt16(row.irq), form: row.form)
    let idle = AspeedSerialIRQ(asserted: 0, form: row.form)
    func steps(_ step: String, _ expected: AspeedSerialIRQ) {
      #expect(board.block.serialIRQ(ofChannel: row.number) == expected, "\(step)")
      #expect(board.block[channel: row.number].hostInterrupt == (expected.asserted != 0), "\(step)")
      for other in 1...4 where other != row.number {
        #expect(board.block.serialIRQ(ofChannel: other).asserted == 0, "\(step)")
      }
    }
    steps("configured", idle)
    for _ in 0..<2 {
      board.respond(row.number, 0x5A)
      steps("ODR written", idle)
      board.block.write(0xC1, to: AspeedBoard.kcs[row.number - 1].str, width: 4)
      steps("STR written", idle)
      board.respond(row.number, 0x5A, firing: row.irq)
      steps("fired", asserted)
      board.respond(row.number, 0x5B)
      steps("ODR written again", asserted)
      _ = board.block[channel: row.number].hostReadStatus()
      steps("status read", asserted)
      #expect(board.block[channel: row.number].hostReadData() == 0x5B)
      steps("data read", idle)
      board.respond(row.number, 0x5C, firing: row.irq)
      steps("fired again", asserted)
      board.block.write(0, to: AspeedBoard.kcs[row.number - 1].str, width: 4)
      steps("OBF written 0", idle)
    }
  }

  /// IRQXEn that is written while OBF is clear waits for ODR.
  @Test(arguments: [(1, 12), (2, 5), (3, 10), (4, 11)] as [(Int, UInt64)])
  func anEnableWithoutAByteAssertsWithTheByte(number: Int, irq: UInt64) {
    var board = AspeedBoard(.ast2500)
    board.enable(number, at: 0xCA2)
    board.setSerialIRQ(number, irq, .highLevel)
    board.respond(number, 0, firing: irq)
    _ = board.block[channel: number].hostReadData()
    let (offset, bit): (Int, UInt64) = [
      (0x70, 0b10), (0x80, 1 << 12), (0x80, 1 << 14), (0x104, 1),
    ][number - 1]
    #expect(board.block.read(offset, width: 4) & bit == 0)
    board.update(offset, bit, bit)
    #expect(board.block.serialIRQ(ofChannel: number).asserted == 0)
    _ = board.block[channel: number].hostReadData()
    #expect(board.block.read(offset, width: 4) & bit == bit, "OBF did not fall")
    board.respond(number, 1)
    #expect(board.block.serialIRQ(ofChannel: number).asserted == 1 << UInt16(irq))
    board.update(offset, bit, 0)
    #expect(board.block.serialIRQ(ofChannel: number).asserted == 0)
  }

  @Test func channel1CanDriveIRQ1AndIRQ12AtOnceAndNoOther() {
    var board = AspeedBoard(.ast2400)
    board.enable(1, at: 0xCA0)
    board.respond(1, 0, firing: 5)
    #expect(board.block.serialIRQ(ofChannel: 1).asserted == 0)
    board.block.write(0b11, to: 0x70, width: 4)
    #expect(board.block.serialIRQ(ofChannel: 1).asserted == 1 << 12 | 1 << 1)
  }

  /// One channel's byte leaves the others' enables, which share registers with it, alone.
  @Test func aHostReadEndsItsOwnSerialIRQOnly() {
    var board = AspeedBoard(.ast2600)
    for number in 1...4 {
      board.enable(number, at: 0xCA2)
      board.setSerialIRQ(number, UInt64(number + 4), .highLevel)
      board.respond(number, 0, firing: number == 1 ? 12 : 0)
    }
    for number in 1...4 {
      for other in 1...4 {
        #expect((board.block.serialIRQ(ofChannel: other).asserted != 0) == (other >= number))
      }
      _ = board.block[channel: number].hostReadData()
    }
    #expect(board.block.read(0x80, width: 4) == 0x0076_A000)
  }

  /// iBT's number and form are CR0's.
  @Test func ibtSerialIRQIsCR0s() {
    for irq in UInt64(0)..<16 {
      for form in [Form.lowLevel, .highLevel, .reserved, .risingEdge] {
        var board = AspeedBoard(.ast2600)
        let cr0 = 0x00E4_0001 | irq << 12 | UInt64(form.rawValue) << 10
        board.block.write(cr0, to: 0x140, width: 4)
        board.block.hostWrite(0x01, port: 0xE6)
        board.block.write(0x10, to: 0x150, width: 1)
        #expect(
          board.block.ibtSerialIRQ == AspeedSerialIRQ(asserted: 1 << UInt16(irq), form: form))
      }
    }
  }

  // MARK: Linux

  /// The probe, in its order: address, SERIRQ, mask, enable; then open, close, remove.
  @Test(arguments: AspeedGeneration.allCases) func linuxProbesAllFour(generation: AspeedGeneration)
  {
    var board = AspeedBoard(generation)
    let addresses: [UInt16] = [0xCA0, 0xCA8, 0xCA2, 0xCA4]
    let irqs: [UInt64] = [12, 9, 11, 10]
    for number in 1...4 {
      board.setAddress(number, addresses[number - 1])
      board.setSerialIRQ(number, irqs[number - 1], number == 4 ? .risingEdge : .lowLevel)
      board.setInterrupt(number, false)
      board.setEnable(number)
    }
    let expected: [(offset: Int, value: UInt64)] = [
      (0x00, 0xE0), (0x08, 0), (0x10, 0x84), (0x14, 0x0C), (0x18, 0xA2), (0x1C, 0x0C),
      (0x20, 0xA8), (0x70, 0), (0x80, 0x00B9_0000), (0x100, 0x01), (0x104, 0xAC),
      (0x110, 0x0CA5_0CA4), (0x120, 0),
    ]
    for (offset, value) in expected {
      #expect(board.block.read(offset, width: 4) == value, "\(offset)")
    }
    for number in 1...4 {
      #expect(board.block[channel: number].enables == .hostDecode)
      #expect(board.block.hostPorts(ofChannel: number)?.data == addresses[number - 1])
      board.setInterrupt(number)
    }
    #expect(board.block.read(0x08, width: 4) == 0x0E)
    #expect(board.block.read(0x100, width: 4) == 0x03)
    #expect(board.block.refusedAccesses == 0)

    // Close, then remove.
    for number in 1...4 {
      board.setInterrupt(number, false)
      board.setEnable(number, false)
      #expect(board.block[channel: number].enables == [])
    }
  }

  /// bt-bmc: what is left of B_BUSY, CR0 and CR1 after its probe.
  @Test func linuxProbesTheIBT() {
    var board = AspeedBoard(.ast2600)
    board.update(0x144, 0x41, .max)
    board.block.write(0x00E4_A00D, to: 0x140, width: 4)
    #expect(board.block.read(0x150, width: 1) == 0x80)
    board.block.write(0x80, to: 0x150, width: 1)
    #expect(board.block.read(0x150, width: 1) == 0)
    #expect(board.block.read(0x144, width: 4) == 0x41)
    #expect(board.block.target(ofHostPort: 0xE4) == .ibt(.control))
    #expect(board.block.interrupts == [])
  }

  // MARK: POST codes

  /// aspeed-lpc-snoop's probe, for one or both channels.
  static func snooping(_ generation: AspeedGeneration, _ ports: [UInt16]) -> AspeedBoard {
    var board = AspeedBoard(generation)
    for (index, port) in ports.enumerated() {
      board.update(0x80, 0b11 << UInt64(index * 2), .max)
      board.update(0x90, 0xFFFF << UInt64(index * 16), UInt64(port) << UInt64(index * 16))
      if generation != .ast2400 { board.update(0x100, 1 << UInt64(14 + index), .max) }
    }
    return board
  }

  @Test(arguments: AspeedGeneration.allCases) func postCodesArrive(generation: AspeedGeneration) {
    var board = Self.snooping(generation, [0x80, 0x81])
    #expect(board.block.read(0x100, width: 4) == (generation == .ast2400 ? 0 : 0xC000))
    board.block.hostWrite(0xA5, port: 0x80)
    #expect(board.block.interrupts == .snoop)
    #expect(board.block.read(0x84, width: 4) == 0x1)
    #expect(board.block.read(0x94, width: 4) == 0x00A5)
    board.block.hostWrite(0x5A, port: 0x81)
    #expect(board.block.read(0x84, width: 4) == 0x3)
    #expect(board.block.read(0x94, width: 4) == 0x5AA5)
    board.block.write(0x1, to: 0x84, width: 4)
    #expect(board.block.interrupts == .snoop)
    board.block.write(0x2, to: 0x84, width: 4)
    #expect(board.block.interrupts == [])
    #expect(board.block.read(0x94, width: 4) == 0x5AA5, "the bytes stay")
    board.block.hostWrite(1, port: 0x80)
    board.block.hostWrite(2, port: 0x80)
    #expect(board.block.read(0x94, width: 4) == 0x5A02, "the last byte counts")
  }

  /// Every port against every combination of the four enables.
  @Test func onlyEnabledPortsAreSnooped() {
    for enables in UInt64(0)..<16 {
      var base = Self.snooping(.ast2500, [0x80, 0x1234])
      base.block.write(enables, to: 0x80, width: 4)
      for port in [0x7F, 0x80, 0x81, 0x1233, 0x1234, 0x1235, 0x8080, 0xFFFF] as [UInt16] {
        var board = base
        board.block.postCode(port: port, value: 0xEE)
        let first = port == 0x80 && enables & 1 != 0
        let second = port == 0x1234 && enables & 4 != 0
        #expect(board.block.read(0x84, width: 4) == (first ? 1 : 0) | (second ? 2 : 0))
        #expect(board.block.read(0x94, width: 4) == (first ? 0xEE : 0) | (second ? 0xEE00 : 0))
        #expect(
          (board.block.interrupts == .snoop)
            == (first && enables & 2 != 0 || second && enables & 8 != 0))
      }
    }
  }

  /// A port of a KCS channel can be snooped as well, and both channels can have one port.
  @Test func snoopingTakesNothingAway() {
    var board = Self.snooping(.ast2600, [0xCA2, 0xCA2])
    board.enable(3, at: 0xCA2)
    board.block.hostWrite(0x42, port: 0xCA2)
    #expect(board.block.read(0x2C, width: 4) == 0x42)
    #expect(board.block.read(0x94, width: 4) == 0x4242)
    #expect(board.block.read(0x84, width: 4) == 0x3)
  }
}
