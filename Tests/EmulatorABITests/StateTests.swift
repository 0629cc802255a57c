import CIPMIHostBridge
import EmulatorABI
import IPMI
import TestSupport
import Testing

/// Saved and restored, at any moment.
@Suite struct StateTests {
  private static let hello: [UInt8] = [0xFF, 0x01, 0xA1, 0x08, 0x3F, 0xA1]
  private static let request: [UInt8] = [0x00, 0x18, 0x01, 0xE7, 0xA0]

  /// A chip in the middle of a transaction, after `steps` interrupts of its firmware.
  private func moment(_ steps: Int) throws -> (chip: Chip, firmware: Firmware)? {
    let chip = try Chip("npcm750")
    unsafe try Chip.check(ihb_attach_wire(chip.soc, IHB_KCS1))
    var firmware = try Firmware(chip)
    try chip.send(Self.hello + Self.request, to: IHB_KCS1)
    for _ in 0..<steps where try !firmware.step() { return nil }
    return (chip, firmware)
  }

  /// In the chip it was saved from, after the transaction has ended there: it ends again.
  @Test func everyMomentComesBack() throws {
    var steps = 0
    var expected: [UInt8]?
    while let (chip, firmware) = try moment(steps) {
      let saved = try chip.save()
      let level = try chip.level(ofLine: Firmware.line)
      // When the firmware has nothing to do any more, the response is the host's.
      guard level else { break }
      var first = firmware
      try first.run()
      let bytes = try chip.receive(from: IHB_KCS1)
      if let expected { #expect(bytes == expected, "step \(steps)") }
      expected = bytes
      #expect(bytes.contains(0x1C))
      // Back in time, on the same wire.
      #expect(chip.restore(saved) == IHB_OK)
      #expect(try chip.save() == saved)
      #expect(try chip.level(ofLine: Firmware.line) == level)
      #expect(chip.levels[Firmware.line] ?? false == level)
      var second = firmware.moved(to: chip)
      try second.run()
      #expect(try chip.receive(from: IHB_KCS1).contains(0x1C), "step \(steps)")
      // In another process, where the host asks anew.
      let other = try Chip("npcm750")
      unsafe try Chip.check(ihb_attach_wire(other.soc, IHB_KCS1))
      try other.send(Self.hello, to: IHB_KCS1)
      #expect(other.restore(saved) == IHB_OK)
      var third = firmware.moved(to: other)
      try other.send(Self.request, to: IHB_KCS1)
      try third.run()
      var now: UInt64 = 0
      while now < 5_000_000_000, try !other.receive(from: IHB_KCS1).contains(0x1C) {
        now = max(now + 1, min(try other.deadline(), 5_000_000_000))
        try other.advance(to: now)
        try third.run()
      }
      #expect(now < 5_000_000_000, "step \(steps)")
      steps += 1
    }
    #expect(steps > 5)
  }

  /// Other bytes are refused, and change nothing.
  @Test(arguments: [1 as UInt64, 2])
  func otherBytesAreRefused(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let (chip, _) = try #require(try moment(4))
    let saved = try chip.save()
    for step in 0..<2_000 {
      var bytes = saved
      let place = Int(random.next() % UInt64(bytes.count))
      bytes[place] ^= UInt8(truncatingIfNeeded: random.next() | 1)
      if random.next() % 4 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
      #expect(chip.restore(bytes) == IHB_ERROR_BAD_STATE, "\(random), step \(step)")
    }
    #expect(try chip.save() == saved)
    #expect(chip.restore(saved + [0]) == IHB_ERROR_BAD_STATE)
    #expect(chip.restore([]) == IHB_ERROR_BAD_STATE)
    // Another chip's, and one without the host.
    #expect(try Chip("npcm730").restore(saved) == IHB_ERROR_BAD_STATE)
    #expect(try Chip("npcm750").restore(saved) == IHB_ERROR_BAD_STATE)
    let other = try Chip("ast2500").save()
    #expect(chip.restore(other) == IHB_ERROR_BAD_STATE)
  }

  /// The emulator learns of an interrupt that there was not yet, and of one that there is not any more.
  @Test func linesFollowARestoredState() throws {
    let chip = try Chip("npcm750")
    let low = try chip.save()
    try chip.write(2, to: 0x18)  // CTL: OBEIE, and ODR is empty
    let high = try chip.save()
    for (state, level) in [(low, false), (high, true), (high, true), (low, false)] {
      #expect(chip.restore(state) == IHB_OK)
      #expect(chip.levels[9] == level)
      #expect(try chip.level(ofLine: 9) == level)
    }
    #expect(chip.edges.map(\.level) == [true, false, true, false])
  }

  @Test func everyChipHasAState() throws {
    for name in ["npcm750", "npcm730", "ast2400", "ast2500", "ast2600"] {
      let chip = try Chip(name)
      let saved = try chip.save()
      try chip.write(0xFF, to: 0x30)
      #expect(try chip.save() != saved)
      #expect(chip.restore(saved) == IHB_OK)
      #expect(try chip.save() == saved)
    }
  }
}
