import IPMI
import SystemInterfaces
import TestSupport
import Testing

@testable import CharacterDevice

/// What each system call on `/dev/ipmi-kcsN` returns, wherever a transfer stands.
@Suite struct KCSDriverTests {
  /// Where a transfer stands, as the host's accesses bring it there.
  enum Place: CaseIterable {
    case idle, writing, ending, ready, taken, answering, aborting, refused

    /// Whether a request waits for `read`.
    var hasRequest: Bool { self == .ready }
    /// Whether the host waits for `write`.
    var takesResponse: Bool { self == .taken }
  }

  /// A driver with its file open, and its channel.
  struct World {
    var driver = KCSDriver()
    var channel = KCSDriver.probedRegisters

    init() { #expect(driver.open(&channel, now: 0) == nil) }

    init(_ place: Place) {
      self.init()
      switch place {
      case .idle: break
      case .writing:
        command(0x61)
        data(0x18)
      case .ending:
        self = World(.writing)
        command(0x62)
      case .ready: send([0x18, 0x01])
      case .taken:
        send([0x18, 0x01])
        _ = read()
      case .answering:
        self = World(.taken)
        _ = write([0x1C, 0x01, 0x00])
      case .aborting: command(0x60)
      case .refused: command(0x44)
      }
      _ = driver.takeWake()
    }

    @discardableResult
    mutating func command(_ byte: UInt8) -> Bool {
      channel.hostWriteCommand(byte)
      return driver.service(&channel, now: 0)
    }

    @discardableResult
    mutating func data(_ byte: UInt8) -> Bool {
      channel.hostWriteData(byte)
      return driver.service(&channel, now: 0)
    }

    mutating func send(_ request: [UInt8]) {
      command(0x61)
      for byte in request.dropLast() { data(byte) }
      command(0x62)
      data(request.last!)
    }

    mutating func read(_ count: Int = 1024, isNonblocking: Bool = true) -> Outcome {
      Outcome(
        driver.read(count, at: 0, isNonblocking: isNonblocking, on: &channel, now: 0))
    }

    mutating func write(_ bytes: [UInt8]) -> Outcome {
      Outcome(driver.write(bytes.span, at: 0, isNonblocking: true, on: &channel, now: 0))
    }

    /// What the host sees of the channel.
    var state: KCSState { channel.str.state }
  }

  @Test(arguments: Place.allCases)
  func readGivesAWholeRequestOrNothing(_ place: Place) {
    var world = World(place)
    let before = world.channel
    #expect(world.read() == (place.hasRequest ? .bytes([0x18, 0x01]) : .failed(.again)))
    // Reading moves the driver on, and nothing the host sees.
    #expect(world.channel == before)
    #expect(world.read() == .failed(.again))
  }

  @Test(arguments: Place.allCases)
  func readSleepsWithoutONonblock(_ place: Place) {
    var world = World(place)
    #expect(
      world.read(isNonblocking: false) == (place.hasRequest ? .bytes([0x18, 0x01]) : .waits))
    #expect(KCSDriver.interruptedRead == .again)
  }

  @Test(arguments: Place.allCases)
  func readThatIsTooShortAbortsTheTransfer(_ place: Place) {
    for count in 1...2 {
      var world = World(place)
      let before = world.channel
      let outcome = world.read(count)
      guard place.hasRequest else {
        #expect(outcome == .failed(.again))
        continue
      }
      #expect(outcome == (count < 2 ? .failed(.overflow) : .bytes([0x18, 0x01])))
      if count < 2 {
        #expect(world.state == .error)
        #expect(world.channel.odr == 0)
        #expect(world.channel.str.contains(.outputBufferFull))
        #expect(world.read() == .failed(.again))
      } else {
        #expect(world.channel == before)
      }
    }
  }

  @Test(arguments: Place.allCases)
  func writeNeedsAHostThatWaitsAndThreeToThousandBytes(_ place: Place) {
    for count in [1, 2, 3, 4, 300, 999, 1000, 1001, 4096] {
      var world = World(place)
      let before = world.channel
      let outcome = world.write(.init(repeating: 0x1C, count: count))
      if place.takesResponse, (3...1000).contains(count) {
        #expect(outcome == .count(count))
        #expect(world.channel.odr == 0x1C)
        #expect(world.channel.str.contains(.outputBufferFull))
        #expect(world.state == .read)
        // A second one is a duplicate.
        #expect(world.write([0x1C, 0x01, 0x00]) == .failed(.invalid))
      } else {
        #expect(outcome == .failed(.invalid))
        #expect(world.channel == before)
      }
    }
  }

  @Test(arguments: Place.allCases)
  func pollHasInputForARequestAndNeverOutput(_ place: Place) {
    var world = World(place)
    #expect(world.driver.poll(&world.channel) == (place.hasRequest ? .input : []))
  }

  @Test(arguments: Place.allCases)
  func attentionChangesOneBitOfSTR(_ place: Place) {
    var world = World(place)
    let before = world.channel
    #expect(world.driver.control(0xB100, on: &world.channel, now: 0) == nil)
    #expect(world.channel.str == before.str.union(.smsAttention))
    #expect(world.channel.odr == before.odr)
    #expect(world.driver.control(0xB101, on: &world.channel, now: 0) == nil)
    #expect(world.channel == before)
  }

