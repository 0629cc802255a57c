import BMCPeripherals
import SystemInterfaces
import TestSupport
import Testing

/// What an access says of itself, by which an emulator leaves out to look at anything.
@Suite struct QuietAccessTests {
  /// Everything that an emulator would look at.
  private struct View: Equatable {
    var sources: UInt8
    var channels: [KCSChannel]

    init(_ registers: NPCM7xxHostInterface) {
      sources = registers.interruptSources
      channels = (1...3).map { registers[channel: $0].channel }
    }
  }

  @Test(arguments: [1 as UInt64, 2, 3])
  func aQuietAccessChangesNothing(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var registers = NPCM7xxHostInterface()
    var plain = registers
    for number in 1...3 {
      registers.switchOnHost(ofChannel: number)
      plain.switchOnHost(ofChannel: number)
    }
    var quiet = 0
    for step in 0..<50_000 {
      let place: Comment = "\(random), step \(step)"
      let offset = Int(random.next() % 0x58)
      let width = random.next() % 8 == 0 ? 2 : 1
      let value = random.next() % 4 == 0 ? 0 : random.next()
      let before = View(registers)
      let isQuiet: Bool
      switch random.next() % 4 {
      case 0:
        let number = Int(random.next() % 3) + 1
        registers[channel: number].channel.hostWriteData(UInt8(truncatingIfNeeded: value))
        plain[channel: number].channel.hostWriteData(UInt8(truncatingIfNeeded: value))
        registers.postCode(port: 0x80, value: UInt8(truncatingIfNeeded: value))
        plain.postCode(port: 0x80, value: UInt8(truncatingIfNeeded: value))
        continue
      case 1:
        isQuiet = registers.store(value, to: offset, width: width)
        plain.write(value, to: offset, width: width)
      default:
        let load = registers.load(offset, width: width)
        isQuiet = load.isQuiet
        #expect(load.value == plain.read(offset, width: width), place)
      }
      #expect(View(registers) == View(plain), place)
      if isQuiet {
        quiet += 1
        #expect(View(registers) == before, place)
      }
    }
    // Otherwise this shows nothing.
    #expect(quiet > 10_000)
  }
}
