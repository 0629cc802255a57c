import TestSupport
import Testing

@testable import BMCPeripherals
@testable import SystemInterfaces

/// One register of the LPC block: how every bit of it answers the BMC.
struct AspeedRow: CustomTestStringConvertible, Sendable {
  var name: String
  var offset: Int
  var reset: UInt32 = 0
  /// Bits that read back what was written; the others read as after reset.
  var writable: UInt32
  /// Whether bits act when written, and tests of their own tell how.
  var acts = false
  /// Where the fact comes from.
  var source: String

  var testDescription: String { name }

  /// Registers of which at least one bit is interpreted, or whose access class is known.
  static func known(in generation: AspeedGeneration) -> [AspeedRow] {
    let linux = "kcs_bmc_aspeed"
    let bt = "regs-lpc.h, bt-bmc"
    let ancestor = "AST2050 data sheet"
    return [
      AspeedRow(name: "HICR0", offset: 0x00, writable: 0xFF, source: linux),
      AspeedRow(name: "HICR1", offset: 0x04, writable: 0x1F, source: ancestor),
      AspeedRow(name: "HICR2", offset: 0x08, writable: 0x0F, source: ancestor),
      AspeedRow(name: "HICR3", offset: 0x0C, writable: 0, source: ancestor),
      AspeedRow(name: "HICR4", offset: 0x10, writable: 0xDF, source: ancestor),
      AspeedRow(name: "LADR3H", offset: 0x14, writable: 0xFF, source: linux),
      AspeedRow(name: "LADR3L", offset: 0x18, writable: 0xFF, source: linux),
      AspeedRow(name: "LADR12H", offset: 0x1C, writable: 0xFF, source: linux),
      AspeedRow(name: "LADR12L", offset: 0x20, reset: 0x60, writable: 0xFF, source: ancestor),
      AspeedRow(name: "IDR1", offset: 0x24, writable: 0, source: ancestor),
      AspeedRow(name: "IDR2", offset: 0x28, writable: 0, source: ancestor),
      AspeedRow(name: "IDR3", offset: 0x2C, writable: 0, source: ancestor),
      AspeedRow(name: "ODR1", offset: 0x30, writable: 0xFF, source: ancestor),
      AspeedRow(name: "ODR2", offset: 0x34, writable: 0xFF, source: ancestor),
      AspeedRow(name: "ODR3", offset: 0x38, writable: 0xFF, source: ancestor),
      AspeedRow(name: "STR1", offset: 0x3C, writable: 0xF4, source: ancestor),
      AspeedRow(name: "STR2", offset: 0x40, writable: 0xF4, source: ancestor),
      AspeedRow(name: "STR3", offset: 0x44, writable: 0xF4, source: ancestor),
      AspeedRow(name: "SIRQCR0", offset: 0x70, writable: 0x7F, source: ancestor),
      AspeedRow(name: "SIRQCR1", offset: 0x74, writable: 0xFF, source: ancestor),
      AspeedRow(name: "SIRQCR2", offset: 0x78, writable: 0xFF, source: ancestor),
      AspeedRow(name: "SIRQCR3", offset: 0x7C, writable: 0xFF, source: ancestor),
      AspeedRow(name: "HICR5", offset: 0x80, writable: .max, source: linux),
      AspeedRow(name: "HICR6", offset: 0x84, writable: 0xFFFF_FFF0, source: "regs-lpc.h: W1C"),
      AspeedRow(name: "HICR7", offset: 0x88, writable: .max, source: ancestor),
      AspeedRow(name: "HICR8", offset: 0x8C, writable: .max, source: ancestor),
      AspeedRow(name: "SNPWADR", offset: 0x90, writable: .max, source: "aspeed-lpc-snoop"),
      AspeedRow(name: "SNPWDR", offset: 0x94, writable: 0, source: "aspeed-lpc-snoop"),
      AspeedRow(
        name: "HICRB", offset: 0x100, writable: generation == .ast2400 ? 0xFFFF_3FFF : .max,
        source: "\(linux); aspeed-lpc-snoop: bits 15:14 reserved on AST2400"),
      AspeedRow(name: "HICRC", offset: 0x104, writable: .max, source: linux),
      AspeedRow(name: "LADR4", offset: 0x110, writable: .max, source: linux),
      AspeedRow(name: "IDR4", offset: 0x114, writable: 0, source: linux),
      AspeedRow(name: "ODR4", offset: 0x118, writable: 0xFF, source: linux),
      AspeedRow(name: "STR4", offset: 0x11C, writable: 0xF4, source: linux),
      AspeedRow(name: "LSADR12", offset: 0x120, writable: .max, source: linux),
      AspeedRow(name: "IBTCR0", offset: 0x140, writable: 0xFFFC_FFFF, source: bt),
      AspeedRow(name: "IBTCR1", offset: 0x144, writable: .max, source: bt),
      AspeedRow(name: "IBTCR2", offset: 0x148, writable: 0, source: "\(bt): W1C"),
      AspeedRow(name: "IBTCR3", offset: 0x14C, writable: 0, source: "\(bt): read-only"),
      AspeedRow(
        name: "IBTCR4", offset: 0x150, reset: 0x80, writable: 0, acts: true,
        source: "\(bt): every bit sets, clears or toggles"),
      AspeedRow(name: "IBTCR5", offset: 0x154, writable: 0, source: "\(bt): other buffer read"),
      AspeedRow(
        name: "IBTCR6", offset: 0x158, writable: 0x1C, source: "\(bt): OEM bits are both sides'"),
    ]
  }