  @Test(arguments: Place.allCases)
  func forceAbortAndReleaseLeaveErrorAndAByte(_ place: Place) {
    for isRelease in [false, true] {
      var world = World(place)
      if isRelease {
        world.driver.release(&world.channel, now: 0)
      } else {
        #expect(world.driver.control(0xB102, on: &world.channel, now: 0) == nil)
      }
      #expect(world.state == .error)
      #expect(world.channel.odr == 0)
      #expect(world.channel.str.contains(.outputBufferFull))
      #expect(!world.channel.str.contains(.inputBufferFull))
      #expect(world.read() == .failed(.again))
      #expect(world.write([0x1C, 0x01, 0x00]) == .failed(.invalid))
      #expect(world.driver.takeWake() == false)
    }
  }

  @Test func everyOtherControlIsInvalid() {
    var world = World(.ready)
    let before = world.channel
    for request: UInt32 in [0, 0xB0FF, 0xB103, 0xB200, 0x5401, 0x8004_B100, .max] {
      #expect(world.driver.control(request, on: &world.channel, now: 0) == .invalid)
    }
    #expect(world.channel == before)
    #expect(world.driver.poll(&world.channel) == .input)
  }

  @Test func secondOpenIsBusyUntilRelease() {
    var world = World()
    #expect(world.driver.open(&world.channel, now: 0) == .busy)
    world.driver.release(&world.channel, now: 0)
    #expect(world.driver.open(&world.channel, now: 0) == nil)
  }

  @Test func withoutAReaderTheHostsByteStays() {
    var world = World(.ready)
    world.driver.release(&world.channel, now: 0)
    let isServed = world.command(0x60)
    #expect(!isServed)
    #expect(world.channel.str.contains(.inputBufferFull))
    // The next open serves it.
    #expect(world.driver.open(&world.channel, now: 0) == nil)
    #expect(world.driver.service(&world.channel, now: 0) == true)
    #expect(!world.channel.str.contains(.inputBufferFull))
  }

  @Test func openKeepsAttention() {
    var world = World()
    _ = world.driver.control(0xB100, on: &world.channel, now: 0)
    world.driver.release(&world.channel, now: 0)
    #expect(world.driver.open(&world.channel, now: 0) == nil)
    #expect(world.channel.str.contains(.smsAttention))
  }

  @Test func everyRequestIsOneEdge() {
    var world = World()
    for length in [2, 3, 255, 999, 1000] {
      world.command(0x61)
      for _ in 1..<length { world.data(7) }
      world.command(0x62)
      #expect(world.driver.takeWake() == false)
      world.data(7)
      #expect(world.driver.takeWake() == true)
      #expect(world.driver.takeWake() == false)
      // Not read: the next one takes its place, and is an edge of its own.
    }
    #expect(world.read() == .bytes(.init(repeating: 7, count: 1000)))
  }

  @Test func requestOfMoreThanThousandBytesIsRefused() {
    var world = World()
    world.command(0x61)
    for _ in 0..<1001 { world.data(7) }
    #expect(world.state == .error)
    #expect(world.driver.poll(&world.channel) == [])
  }

  /// The host gives up at every byte of every length, and what is read afterwards is the next one.
  @Test(arguments: 2...20)
  func hostThatAbortsLeavesNothingBehind(_ length: Int) {
    for kept in 0...length {
      var world = World()
      world.command(0x61)
      for index in 0..<kept {
        if index == length - 1 { world.command(0x62) }
        world.data(0xAA)
      }
      world.command(0x60)
      #expect(world.read() == .failed(.again))
      #expect(world.driver.poll(&world.channel) == [])
      #expect(world.write([0x1C, 0x01, 0x00]) == .failed(.invalid))
      world.data(0)
      world.data(0x68)
      #expect(world.state == .idle)
      world.send([0x18, 0x02])
      #expect(world.read() == .bytes([0x18, 0x02]))
    }
  }

  /// Whatever both sides do in whatever order, it is one of the answers that the driver has.
  @Test func randomCallsKeepTheRules() {
    var random = SplitMix64(seed: 0x4B43_5364_7276)
    var world = World()
    for _ in 0..<200_000 {
      let hadRequest = world.driver.poll(&world.channel) == .input
      switch UInt8.random(in: 0..<10, using: &random) {
      case 0...2: world.command([0x60, 0x61, 0x62, 0x44].randomElement(using: &random)!)
      case 3...5: world.data(UInt8.random(in: 0...255, using: &random))
      case 6:
        let outcome = world.read(Int.random(in: 1...8, using: &random))
        switch outcome {
        case .bytes(let bytes): #expect(hadRequest && bytes.count >= 2, "\(random)")
        case .failed(.again): #expect(!hadRequest, "\(random)")
        case .failed(.overflow): #expect(hadRequest && world.state == .error, "\(random)")
        default: Issue.record("\(outcome), \(random)")
        }
      case 7:
        let outcome = world.write(
          .init(repeating: 1, count: Int.random(in: 1...5, using: &random)))
        if case .count(let count) = outcome { #expect(count >= 3, "\(random)") }
        #expect(!(hadRequest && outcome != .failed(.invalid)), "\(random)")
      case 8:
        _ = world.driver.control(
          UInt32.random(in: 0xB100...0xB103, using: &random), on: &world.channel, now: 0)
      default: _ = world.channel.hostReadData()
      }
      #expect(!world.channel.str.contains(.inputBufferFull), "\(random)")
    }
  }
}
