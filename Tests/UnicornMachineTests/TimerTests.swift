import Testing

@testable import UnicornMachine

/// The timers of the boards on a clock of the test's.
struct TimerTests {
  @Test func theGlobalTimerInterruptsAtItsComparator() throws {
    var timer = GlobalTimer(period: 10)
    timer.write(0b001, to: 0x08, mask: .max, now: 1000)
    #expect(timer.read(0x00, now: 1990) == 99)
    timer.write(500, to: 0x10, mask: .max, now: 2000)
    timer.write(0, to: 0x14, mask: .max, now: 2000)
    timer.write(0b111, to: 0x08, mask: .max, now: 2000)
    let deadline = try #require(timer.deadline)
    #expect(deadline == 6000)
    timer.advance(to: deadline - 1)
    #expect(!timer.interrupt)
    timer.advance(to: deadline)
    #expect(timer.interrupt)
    #expect(timer.deadline == nil)
    #expect(timer.read(0x0C, now: deadline) == 1)
    // Cleared while the counter is past the comparator: it is due at once.
    timer.write(0b001, to: 0x08, mask: .max, now: deadline)
    timer.write(1, to: 0x0C, mask: .max, now: deadline)
    #expect(!timer.interrupt)
    timer.write(0b111, to: 0x08, mask: .max, now: deadline)
    #expect(timer.interrupt)
  }

  @Test func theGlobalTimersUpperHalfCountsOn() {
    var timer = GlobalTimer(period: 1)
    timer.write(0xFFFF_FFF0, to: 0x00, mask: .max, now: 0)
    timer.write(1, to: 0x08, mask: .max, now: 0)
    #expect(timer.read(0x04, now: 15) == 0)
    #expect(timer.read(0x04, now: 16) == 1)
    #expect(timer.read(0x00, now: 20) == 4)
  }

  @Test func anAspeedTimerCountsDownAndStartsOver() throws {
    var timer = AspeedTimer()
    timer.write(9, to: 0x14, mask: .max, now: 0)
    timer.write(0b0111 << 4, to: 0x30, mask: .max, now: 500)
    #expect(timer.read(0x10, now: 500) == 9)
    #expect(timer.read(0x10, now: 3500) == 6)
    #expect(timer.deadline == 9500)
    #expect(timer.advance(to: 9499) == 0)
    #expect(timer.advance(to: 9500) == 0b10)
    #expect(timer.read(0x10, now: 9500) == 0)
    #expect(timer.read(0x10, now: 10_500) == 9)
    #expect(timer.deadline == 19_500)
    // Whatever was missed is one edge.
    #expect(timer.advance(to: 100_000) == 0b10)
    timer.write(0, to: 0x30, mask: .max, now: 100_000)
    #expect(timer.deadline == nil)
  }

  @Test func theGenericTimerIsDueFromItsCompareValueOn() throws {
    var timer = GenericTimer(period: 1)
    let setCompare = try #require(GenericTimer.Instruction(0xEC41_0F3E))
    let setControl = try #require(GenericTimer.Instruction(0xEE0E_2F33))
    #expect(setCompare.register == .compare(1))
    #expect(setControl.register == .control(1))
    #expect(!setCompare.isLoad)
    #expect(setCompare.high == 1)
    _ = timer.execute(setCompare, 5000, now: 0)
    _ = timer.execute(setControl, 1, now: 0)
    #expect(timer.deadline(after: 0) == 5000)
    #expect(!timer.interrupt(1, at: 4999))
    #expect(timer.interrupt(1, at: 5000))
    #expect(!timer.interrupt(0, at: 5000))
    #expect(timer.deadline(after: 5000) == nil)
    _ = timer.execute(setControl, 0b11, now: 5000)
    #expect(!timer.interrupt(1, at: 5000))
  }

  @Test func onlyTheTimersInstructionsAreTaken() throws {
    // mrrc p15, 1, r0, r1, c14 and its physical sister.
    #expect(try #require(GenericTimer.Instruction(0xEC51_0F1E)).register == .count)
    #expect(try #require(GenericTimer.Instruction(0xEC51_0F0E)).isLoad)
    // mrc p15, 0, r0, c14, c0, 0
    #expect(try #require(GenericTimer.Instruction(0xEE1E_0F10)).register == .frequency)
    // mrc p15, 0, r0, c1, c0, 0; mcr p15, 0, r0, c12, c0, 0; ldr r0, [pc]; an unconditional one.
    for word in [0xEE11_0F10, 0xEE0C_0F10, 0xE59F_0000, 0xFC51_0F1E] as [UInt32] {
      #expect(GenericTimer.Instruction(word) == nil)
    }
  }