  /// Every register: what is not known is storage, of 8 bits in the part the AST2050 has.
  static func all(in generation: AspeedGeneration) -> [AspeedRow] {
    let known = known(in: generation)
    return stride(from: 0, to: 0x260, by: 4).map { offset in
      known.first { $0.offset == offset }
        ?? AspeedRow(
          name: "\(String(offset, radix: 16, uppercase: true))h", offset: offset,
          writable: offset < 0x80 ? 0xFF : .max, source: "regs-lpc.h, as storage")
    }
  }
}

@Suite struct AspeedRegisterTests {
  @Test(arguments: AspeedGeneration.allCases)
  func readsItsResetValue(generation: AspeedGeneration) {
    var block = AspeedLPC(generation)
    for row in AspeedRow.all(in: generation) {
      #expect(block.read(row.offset, width: 4) == UInt64(row.reset), "\(row.name)")
    }
    #expect(block.refusedAccesses == 0)
    #expect(block.interrupts == [])
  }

  /// Each bit alone, and all but that bit.
  @Test(arguments: AspeedGeneration.allCases)
  func everyBitIsWritableOrFixed(generation: AspeedGeneration) {
    for row in AspeedRow.all(in: generation) where !row.acts {
      for bit in 0..<32 {
        var block = AspeedLPC(generation)
        for written in [UInt32(1) << bit, ~(1 << bit), 0] {
          block.write(UInt64(written), to: row.offset, width: 4)
          let expected = UInt64(
            written & row.writable | row.reset & ~row.writable)
          #expect(
            block.read(row.offset, width: 4) == expected, "\(row.name), bit \(bit): \(row.source)")
        }
      }
    }
  }

  @Test(arguments: AspeedGeneration.allCases)
  func aWriteReachesNoOtherRegister(generation: AspeedGeneration) {
    let rows = AspeedRow.all(in: generation)
    for row in rows {
      var block = AspeedLPC(generation)
      block.write(.max, to: row.offset, width: 4)
      for other in rows where other.offset != row.offset {
        var expected = other.reset
        // ODR sets OBF of its STR, and HICR4 puts the other bank into LADR12.
        if row.name.hasPrefix("ODR"), other.name == "STR\(row.name.last!)" { expected = 1 }
        if row.name == "HICR4", other.name == "LADR12L" { expected = 0x62 }
        // The write pointer moves; OEM3 to OEM1 rose.
        if row.name == "IBTCR5", other.name == "IBTCR3" { expected = 0x100 }
        if row.name == "IBTCR6", other.name == "IBTCR2" { expected = 0x7000 }
        #expect(
          block.read(other.offset, width: 4) == UInt64(expected), "\(row.name), \(other.name)")
      }
    }
  }

  /// Every aligned access of 1 and 2 bytes reaches its own bytes and no others.
  @Test(arguments: [1, 2]) func aNarrowAccessReachesItsBytes(width: Int) {
    let ones = UInt64(1) << (width * 8) - 1
    for row in AspeedRow.all(in: .ast2600) where !row.acts {
      for lane in stride(from: 0, to: 4, by: width) {
        var block = AspeedLPC(.ast2600)
        let reset = UInt64(row.reset)
        #expect(
          block.read(row.offset + lane, width: width) == reset >> (lane * 8) & ones, "\(row.name)")
        block.write(.max, to: row.offset + lane, width: width)
        let written = ones << (lane * 8)
        let expected = reset & ~written | written & UInt64(row.writable)
        #expect(block.read(row.offset, width: 4) == expected, "\(row.name), byte \(lane)")
        #expect(
          block.read(row.offset + lane, width: width) == expected >> (lane * 8) & ones,
          "\(row.name), byte \(lane)")
        #expect(block.refusedAccesses == 0)
      }
    }
  }

  /// What a data register causes goes with its lowest byte.
  @Test(arguments: 1...4) func theUpperBytesOfADataRegisterCauseNothing(number: Int) {
    let registers = AspeedBoard.kcs[number - 1]
    var board = AspeedBoard(.ast2600)
    board.enable(number, at: 0xCA2)
    board.block[channel: number].hostWriteData(0x5A)
    board.block.write(.max, to: registers.odr + 2, width: 2)
    #expect(board.block.read(registers.idr + 1, width: 1) == 0)
    #expect(board.block.read(registers.str, width: 1) == 0x02)
    board.block.write(0x77, to: registers.odr, width: 1)
    board.block.write(0, to: registers.str + 1, width: 1)
    #expect(board.block.read(registers.str, width: 4) == 0x03)
    #expect(board.block.read(registers.idr, width: 2) == 0x5A)
    #expect(board.block.read(registers.str, width: 4) == 0x01)
  }

  @Test func otherAccessesReadZeroAndChangeNothing() {
    var block = AspeedLPC(.ast2500)
    var refused: UInt32 = 0
    for offset in -8..<AspeedLPC.size + 8 {
      for width in [0, 1, 2, 3, 4, 8, -1] {
        let isRegister =
          (0..<0x260).contains(offset) && [1, 2, 4].contains(width) && offset % max(width, 1) == 0
        guard !isRegister else { continue }
        block.write(.max, to: offset, width: width)
        #expect(block.read(offset, width: width) == 0)
        refused += 2
      }
    }
    #expect(block.refusedAccesses == refused)
    for row in AspeedRow.all(in: .ast2500) {
      #expect(block.read(row.offset, width: 4) == UInt64(row.reset), "\(row.name)")
    }
  }

  @Test func ladr12IsBankedByLADR12AS() {
    var block = AspeedLPC(.ast2600)
    block.write(0x0C, to: 0x1C, width: 4)
    block.write(0xA0, to: 0x20, width: 4)
    block.write(0x80, to: 0x10, width: 4)
    #expect(block.read(0x1C, width: 4) == 0)
    #expect(block.read(0x20, width: 4) == 0x62)
    block.write(0x0D, to: 0x1C, width: 4)
    block.write(0xA8, to: 0x20, width: 4)
    block.write(0, to: 0x10, width: 4)
    #expect(block.read(0x1C, width: 4) == 0x0C)
    #expect(block.read(0x20, width: 4) == 0xA0)
    block.write(0x80, to: 0x10, width: 4)
    #expect(block.read(0x1C, width: 4) == 0x0D)
    #expect(block.read(0x20, width: 4) == 0xA8)
  }

  /// STR bit 0 over all values of STR and all written ones: 0 clears OBF, 1 never sets it.
  @Test(arguments: 1...4) func aWriteOfSTRClearsOBFWithAZero(number: Int) {
    let registers = AspeedBoard.kcs[number - 1]
    for flags in UInt8(0)..<8 {
      for written in UInt8.min...UInt8.max {
        var board = AspeedBoard(.ast2600)
        board.enable(number, at: 0xCA2)
        if flags & 4 != 0 {
          board.block[channel: number].hostWriteCommand(0x61)
        } else {
          board.block[channel: number].hostWriteData(0x61)
        }
        if flags & 2 == 0 { _ = board.block.read(registers.idr, width: 4) }
        if flags & 1 != 0 { board.block.write(0x99, to: registers.odr, width: 4) }
        board.block.write(UInt64(written), to: registers.str, width: 4)
        let kept = (flags & 4) << 1 | flags & 2 | flags & written & 1
        #expect(board.block.read(registers.str, width: 4) == UInt64(written & 0xF4 | kept))
        #expect(board.block.read(registers.odr, width: 4) == (flags & 1 != 0 ? 0x99 : 0))
      }
    }
  }

  /// Linux reads ODR nowhere, but the register answers; reading it changes nothing.
  @Test(arguments: 1...4) func theBMCReadsODRBack(number: Int) {
    let registers = AspeedBoard.kcs[number - 1]
    var board = AspeedBoard(.ast2400)
    board.block.write(0xAB, to: registers.odr, width: 4)
    #expect(board.block.read(registers.odr, width: 4) == 0xAB)
    #expect(board.block.read(registers.str, width: 4) == 1)
  }

  /// Any access pattern from either side has a defined answer, and the block works afterwards.
  @Test(arguments: AspeedGeneration.allCases)
  func randomAccessesNeverTrapAndTheLinkStillWorks(generation: AspeedGeneration) {
    var random = SplitMix64(seed: 0x4153_5432_3630_3000)
    var board = AspeedBoard(generation)
    for _ in 0..<100_000 {
      let draw = random.next()
      let offset = Int(draw % 0x280)
      let width = [1, 2, 4, 4, 4, 4, 3, 8][Int(draw >> 10 & 7)]
      // The low port numbers, which random addresses of few bits hit.
      let port = UInt16(truncatingIfNeeded: draw >> 16 & 0x01FF)
      switch draw >> 32 & 3 {
      case 0: _ = board.block.read(offset, width: width)
      case 1: board.block.write(draw >> 34 & 0x01FF_01FF, to: offset, width: width)
      case 2: board.block.hostWrite(UInt8(draw >> 40 & 0xFF), port: port)
      default: _ = board.block.hostRead(port: port)
      }
      for number in 1...4 {
        let isFull = board.block[channel: number].str.contains(.outputBufferFull)
        if board.block.serialIRQ(ofChannel: number).asserted != 0, !isFull {
          Issue.record("SERIRQ without OBF, \(random)")
        }
      }
    }
    for row in AspeedRow.all(in: generation) where !row.acts {
      board.block.write(0, to: row.offset, width: 4)
    }
    board.block.write(0xF, to: 0x84, width: 4)
    #expect(board.block.interrupts == [], "\(random)")
    board.enable(2, at: 0xCA8)
    board.block.write(0x04, to: 0x08, width: 4)
    _ = board.block.read(0x28, width: 4)
    board.block.hostWrite(0x61, port: 0xCAC)
    #expect(board.block.interrupts == .kcs2, "\(random)")
    #expect(board.block.read(0x28, width: 4) == 0x61)
  }
}
