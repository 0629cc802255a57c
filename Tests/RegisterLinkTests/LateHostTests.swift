import BMCPeripherals
import RegisterLink
import SystemInterfaces
import TestSupport
import Testing

/// A host that looks late at ODR: what it sees, in virtual time.
@Suite struct LateHostTests {
  private let words = Words()

  /// KCS1 of a BMC whose OBF interrupts the host, and its host, who looks so late.
  private func link(
    late delay: UInt64
  ) -> (bmc: LinkedRegisters<NPCM7xxHostInterface, Words>, host: LateKCSPorts<Words>) {
    var bmc = LinkedRegisters(NPCM7xxHostInterface(), on: words)
    bmc.write(0x01, to: 0x18, width: 1)  // CTL: IBFIE
    bmc.write(0x09, to: 0x1C, width: 1)  // IE: HIRQE and IRQE
    var host = LateKCSPorts(words, channel: 1, dataPort: 0xCA2, statusPort: 0xCA3)
    host.delay = delay
    return (bmc, host)
  }

  @Test(arguments: [1, 100_000, 150_000, 1_000_000_000] as [UInt64])
  func obfAndItsInterruptComeTogetherAfterTheDelay(_ delay: UInt64) {
    var (bmc, host) = link(late: delay)
    for start: UInt64 in [0, 5_000_000_000, .max - delay / 2] {
      #expect(host.advance(to: start &- 10) == nil)
      bmc.write(0x42, to: 0x0E, width: 1)
      for time in [start, start &+ delay &- 1] {
        #expect(host.advance(to: time) == start &+ delay)
        let access = host.read(0xCA3)
        #expect(access.result == 0 && !access.interrupt && !host.interrupt)
      }
      #expect(host.advance(to: start &+ delay) == nil)
      let access = host.read(0xCA3)
      #expect(access.result == 1 && access.interrupt && host.interrupt)
      #expect(bmc.read(0x0C, width: 1) == 1, "the BMC has seen OBF all the time")
      #expect(host.read(0xCA2).result == 0x42)
      #expect(host.advance(to: start &+ delay &+ 1) == nil)
      #expect(bmc.read(0x0C, width: 1) == 0)
    }
  }

  @Test func aHostThatLooksAtOnceSeesWhatThereIs() {
    var (bmc, host) = link(late: 0)
    bmc.write(0x42, to: 0x0E, width: 1)
    #expect(host.read(0xCA3).result == 1 && host.interrupt)
    #expect(host.advance(to: 7) == nil)
    #expect(host.read(0xCA3).result == 1 && host.interrupt)
  }

  /// The state is no part of it, nor a byte that is read without a look at OBF.
  @Test func theStateAndODRAreNotLate() {
    var (bmc, host) = link(late: 100)
    bmc.write(0xC4, to: 0x0C, width: 1)
    bmc.write(0x42, to: 0x0E, width: 1)
    #expect(host.advance(to: 0) == 100)
    let write = host.write(0x61, to: 0xCA3)
    #expect(write.concernsBMC && !write.interrupt)
    #expect(host.read(0xCA3).result == 0xCE)
    #expect(host.read(0xCA2).result == 0x42)
    #expect(bmc.read(0x0C, width: 1) == 0xCE)
  }

  /// That the BMC has taken a byte, and has put one there, are seen at once.
  @Test func ibfEndsNoSoonerThanOBFComes() {
    var (bmc, host) = link(late: 100)
    _ = host.write(0x61, to: 0xCA3)
    #expect(host.advance(to: 0) == nil)
    bmc.write(0, to: 0x0E, width: 1)
    #expect(bmc.read(0x10, width: 1) == 0x61)
    #expect(host.advance(to: 1) == 101)
    #expect(host.read(0xCA3).result == 0x0A)
    #expect(host.advance(to: 101) == nil)
    #expect(host.read(0xCA3).result == 0x09)
    _ = host.read(0xCA2)
    // It has seen IBF clear before the BMC answers.
    _ = host.write(0x18, to: 0xCA2)
    #expect(bmc.read(0x10, width: 1) == 0x18)
    #expect(host.advance(to: 102) == nil)
    #expect(host.read(0xCA3).result == 0)
    bmc.write(0, to: 0x0E, width: 1)
    #expect(host.advance(to: 103) == 203)
    #expect(host.read(0xCA3).result == 0)
  }

  /// Also where this end does not see ODR empty between two.
  @Test func everyByteHasItsOwnDelay() {
    var (bmc, host) = link(late: 100)
    bmc.write(1, to: 0x0E, width: 1)
    #expect(host.advance(to: 0) == 100)
    #expect(host.advance(to: 100) == nil)
    #expect(host.read(0xCA2).result == 1)
    bmc.write(2, to: 0x0E, width: 1)
    #expect(host.advance(to: 101) == 201)
    #expect(host.read(0xCA3).result == 0)
    // The BMC has taken it back, and has another.
    #expect(host.advance(to: 200) == 201)
    words.words[LinkWord.kcs(1)] &= ~(1 << 16)
    #expect(host.advance(to: 202) == nil)
    // It comes just after the last look.
    bmc.synchronize()
    bmc.write(3, to: 0x0E, width: 1)
    #expect(host.read(0xCA3).result == 0 && !host.interrupt)
    #expect(host.advance(to: 203) == 303)
  }

  @Test func aNewDelayIsForTheByteThatWaits() {
    var (bmc, host) = link(late: 1000)
    bmc.write(1, to: 0x0E, width: 1)
    #expect(host.advance(to: 0) == 1000)
    host.delay = 500
    #expect(host.advance(to: 100) == 500)
    host.delay = 50
    #expect(host.advance(to: 101) == nil)
    #expect(host.interrupt)
    host.delay = 500
    #expect(host.advance(to: 102) == 500)
    host.delay = 0
    #expect(host.advance(to: 103) == nil)
    #expect(host.read(0xCA3).result == 1 && host.interrupt)
  }

  /// The interrupt that firmware asserts by IRQB, and ports that are not decoded: FFh has no OBF.
  @Test func whatIsNotOBFsIsNotLate() {
    var (bmc, host) = link(late: 100)
    bmc.write(0x01, to: 0x1C, width: 1)  // IE: IRQE alone: IRQB, which is 1
    bmc.write(1, to: 0x0E, width: 1)
    #expect(host.advance(to: 0) == 100)
    #expect(host.interrupt)
    _ = LinkedRegisters(AspeedLPC(.ast2600), on: words)
    #expect(host.advance(to: 1) == nil)
    #expect(host.read(0xCA3).result == 0xFF)
    words.words[LinkWord.kcsDecode(1)] = 0
    #expect(host.read(0xCA3).result == 0xFF, "no BMC has switched it on")
  }

  /// Whatever the file says, there is a time at which to look again, and it is not far.
  @Test func anyWordAndAnyTimeWillDo() {
    var random = SplitMix64(seed: 0x1A7E)
    var host = LateKCSPorts(words, channel: 1, dataPort: 0xCA2, statusPort: 0xCA3)
    host.delay = 1000
    for _ in 0..<10_000 {
      words.words[LinkWord.kcs(1)] = random.next()
      let time = random.next()
      if let next = host.advance(to: time) { #expect((1...1000).contains(next &- time)) }
      _ = host.read(random.next() % 2 == 0 ? 0xCA2 : 0xCA3)
    }
  }
}
