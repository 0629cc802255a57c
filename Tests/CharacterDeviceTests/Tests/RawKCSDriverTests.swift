import IPMI
import SystemInterfaces
import Testing

@testable import CharacterDevice

/// What each system call on `/dev/raw-kcsN` returns.
@Suite struct RawKCSDriverTests {
  struct World {
    var driver = RawKCSDriver()
    var channel = RawKCSDriver.probedRegisters

    init() { #expect(driver.open(&channel, now: 0) == nil) }

    mutating func hostWrites(_ byte: UInt8) {
      channel.hostWriteData(byte)
      _ = driver.service(&channel, now: 0)
    }

    mutating func hostReads() -> UInt8 {
      defer { _ = driver.service(&channel, now: 0) }
      return channel.hostReadData()
    }

    mutating func read(_ count: Int, at offset: Int64, isNonblocking: Bool = false) -> Outcome {
      Outcome(driver.read(count, at: offset, isNonblocking: isNonblocking, on: &channel, now: 0))
    }

    mutating func write(
      _ bytes: [UInt8], at offset: Int64, isNonblocking: Bool = false
    ) -> Outcome {
      Outcome(
        driver.write(bytes.span, at: offset, isNonblocking: isNonblocking, on: &channel, now: 0))
    }
  }

  @Test func offsetsAndCountsAreThoseOfTwoBytes() {
    for offset: Int64 in [-1, 0, 1, 2, .max] {
      for count in 1...4 {
        var world = World()
        let isInside = (0...1).contains(offset) && count <= 2 - Int(offset)
        let bytes = [UInt8](repeating: 1, count: count)
        let read = world.read(count, at: offset)
        let expected: Outcome = offset == 1 ? .bytes([0]) : .waits
        #expect(read == (isInside ? expected : .failed(.invalid)), "\(count) at \(offset)")
        #expect(
          world.write(bytes, at: offset) == (isInside ? .count(count) : .failed(.invalid)),
          "\(count) at \(offset)")
      }
    }
  }

  @Test func readOfIDRHasItsFlagTheWrongWayRound() {
    var world = World()
    #expect(world.read(1, at: 0, isNonblocking: true) == .waits)
    world.hostWrites(0x5A)
    #expect(world.read(1, at: 0, isNonblocking: true) == .failed(.again))
    #expect(world.read(2, at: 0) == .bytes([0x5A, 0x02]))
    #expect(world.read(1, at: 0) == .waits)
  }

  @Test func takenByteHoldsTheNextOneBack() {
    var world = World()
    world.hostWrites(1)
    #expect(world.driver.takeWake() == true)
    #expect(!world.channel.str.contains(.inputBufferFull))
    world.hostWrites(2)
    #expect(world.channel.str.contains(.inputBufferFull))
    #expect(world.driver.takeWake() == false)
    #expect(world.read(1, at: 0) == .bytes([1]))
    _ = world.driver.service(&world.channel, now: 0)
    #expect(world.driver.takeWake() == true)
    #expect(world.read(1, at: 0) == .bytes([2]))
  }

  @Test func writeOfODRWaitsForTheHost() {
    var world = World()
    #expect(world.write([0x11], at: 0) == .count(1))
    #expect(world.driver.poll(&world.channel) == [])
    #expect(world.write([0x22], at: 0, isNonblocking: true) == .failed(.again))
    #expect(world.write([0x22], at: 0) == .waits)
    #expect(world.hostReads() == 0x11)
    #expect(world.driver.takeWake() == true)
    #expect(world.driver.poll(&world.channel) == .output)
    #expect(world.write([0x22, 0xF5], at: 0) == .count(2))
    #expect(world.channel.str.rawValue == 0xF5)
    #expect(world.hostReads() == 0x22)
  }

  @Test func statusWithoutOBFDestroysTheByte() {
    var world = World()
    _ = world.write([0x11], at: 0)
    #expect(world.write([0x05], at: 1) == .count(1))
    #expect(world.channel.str.contains(.outputBufferFull))
    #expect(world.write([0x04], at: 1) == .count(1))
    #expect(!world.channel.str.contains(.outputBufferFull))
    // Writing 1 does not set it.
    #expect(world.write([0x01], at: 1) == .count(1))
    #expect(!world.channel.str.contains(.outputBufferFull))
  }

  @Test func openIsExclusiveAndThereIsNoControl() {
    var world = World()
    #expect(world.driver.open(&world.channel, now: 0) == .busy)
    #expect(world.driver.control(0xB100, on: &world.channel, now: 0) == .noControl)
    world.driver.release(&world.channel, now: 0)
    world.hostWrites(1)
    #expect(world.channel.str.contains(.inputBufferFull))
  }
}
