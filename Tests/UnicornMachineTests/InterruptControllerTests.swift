import Testing

@testable import UnicornMachine

/// The distributor and the processor interface, register by register.
struct GICTests {
  /// A controller that is on, with nothing enabled.
  private static func makeGIC() -> GIC {
    var gic = GIC()
    gic.writeDistributor(1, to: 0x000, mask: .max)
    gic.writeProcessor(1, to: 0x00)
    gic.writeProcessor(0xFF, to: 0x04)
    return gic
  }

  @Test(arguments: [27, 32, 41, 63, 64, 175, 191])
  func aLevelIsTakenOnceUntilItsEnd(_ line: Int) {
    var gic = Self.makeGIC()
    let (register, bit) = (line / 32 * 4, 1 << UInt32(line % 32) as UInt32)
    gic.setLevel(line, true)
    #expect(!gic.interrupt)
    gic.writeDistributor(bit, to: 0x100 + register, mask: .max)
    #expect(gic.readDistributor(0x180 + register) == bit)
    #expect(gic.readDistributor(0x200 + register) == bit)
    #expect(gic.interrupt)
    #expect(gic.readProcessor(0x0C) == UInt32(line))
    #expect(gic.readDistributor(0x300 + register) == bit)
    #expect(!gic.interrupt)
    #expect(gic.readProcessor(0x0C) == GIC.spurious)
    // Still high: pending again.
    gic.writeProcessor(UInt32(line), to: 0x10)
    #expect(gic.interrupt)
    gic.setLevel(line, false)
    #expect(!gic.interrupt)
    gic.setLevel(line, true)
    gic.writeDistributor(bit, to: 0x180 + register, mask: .max)
    #expect(!gic.interrupt)
  }

  @Test func theLowestPriorityValueComesFirstAndInterruptsOthers() {
    var gic = Self.makeGIC()
    gic.writeDistributor(0b1111, to: 0x104, mask: .max)
    gic.writeDistributor(0x40_20_20_80, to: 0x420, mask: .max)
    #expect(gic.readDistributor(0x420) == 0x40_20_20_80)
    for line in 32...35 { gic.setLevel(line, true) }
    #expect(gic.readProcessor(0x18) == 33)
    #expect(gic.readProcessor(0x0C) == 33)
    #expect(gic.readProcessor(0x14) == 0x20)
    // As urgent, less urgent: neither interrupts the handler.
    #expect(!gic.interrupt)
    gic.writeDistributor(0x10 << 24, to: 0x420, mask: 0xFF00_0000)
    #expect(gic.readProcessor(0x0C) == 35)
    gic.writeProcessor(35, to: 0x10)
    gic.setLevel(35, false)
    gic.writeProcessor(33, to: 0x10)
    gic.setLevel(33, false)
    #expect(gic.readProcessor(0x0C) == 34)
  }

  @Test func thePriorityMaskHoldsBack() {
    var gic = Self.makeGIC()
    gic.writeDistributor(1, to: 0x104, mask: .max)
    gic.writeDistributor(0x80, to: 0x420, mask: 0xFF)
    gic.setLevel(32, true)
    gic.writeProcessor(0x80, to: 0x04)
    #expect(!gic.interrupt)
    gic.writeProcessor(0x81, to: 0x04)
    #expect(gic.interrupt)
    gic.writeDistributor(0, to: 0x000, mask: .max)
    #expect(!gic.interrupt)
  }

  @Test func anEdgeIsRememberedOnce() {
    var gic = Self.makeGIC()
    gic.writeDistributor(0b10, to: 0xC08, mask: .max)
    #expect(gic.readDistributor(0xC08) == 0b10)
    gic.writeDistributor(1, to: 0x104, mask: .max)
    gic.setLevel(32, true)
    gic.setLevel(32, false)
    #expect(gic.readProcessor(0x0C) == 32)
    gic.writeProcessor(32, to: 0x10)
    #expect(!gic.interrupt)
  }

  @Test func softwareInterruptsItself() {
    var gic = Self.makeGIC()
    gic.writeDistributor(0xFFFF, to: 0x100, mask: .max)
    gic.writeDistributor(1 << 16 | 5, to: 0xF00, mask: .max)
    #expect(gic.readProcessor(0x0C) == 5)
    gic.writeDistributor(2 << 24 | 6, to: 0xF00, mask: .max)
    gic.writeProcessor(5, to: 0x10)
    #expect(gic.readProcessor(0x0C) == 6)
    // To processor 1 only.
    gic.writeProcessor(6, to: 0x10)
    gic.writeDistributor(1 << 17 | 7, to: 0xF00, mask: .max)
    #expect(!gic.interrupt)
  }

  @Test func everyOffsetHasAnAnswer() {
    var gic = Self.makeGIC()
    for offset in stride(from: 0, to: 0x1000, by: 4) {
      gic.writeDistributor(.max, to: offset, mask: .max)
      _ = gic.readDistributor(offset)
      gic.writeProcessor(.max, to: offset & 0xFFF)
      _ = gic.readProcessor(offset & 0xFFF)
    }
    #expect(gic.readDistributor(0x004) & 0x1F == 5)
  }
}

/// The ASPEED controller: levels as they are wired, edges that are kept until cleared.
struct AspeedVICTests {
  @Test(arguments: [8, 31, 32, 50])
  func aLevelIsNotKept(_ line: Int) {
    var vic = AspeedVIC()
    let (offset, bit) = (line / 32 * 4, 1 << UInt32(line % 32) as UInt32)
    vic.setLevel(line, true)
    #expect(vic.read(0x90 + offset, now: 0) == bit)
    #expect(!vic.interrupt)
    vic.write(bit, to: 0xA0 + offset, mask: .max, now: 0)
    #expect(vic.interrupt)
    #expect(vic.read(0x80 + offset, now: 0) == bit)
    vic.setLevel(line, false)
    #expect(!vic.interrupt)
    vic.setLevel(line, true)
    vic.write(bit, to: 0xA8 + offset, mask: .max, now: 0)
    #expect(!vic.interrupt)
  }

  @Test(arguments: [16, 17, 18, 35, 39])
  func aTimersEdgeIsKeptUntilCleared(_ line: Int) {
    var vic = AspeedVIC()
    let (offset, bit) = (line / 32 * 4, 1 << UInt32(line % 32) as UInt32)
    vic.write(bit, to: 0xA0 + offset, mask: .max, now: 0)
    vic.setLevel(line, true)
    vic.setLevel(line, false)
    #expect(vic.interrupt)
    vic.write(bit, to: 0xD8 + offset, mask: .max, now: 0)
    #expect(!vic.interrupt)
  }

  @Test func aSelectedLineIsAFastInterrupt() {
    var vic = AspeedVIC()
    vic.write(1 << 8, to: 0x98, mask: .max, now: 0)
    vic.write(1 << 8, to: 0xA0, mask: .max, now: 0)
    vic.setLevel(8, true)
    #expect(vic.fastInterrupt)
    #expect(!vic.interrupt)
    #expect(vic.read(0x88, now: 0) == 1 << 8)
  }

  @Test func softwareRaisesAndLowers() {
    var vic = AspeedVIC()
    vic.write(1 << 3, to: 0xA0, mask: .max, now: 0)
    vic.write(1 << 3, to: 0xB0, mask: .max, now: 0)
    #expect(vic.interrupt)
    vic.write(1 << 3, to: 0xB8, mask: .max, now: 0)
    #expect(!vic.interrupt)
  }
}