  @Test func aWatchdogResetsInTime() {
    var npcm = NPCM7xxWatchdog()
    npcm.write(0x80 | 0b11, now: 1000)
    #expect(npcm.deadline == 1000 + (1 << 14 + 1024) * 40 as UInt64)
    npcm.write(0x80, now: 2000)
    #expect(npcm.deadline == nil)

    var aspeed = AspeedWatchdog()
    aspeed.write(10, to: 0x04, now: 0)
    aspeed.write(0b11, to: 0x0C, now: 0)
    #expect(aspeed.deadline == 10_000)
    aspeed.write(0x4755, to: 0x08, now: 9_000)
    #expect(aspeed.deadline == 19_000)
    aspeed.write(0x1234, to: 0x08, now: 15_000)
    #expect(aspeed.deadline == 19_000)
    aspeed.write(0, to: 0x0C, now: 15_000)
    #expect(aspeed.deadline == nil)
  }

  @Test func theIntervalTimerCountsDownAt1193182Hz() {
    var timer = IntervalTimer()
    func count(at time: UInt64) -> UInt16 {
      timer.write(0, to: 0x43, at: time)
      return UInt16(timer.read(at: time + 1000)) | UInt16(timer.read(at: time + 2000)) << 8
    }
    let first = count(at: 0)
    #expect(first &- count(at: 1_000_000) == 1193)
    #expect(first &- count(at: 10_000_000) == 11_931)
  }
}

/// The PC's clock.
struct RealTimeClockTests {
  /// Seconds, and year, month, day, hour, minute and second in BCD.
  static let dates: [(UInt64, [UInt8])] = [
    (0, [0x26, 0x01, 0x01, 0x00, 0x00, 0x00]), (59, [0x26, 0x01, 0x01, 0x00, 0x00, 0x59]),
    (131_640, [0x26, 0x01, 0x02, 0x12, 0x34, 0x00]),
    (2_678_400, [0x26, 0x02, 0x01, 0x00, 0x00, 0x00]),
    (31_449_600, [0x26, 0x12, 0x31, 0x00, 0x00, 0x00]),
  ]

  @Test(arguments: dates)
  func itSaysTheDateOfAVirtualTime(_ seconds: UInt64, _ expected: [UInt8]) {
    var clock = RealTimeClock()
    let registers: [UInt8] = [9, 8, 7, 4, 2, 0]
    let read = registers.map { register in
      clock.write(register | 0x80, to: 0x70)
      return clock.read(0x71, at: seconds * 1_000_000_000)
    }
    #expect(read == expected)
    #expect(clock.read(0x70, at: 0) == 0xFF)
  }
}

/// Registers narrower and wider than a word, and the UART.
struct DeviceTests {
  @Test func partsOfARegisterAreReachedAlone() {
    var file = RegisterFile(size: 8, fixed: [.init(offset: 4, ones: 0x100, zeros: 1)])
    file.store(0xA1B2_C3D4, to: 0, width: 4, now: 0)
    file.store(0xEE, to: 1, width: 1, now: 0)
    #expect(file.load(0, width: 4, now: 0) == 0xA1B2_EED4)
    #expect(file.load(2, width: 2, now: 0) == 0xA1B2)
    #expect(file.load(3, width: 1, now: 0) == 0xA1)
    // Across two registers, wider than one, past the end.
    #expect(file.load(2, width: 4, now: 0) == 0)
    file.store(.max, to: 3, width: 2, now: 0)
    file.store(.max, to: 8, width: 4, now: 0)
    #expect(file.load(0, width: 4, now: 0) == 0xA1B2_EED4)
    #expect(file.load(8, width: 4, now: 0) == 0)
    file.store(0xFF, to: 4, width: 4, now: 0)
    #expect(file.load(4, width: 4, now: 0) == 0x1FE)
  }

  @Test func theUARTSendsAndInterruptsWhenItIsEmpty() {
    var uart = UART16550()
    #expect(uart.load(0x14, width: 4, now: 0) == 0x60)
    uart.store(0x41, to: 0, width: 1, now: 0)
    #expect(!uart.interrupt)
    uart.store(0b10, to: 4, width: 4, now: 0)
    #expect(uart.interrupt)
    #expect(uart.load(8, width: 4, now: 0) & 0xF == 0b0010)
    #expect(!uart.interrupt)
    // The divisor is not sent.
    uart.store(0x80, to: 0x0C, width: 4, now: 0)
    uart.store(0x0D, to: 0, width: 1, now: 0)
    #expect(uart.load(0, width: 1, now: 0) == 0x0D)
    uart.store(0x03, to: 0x0C, width: 4, now: 0)
    uart.store(0x42, to: 0, width: 1, now: 0)
    #expect(uart.takeOutput() == [0x41, 0x42])
    #expect(uart.takeOutput().isEmpty)
  }
}
