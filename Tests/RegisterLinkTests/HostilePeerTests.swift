import BMCPeripherals
import LinkHammer
import RegisterLink
import SystemInterfaces
import TestSupport
import Testing

/// A peer that writes whatever it likes into the words: every access has an answer.
@Suite struct HostilePeerTests {
  @Test func theHostSurvivesAnyWords() {
    var random = SplitMix64(seed: 0x4057)
    let words = Words()
    for _ in 0..<20_000 {
      for index in words.words.indices { words.words[index] = random.next() }
      if random.next() & 1 != 0 {
        // The decode is the ports': then the access is made.
        var decode = LinkDecode()
        (decode.dataPort, decode.statusPort) = (0xCA2, 0xCA3)
        words.words[LinkWord.kcsDecode(2)] = decode.word
        words.words[LinkWord.btDecode] = 0xE4
      }
      let kcs = LinkedKCSPorts(words, channel: 2, dataPort: 0xCA2, statusPort: 0xCA3)
      let bt = LinkedBTPorts(words, base: 0xE4)
      for port: UInt16 in [0xCA2, 0xCA3] {
        _ = kcs.read(port)
        _ = kcs.write(UInt8(truncatingIfNeeded: random.next()), to: port)
      }
      for port: UInt16 in [0xE4, 0xE5, 0xE6] {
        _ = bt.read(port)
        _ = bt.write(UInt8(truncatingIfNeeded: random.next()), to: port)
      }
      #expect(
        words.words[LinkWord.bt] >> 63 == 0
          || BTChannel(word: words.words[LinkWord.bt]).pointers.bmcRead == 64)
    }
  }

  /// Its own registers stay its own: the peer cannot enable what the BMC has not.
  @Test func theBMCSurvivesAnyWordsAndKeepsItsEnables() {
    var random = SplitMix64(seed: 0xB3C)
    let words = Words()
    var registers = LinkedRegisters(AspeedLPC.prepared, on: words)
    let places = AspeedLPC.bmcRegisters
    for _ in 0..<5_000 {
      for index in words.words.indices { words.words[index] = random.next() }
      let bits = random.next()
      let (offset, _, mask) = places[Int(bits >> 32) % places.count]
      if bits & 1 != 0, mask != 0, offset != 0 {
        registers.write(bits & UInt64(mask), to: offset, width: 4)
      } else {
        _ = registers.read(offset, width: 4)
      }
      registers.synchronize()
      #expect(registers.module[shared: 3].enables.contains(.hostDecode))
      #expect(!registers.module[shared: 1].enables.contains(.hostDecode))
      #expect(registers.module[shared: 1].enables == KCSChannel(word: words.words[8]).enables)
      #expect(registers.module.ibt.enables.rawValue == 0b1101)
    }
  }

  /// A peer that changes the word whenever this side looks: the access comes to an end, and counts.
  @Test func aPeerThatNeverRestsHoldsNobody() {
    let words = Words()
    words.words[LinkWord.kcs(1)] = UInt64(KCSChannel.Enables.hostDecode.rawValue) << 32
    words.words[LinkWord.bt] = 1 << 32
    words.interfere = { $0.words[$1] ^= 0x80 }
    let kcs = LinkedKCSPorts(words, channel: 1, dataPort: 0xCA2, statusPort: 0xCA3)
    _ = kcs.write(0x61, to: 0xCA3)
    #expect(KCSChannel(word: words.words[LinkWord.kcs(1)]).idr == 0x61)
    _ = LinkedBTPorts(words, base: 0xE4).write(0x12, to: 0xE5)
    #expect(BTChannel(word: words.words[LinkWord.bt]).pointers.hostWrite == 1)
    var bmc = LinkedRegisters(NPCM7xxHostInterface.prepared, on: words)
    bmc.write(0x55, to: 0x0E, width: 1)
    #expect(KCSChannel(word: words.words[LinkWord.kcs(1)]).odr == 0x55)
  }

  @Test func postCodesThatNeverEndHoldNobody() {
    let words = Words()
    var registers = LinkedRegisters(AspeedLPC.prepared, on: words)
    // Nobody watches a port: every code is taken at once, and is nothing.
    words.words[4] = .max
    registers.synchronize()
    #expect(words.words[4] &- words.words[5] <= 32)
    #expect(PostCodeMailbox(words).oldest == nil)
  }
}
