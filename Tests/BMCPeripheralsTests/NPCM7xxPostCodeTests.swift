import TestSupport
import Testing

@testable import BMCPeripherals
@testable import SystemInterfaces

@Suite struct NPCM7xxPostCodeTests {
  typealias Register = NPCM7xxPostCodeFIFO.Register

  /// The module with the driver's two ports, and BPCFEN.
  static func module(_ first: UInt16 = 0x80, _ second: UInt16 = 0x81, enable: UInt8)
    -> NPCM7xxHostInterface
  {
    var module = NPCM7xxHostInterface()
    let values: [(Register, UInt16)] = [
      (.address1Low, first & 0xFF), (.address1High, first >> 8),
      (.address2Low, second & 0xFF), (.address2High, second >> 8), (.enable, UInt16(enable)),
    ]
    for (register, value) in values {
      module.write(UInt64(value), to: register.offset, width: 1)
    }
    return module
  }

  /// Status and byte, as the driver's interrupt handler takes them, until none is left.
  static func drain(_ module: inout NPCM7xxHostInterface) -> [[UInt64]] {
    var result: [[UInt64]] = []
    while true {
      let status = module.read(Register.status.offset, width: 1)
      guard status & 0x80 != 0 else { return result }
      result.append([status, module.read(Register.data.offset, width: 1)])
    }
  }

  @Test func bytesOfBothPortsComeInOrder() {
    var module = Self.module(enable: 0xC8)
    #expect(!module.interrupt)
    module.postCode(port: 0x80, value: 0xAA)
    module.postCode(port: 0x81, value: 0xBD)
    module.postCode(port: 0x80, value: 0x00)
    #expect(module.interrupt)
    #expect(Self.drain(&module) == [[0x80, 0xAA], [0x81, 0xBD], [0x80, 0x00]])
    #expect(!module.interrupt)
    #expect(module.read(Register.data.offset, width: 1) == 0, "the last byte stays")
  }

  /// All enables, and ports beside and at both addresses.
  @Test func onlyEnabledPortsAreWatched() {
    for enable in UInt8.min...UInt8.max {
      let module = Self.module(0x1080, 0x00F1, enable: enable)
      for port in [0x80, 0x107F, 0x1080, 0x1083, 0x1084, 0xF0, 0xF1, 0xF2, 0xFFFF] as [UInt16] {
        var board = module
        board.postCode(port: port, value: 0x5A)
        let taken: [[UInt64]] =
          switch (enable & 4 != 0, port) {
          case (true, 0x1080): [[0x81, 0x5A]]
          case (true, 0x1083): [[0x80, 0x5A]]
          case (false, 0x1080) where enable & 0x80 != 0: [[0x80, 0x5A]]
          case (false, 0x00F1) where enable & 0x40 != 0: [[0x81, 0x5A]]
          default: []
          }
        #expect(board.interrupt == (!taken.isEmpty && enable & 8 != 0))
        #expect(Self.drain(&board) == taken)
      }
    }
  }

  /// AD marks the byte to the first port: the driver ends a word at the next one.
  @Test func aDoubleWordIsMarkedAtItsFirstByte() {
    var module = Self.module(enable: 0x0C)
    for word in [[0x12, 0xEF, 0xCD, 0xAB], [0x5A]] as [[UInt8]] {
      for (index, byte) in word.enumerated() {
        module.postCode(port: 0x80 + UInt16(index), value: byte)
      }
    }
    #expect(
      Self.drain(&module) == [
        [0x81, 0x12], [0x80, 0xEF], [0x80, 0xCD], [0x80, 0xAB], [0x81, 0x5A],
      ])
  }

  @Test func aDoubleWordsPortsWrapAround() {
    var module = Self.module(0xFFFE, enable: 0x0C)
    for port in [0xFFFD, 0xFFFE, 0xFFFF, 0, 1, 2] as [UInt16] {
      module.postCode(port: port, value: UInt8(port & 0xFF))
    }
    #expect(Self.drain(&module) == [[0x81, 0xFE], [0x80, 0xFF], [0x80, 0], [0x80, 1]])
  }

  @Test func aByteThatDoesNotFitIsLostAndReportedOnce() {
    var module = Self.module(enable: 0x88)
    for value in UInt8(0)..<17 { module.postCode(port: 0x80, value: value) }
    #expect(module.read(Register.status.offset, width: 1) == 0xA0)
    #expect(module.read(Register.status.offset, width: 1) == 0x80)
    #expect(Self.drain(&module) == (0..<16).map { [0x80, $0] })
    #expect(module.read(Register.status.offset, width: 1) == 0)
  }

  /// The shared line: either cause holds it.
  @Test func theLineIsSharedWithTheChannels() {
    var module = Self.module(enable: 0x88)
    module[channel: 1].channel.enables.insert(.hostDecode)
    module.write(1, to: 0x18, width: 1)
    module[channel: 1].channel.hostWriteCommand(0x61)
    module.postCode(port: 0x80, value: 1)
    #expect(module.interrupt)
    _ = module.read(0x10, width: 1)
    #expect(module.interrupt)
    #expect(Self.drain(&module) == [[0x80, 1]])
    #expect(!module.interrupt)
  }

  /// Against a queue that is an array.
  @Test func randomWritesAndReadsKeepTheOrder() {
    var random = SplitMix64(seed: 0x4250_4346)
    var module = Self.module(enable: 0xC8)
    var queue: [[UInt64]] = []
    var isOverflown = false
    for _ in 0..<100_000 {
      let draw = random.next()
      // Bursts, so that the FIFO is full at times, and empty at others.
      if draw >> 8 & 3 > (draw >> 40 & 1) {
        let port = UInt16(draw & 1)
        module.postCode(port: 0x80 + port, value: UInt8(draw >> 16 & 0xFF))
        if queue.count < 16 {
          queue.append([0x80 | UInt64(port), draw >> 16 & 0xFF])
        } else {
          isOverflown = true
        }
      } else if draw >> 32 & 31 == 0 {
        isOverflown = false
        let expected = queue
        _ = module.read(Register.status.offset, width: 1)
        queue = []
        #expect(Self.drain(&module) == expected, "\(random)")
      } else {
        let status = module.read(Register.status.offset, width: 1)
        #expect(status == (queue.first?[0] ?? 0) | (isOverflown ? 0x20 : 0), "\(random)")
        isOverflown = false
        guard !queue.isEmpty else { continue }
        #expect(module.read(Register.data.offset, width: 1) == queue.removeFirst()[1], "\(random)")
      }
    }
  }
}
