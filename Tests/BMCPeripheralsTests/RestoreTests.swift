import BMCPeripherals
import IPMI
import TestSupport
import Testing

/// The registers, saved and restored.
@Suite struct RestoreTests {
  /// Random accesses, then a copy by way of the bytes: it saves the same, and reads the same.
  private func roundTrips<Registers: Restorable>(
    _ fresh: Registers, size: Int, seed: UInt64,
    read: (inout Registers, Int) -> UInt64, write: (inout Registers, UInt64, Int) -> Void
  ) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<50 {
      var original = fresh
      for _ in 0..<500 {
        let offset = Int(random.next() % UInt64(size))
        if random.next() % 4 == 0 {
          _ = read(&original, offset)
        } else {
          write(&original, random.next(), offset)
        }
      }
      let bytes = StateBytes(saving: original).bytes
      var copy = fresh
      let isGood = StateBytes.restore(&copy, from: bytes)
      #expect(isGood, "\(random)")
      #expect(StateBytes(saving: copy).bytes == bytes, "\(random)")
      for offset in 0..<size {
        let (left, right) = (read(&original, offset), read(&copy, offset))
        #expect(left == right, "\(random), offset \(offset)")
      }
      for length in [0, 1, bytes.count / 2, bytes.count - 1] {
        var other = fresh
        let isGood = StateBytes.restore(&other, from: Array(bytes.prefix(length)))
        #expect(!isGood, "cut to \(length)")
      }
    }
  }

  @Test(arguments: AspeedGeneration.allCases)
  func theLPCBlockComesBack(generation: AspeedGeneration) {
    roundTrips(
      AspeedLPC(generation), size: 0x260, seed: 0x4C50_4321,
      read: { $0.read($1 & ~3, width: 4) },
      write: { registers, value, offset in
        registers.write(value, to: offset & ~3, width: 4)
        registers.hostWrite(
          UInt8(truncatingIfNeeded: value), port: [0xCA2, 0xE4, 0x60, 0x80][offset & 3])
      })
  }

  @Test func theHostInterfaceModuleComesBack() {
    roundTrips(
      NPCM7xxHostInterface(), size: 0x60, seed: 0x4E50_434D,
      read: { $0.read($1, width: 1) },
      write: { registers, value, offset in
        registers.write(value, to: offset, width: 1)
        registers.postCode(port: 0x80, value: UInt8(truncatingIfNeeded: value))
      })
  }
}
