import BMCPeripherals
import LinkHammer
import RegisterLink
import SystemInterfaces
import Testing

/// What one side's access means for the other: who is told, what the ports are, what restarts do.
@Suite struct LinkedAccessTests {
  private let words = Words()

  private var kcs3: LinkedKCSPorts<Words> {
    LinkedKCSPorts(words, channel: 3, dataPort: 0xCA2, statusPort: 0xCA3)
  }

  /// KCS3 at CA2h with its interrupts, IRQ 10 for the host.
  private func aspeed() -> LinkedRegisters<AspeedLPC, Words> {
    var registers = LinkedRegisters(AspeedLPC.prepared, on: words)
    registers.write(1 << 3, to: 0x08, width: 4)
    registers.write(10 << 20 | 1 << 15, to: 0x80, width: 4)
    _ = registers.takeHostConcern()
    return registers
  }

  @Test func theHostHasPortsOnceTheBMCHasEnabledThem() {
    #expect(kcs3.read(0xCA3).result == 0xFF, "no BMC has ever joined")
    var registers = LinkedRegisters(AspeedLPC(.ast2600), on: words)
    #expect(kcs3.read(0xCA3).result == 0xFF)
    registers.write(0x0C, to: 0x14, width: 4)
    registers.write(0xA2, to: 0x18, width: 4)
    registers.write(0x80, to: 0x00, width: 4)
    #expect(kcs3.read(0xCA3).result == 0xFF, "KCSENBL is missing")
    registers.write(0x04, to: 0x10, width: 4)
    #expect(kcs3.read(0xCA3).result == 0)
    let elsewhere = LinkedKCSPorts(words, channel: 3, dataPort: 0xCA8, statusPort: 0xCA9)
    #expect(elsewhere.read(0xCA9).result == 0xFF)
    #expect(!elsewhere.write(0x61, to: 0xCA9).concernsBMC)
    #expect(registers.read(0x44, width: 4) == 0)
    registers.write(0xB2, to: 0x18, width: 4)
    #expect(kcs3.read(0xCA3).result == 0xFF, "the BMC has moved it")
  }

  @Test func theHostsAccessesConcernTheBMCWhereItsInterruptChanges() {
    var registers = aspeed()
    #expect(!kcs3.read(0xCA3).concernsBMC)
    #expect(kcs3.write(0x61, to: 0xCA3).concernsBMC)
    #expect(!kcs3.write(0x61, to: 0xCA3).concernsBMC, "IBF is set already")
    registers.synchronize()
    #expect(registers.module.interruptSources == AspeedLPC.Interrupts.kcs3.rawValue)
    #expect(registers.read(0x2C, width: 4) == 0x61)
    #expect(registers.module.interruptSources == 0)
    #expect(registers.takeHostConcern() == false)
  }

  /// IRQXEn after ODR, as Linux does it; the block forgets it with OBF, which the host clears.
  @Test func theHostsInterruptComesWithIRQXEnAndEndsWithOBF() {
    var registers = aspeed()
    registers.write(0x55, to: 0x38, width: 4)
    #expect(registers.takeHostConcern() == false)
    #expect(!kcs3.interrupt)
    let hicr5 = registers.read(0x80, width: 4)
    registers.write(hicr5 | 1 << 14, to: 0x80, width: 4)
    #expect(registers.takeHostConcern() == true)
    #expect(kcs3.interrupt)
    #expect(kcs3.interrupts == 1 << 10)
    let read = kcs3.read(0xCA2)
    #expect(read.result == 0x55 && !read.interrupt)
    // The next byte must not bring the interrupt of the last.
    registers.write(0x66, to: 0x38, width: 4)
    #expect(!kcs3.interrupt)
    #expect(registers.read(0x80, width: 4) == hicr5)
  }

