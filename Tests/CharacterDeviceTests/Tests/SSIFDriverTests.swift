import IPMI
import SystemInterfaces
import TestSupport
import Testing

@testable import CharacterDevice

/// What each system call on `/dev/ipmi-ssif-host` returns.
@Suite struct SSIFDriverTests {
  struct World {
    var driver = SSIFDriver()
    var target = SSIFDriver.probedRegisters
    var now: UInt64 = 0

    init() { #expect(driver.open(&target, now: 0) == nil) }

    /// The host writes a request; `false` where it is not acknowledged.
    @discardableResult
    mutating func send(_ request: [UInt8]) -> Bool {
      defer { _ = driver.service(&target, now: now) }
      return target.writeBlock(0x02, SMBusBlock(request.span)!, withPEC: true, now: now)
    }

    /// The host reads a response of one part.
    mutating func receive() -> [UInt8]? {
      defer { _ = driver.service(&target, now: now) }
      return target.readBlock(0x03, withPEC: true, now: now).map { block in
        (0..<block.count).map { block[$0] }
      }
    }

    mutating func read(_ count: Int = 258, isNonblocking: Bool = true) -> Outcome {
      Outcome(driver.read(count, at: 0, isNonblocking: isNonblocking, on: &target, now: now))
    }

    mutating func write(_ bytes: [UInt8], isNonblocking: Bool = true) -> Outcome {
      Outcome(driver.write(bytes.span, at: 0, isNonblocking: isNonblocking, on: &target, now: now))
    }
  }

  static let response: [UInt8] = [3, 0, 0, 0, 0x1C, 0x01, 0x00]

  @Test func openIsExclusive() {
    var world = World()
    #expect(world.driver.open(&world.target, now: 0) == .busy)
    world.driver.release(&world.target, now: 0)
    #expect(world.driver.open(&world.target, now: 0) == nil)
  }

  @Test func readGivesLengthAndRequest() {
    var world = World()
    #expect(world.read() == .failed(.again))
    #expect(world.read(isNonblocking: false) == .waits)
    #expect(SSIFDriver.interruptedRead == .interrupted)
    #expect(world.driver.poll(&world.target) == [])
    world.send([0x18, 0x01])
    #expect(world.driver.takeWake() == true)
    #expect(world.driver.takeWake() == false)
    #expect(world.driver.poll(&world.target) == .input)
    for count in 1..<6 { #expect(world.read(count) == .failed(.invalid)) }
    #expect(world.driver.poll(&world.target) == .input)
    #expect(world.read(6) == .bytes([2, 0, 0, 0, 0x18, 0x01]))
    #expect(world.read() == .failed(.again))
  }

  /// Every length that the structure may state, in every number of bytes around it.
  @Test func writeChecksBothLengths() {
    for length in [0, 1, 2, 3, 4, 32, 33, 253, 254, 255, 0x100, 0x0100_0003] {
      for count in [1, 3, 4, 5, 4 + length - 1, 4 + length, 4 + length + 1, 258, 259]
      where (1...300).contains(count) {
        var world = World()
        world.send([0x18, 0x01])
        var bytes: [UInt8] = (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        bytes = Array((bytes + .init(repeating: 0x1C, count: 300)).prefix(count))
        let isRight = (3...254).contains(length) && (4 + length...258).contains(count)
        #expect(
          world.write(bytes) == (isRight ? .count(count) : .failed(.invalid)),
          "\(length) in \(count)")
      }
    }
  }

  @Test func writeWithoutARequestIsInvalid() {
    var world = World()
    #expect(world.write(Self.response) == .failed(.invalid))
    world.send([0x18, 0x01])
    #expect(world.write(Self.response) == .count(7))
    #expect(world.receive() == [0x1C, 0x01, 0x00])
    #expect(world.write(Self.response) == .failed(.invalid))
  }

  @Test func writeWaitsForTheHostToReadTheLastResponse() {
    var world = World()
    world.send([0x18, 0x01])
    #expect(world.write(Self.response) == .count(7))
    #expect(world.write(Self.response) == .failed(.again))
    #expect(world.write(Self.response, isNonblocking: false) == .waits)
    _ = world.driver.takeWake()
    #expect(world.receive() == [0x1C, 0x01, 0x00])
    #expect(world.driver.takeWake() == true)
    #expect(world.write(Self.response, isNonblocking: false) == .failed(.invalid))
  }

  @Test func afterHalfASecondTheRequestStaysAndItsResponseIsInvalid() {
    for elapsed: UInt64 in [499_999_999, 500_000_000] {
      var world = World()
      world.send([0x18, 0x01])
      world.now += elapsed
      let isLate = elapsed >= 500_000_000
      #expect(world.driver.poll(&world.target) == .input)
      #expect(world.read() == .bytes([2, 0, 0, 0, 0x18, 0x01]))
      #expect(world.write(Self.response) == (isLate ? .failed(.invalid) : .count(7)))
    }
  }

  @Test func closedFileStillTakesARequest() {
    var world = World()
    world.driver.release(&world.target, now: 0)
    let isTaken = world.send([0x18, 0x01])
    #expect(isTaken)
    #expect(world.driver.open(&world.target, now: 0) == nil)
    #expect(world.read() == .bytes([2, 0, 0, 0, 0x18, 0x01]))
  }

  @Test func thereIsNoControl() {
    var world = World()
    for request: UInt32 in 0xB100...0xB103 {
      #expect(world.driver.control(request, on: &world.target, now: 0) == .noControl)
    }
  }
}
