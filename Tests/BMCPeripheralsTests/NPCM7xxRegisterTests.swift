import Testing

@testable import BMCPeripherals
@testable import SystemInterfaces

/// One register of the module: how every bit of it answers the BMC.
struct RegisterRow: CustomTestStringConvertible, Sendable {
  var name: String
  var offset: Int
  var reset: UInt8
  /// Bits that read back what was written.
  var writable: UInt8
  /// Bits that read 1 whatever was written.
  var fixedOnes: UInt8 = 0
  /// Where the fact comes from.
  var source: String

  var testDescription: String { name }

  /// Every register of the module; side effects of data registers have tests of their own.
  static let all: [RegisterRow] =
    ["HICTRL", "HIIRQC", "HIKMST", "HIKDO", "HIMDO", "HIKMDI"].enumerated().map {
      RegisterRow(
        name: $1, offset: $0 * 2, reset: 0, writable: 0xFF, source: "npcm750_regs.h, as storage")
    }
    + (1...3).flatMap { number -> [RegisterRow] in
      let base = 0x0C + (number - 1) * 0x12
      return [
        RegisterRow(
          name: "KCS\(number)ST", offset: base, reset: 0, writable: 0xF4,
          source: "npcm750_regs.h: CMD, IBF, OBF are the hardware's"),
        RegisterRow(
          name: "KCS\(number)DO", offset: base + 0x2, reset: 0, writable: 0,
          source: "write-only"),
        RegisterRow(
          name: "KCS\(number)DI", offset: base + 0x4, reset: 0, writable: 0, source: "read-only"),
        RegisterRow(
          name: "KCS\(number)DOC", offset: base + 0x6, reset: 0, writable: 0,
          source: "write-only"),
        RegisterRow(
          name: "KCS\(number)DOM", offset: base + 0x8, reset: 0, writable: 0,
          source: "write-only"),
        RegisterRow(
          name: "KCS\(number)DIC", offset: base + 0xA, reset: 0, writable: 0, source: "read-only"),
        RegisterRow(
          name: "KCS\(number)CTL", offset: base + 0xC, reset: 0xC0, writable: 0x7B,
          fixedOnes: 0x80, source: "npcm750_regs.h: EME forced to 1, bit 2 reserved"),
        RegisterRow(
          name: "KCS\(number)IC", offset: base + 0xE, reset: 0x41, writable: 0x7F,
          source: "npcm750_regs.h: SCIIS acts on write"),
        RegisterRow(
          name: "KCS\(number)IE", offset: base + 0x10, reset: 0, writable: 0x7F,
          source: "npcm750_regs.h: bit 7 reserved"),
      ]
    }
    + [
      RegisterRow(name: "BPCFA2L", offset: 0x42, reset: 0, writable: 0xFF, source: bpc),
      RegisterRow(name: "BPCFA2M", offset: 0x44, reset: 0, writable: 0xFF, source: bpc),
      RegisterRow(name: "BPCFEN", offset: 0x46, reset: 0, writable: 0xFF, source: bpc),
      RegisterRow(name: "BPCFSTAT", offset: 0x48, reset: 0, writable: 0, source: bpc),
      RegisterRow(name: "BPCFDATA", offset: 0x4A, reset: 0, writable: 0, source: bpc),
      RegisterRow(
        name: "BPCFMSTAT", offset: 0x4C, reset: 0, writable: 0, source: "npcm750_regs.h: W1C"),
      RegisterRow(name: "HIGLUE", offset: 0x4E, reset: 0, writable: 0xFF, source: bpc),
      RegisterRow(name: "BPCFA1L", offset: 0x50, reset: 0x80, writable: 0xFF, source: bpc),
      RegisterRow(name: "BPCFA1M", offset: 0x52, reset: 0, writable: 0xFF, source: bpc),
      RegisterRow(name: "BPCSDR", offset: 0x54, reset: 0, writable: 0xFF, source: bpc),
    ]
  static let bpc = "npcm750_regs.h, reset from Google's QEMU model"
}

@Suite struct NPCM7xxRegisterTests {
  @Test func theTableHasEveryRegisterOnce() {
    #expect(Set(RegisterRow.all.map(\.offset)) == Set(stride(from: 0, through: 0x54, by: 2)))
    #expect(RegisterRow.all.count == 43)
    #expect(RegisterRow.all.first { $0.name == "KCS3IE" }?.offset == 0x40)
  }

  @Test(arguments: RegisterRow.all) func readsItsResetValue(row: RegisterRow) {
    var module = NPCM7xxHostInterface()
    #expect(module.read(row.offset, width: 1) == UInt64(row.reset))
    #expect(module.refusedAccesses == 0)
  }

  @Test(arguments: RegisterRow.all) func everyBitIsWritableOrFixed(row: RegisterRow) {
    var module = NPCM7xxHostInterface()
    for written in UInt8.min...UInt8.max {
      module.write(UInt64(written), to: row.offset, width: 1)
      let expected = written & row.writable | row.fixedOnes
      #expect(module.read(row.offset, width: 1) == UInt64(expected), "\(row.source)")
    }
  }

  @Test(arguments: RegisterRow.all) func aWriteReachesNoOtherRegister(row: RegisterRow) {
    var module = NPCM7xxHostInterface()
    module.write(0xFF, to: row.offset, width: 1)
    for other in RegisterRow.all where other.offset != row.offset {
      let isStatusOfDataOut =
        other.name.hasSuffix("ST") && row.name.prefix(4) == other.name.prefix(4)
        && row.name.dropFirst(4).hasPrefix("DO")
      let expected = isStatusOfDataOut ? 0x01 : other.reset
      #expect(module.read(other.offset, width: 1) == UInt64(expected), "\(other.name)")
    }
  }

  @Test(arguments: [2, 4, 8]) func widerAccessesReadZeroAndChangeNothing(width: Int) {
    var module = NPCM7xxHostInterface()
    for offset in 0..<0x60 {
      module.write(.max, to: offset, width: width)
      #expect(module.read(offset, width: width) == 0)
    }
    #expect(module.refusedAccesses == 0x60 * 2)
    for row in RegisterRow.all {
      #expect(module.read(row.offset, width: 1) == UInt64(row.reset))
    }
  }

  @Test func offsetsWithoutARegisterReadZeroAndChangeNothing() {
    var module = NPCM7xxHostInterface()
    let known = Set(RegisterRow.all.map(\.offset))
    let unknown = (0..<NPCM7xxHostInterface.size).filter { !known.contains($0) }
    for offset in unknown {
      module.write(0xFF, to: offset, width: 1)
      #expect(module.read(offset, width: 1) == 0)
    }
    #expect(module.refusedAccesses == UInt32(unknown.count * 2))
    for row in RegisterRow.all {
      #expect(module.read(row.offset, width: 1) == UInt64(row.reset))
    }
  }
}