  @Test func theInterruptOfNuvotonsFollowsOBFOrFirmware() {
    var registers = LinkedRegisters(NPCM7xxHostInterface(), on: words)
    let kcs1 = LinkedKCSPorts(words, channel: 1, dataPort: 0xCA2, statusPort: 0xCA3)
    registers.write(0x09, to: 0x1C, width: 1)  // IE: HIRQE and IRQE
    _ = registers.takeHostConcern()
    registers.write(1, to: 0x0E, width: 1)
    #expect(registers.takeHostConcern() == true)
    #expect(kcs1.interrupt)
    #expect(kcs1.read(0xCA2).interrupt == false)
    registers.write(0x01, to: 0x1C, width: 1)  // IRQE alone: IRQB, which is 1
    #expect(registers.takeHostConcern() == true)
    #expect(kcs1.interrupt)
    registers.write(0x40, to: 0x1A, width: 1)
    #expect(registers.takeHostConcern() == true)
    #expect(!kcs1.interrupt)
  }

  @Test func btGoesThroughBothBuffers() {
    var registers = LinkedRegisters(AspeedLPC.prepared, on: words)
    registers.write(0x80, to: 0x150, width: 4)  // B_BUSY off
    registers.write(0x41, to: 0x144, width: 4)
    let bt = LinkedBTPorts(words, base: 0xE4)
    _ = bt.write(0x01, to: 0xE6)
    _ = bt.write(0x01, to: 0xE4)
    let request = (0..<64).map { UInt8(truncatingIfNeeded: $0 * 5 + 1) }
    for byte in request { #expect(!bt.write(byte, to: 0xE5).concernsBMC) }
    #expect(bt.write(0x99, to: 0xE5).concernsBMC, "the buffer is full: an event")
    #expect(bt.write(0x04, to: 0xE4).concernsBMC)
    registers.synchronize()
    #expect(registers.module.interruptSources == AspeedLPC.Interrupts.ibt.rawValue)
    registers.write(0x02, to: 0x150, width: 4)
    for byte in request { #expect(registers.read(0x154, width: 4) == UInt64(byte)) }
    registers.write(0x01, to: 0x150, width: 4)
    for byte in request.reversed() { registers.write(UInt64(byte), to: 0x154, width: 4) }
    #expect(!bt.interrupt)
    _ = registers.takeHostConcern()
    registers.write(0x08, to: 0x150, width: 4)
    #expect(registers.takeHostConcern() == true)
    #expect(bt.interrupt)
    _ = bt.write(0x02, to: 0xE4)
    #expect(request.reversed().allSatisfy { bt.read(0xE5).result == $0 })
    #expect(!bt.write(0x03, to: 0xE6).interrupt)
  }

  @Test func postCodesWaitUntilTheBMCHasRoom() {
    var registers = LinkedRegisters(AspeedLPC.prepared, on: words)
    registers.write(0x80, to: 0x90, width: 4)
    registers.write(0b11, to: 0x80, width: 4)
    let mailbox = PostCodeMailbox(words)
    for value: UInt8 in 0..<40 { mailbox.write(PostCode(port: 0x80, value: value)) }
    // The last 32; one of them at a time is in the snoop's register.
    for value: UInt64 in 8..<40 {
      registers.synchronize()
      #expect(registers.module.interruptSources == AspeedLPC.Interrupts.snoop.rawValue)
      registers.write(1, to: 0x84, width: 4)
      #expect(registers.read(0x94, width: 4) == value)
    }
    registers.synchronize()
    #expect(registers.module.interruptSources == 0)
  }

  /// Its power came back: what it was in the middle of is gone, and the host sees an idle BMC.
  @Test func aBMCThatJoinsAgainPowersOn() {
    var registers = aspeed()
    registers.write(0xC0, to: 0x44, width: 4)
    _ = kcs3.write(0x61, to: 0xCA3)
    PostCodeMailbox(words).write(PostCode(port: 0x80, value: 1))
    #expect(kcs3.read(0xCA3).result == 0b1100_1010, "it is gone, and its registers stay")
    var again = LinkedRegisters(AspeedLPC.prepared, on: words)
    #expect(again.takeHostConcern() == true)
    #expect(kcs3.read(0xCA3).result == 0)
    #expect(PostCodeMailbox(words).oldest == nil)
  }
}
