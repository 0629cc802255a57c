import IPMI
import SystemInterfaces
import TestSupport
import Testing

@testable import CharacterDevice

/// What each system call on `/dev/ipmi-bt-host` returns.
@Suite struct BTDriverTests {
  struct World {
    var driver = BTDriver()
    var channel = BTDriver.probedRegisters

    init() {
      #expect(driver.open(&channel, now: 0) == nil)
    }

    /// The host writes a frame as it is, and announces it.
    mutating func send(_ frame: [UInt8]) {
      channel.hostWriteControl(.clearWritePointer)
      for byte in frame { channel.hostWriteData(byte) }
      channel.hostWriteControl(.hostToBMCAttention)
      _ = driver.service(&channel, now: 0)
    }

    mutating func host(_ control: BTControl) {
      channel.hostWriteControl(control)
      _ = driver.service(&channel, now: 0)
    }

    mutating func read(_ count: Int = 64, isNonblocking: Bool = true) -> Outcome {
      Outcome(driver.read(count, at: 0, isNonblocking: isNonblocking, on: &channel, now: 0))
    }

    mutating func write(_ bytes: [UInt8]) -> Outcome {
      Outcome(driver.write(bytes.span, at: 0, isNonblocking: true, on: &channel, now: 0))
    }

    mutating func poll() -> PollEvents { driver.poll(&channel) }
  }

  @Test func onlyAnOpenFileLetsTheHostSend() {
    var driver = BTDriver()
    var channel = BTDriver.probedRegisters
    #expect(driver.open(&channel, now: 0) == nil)
    #expect(!channel.control.contains(.bmcBusy))
    #expect(driver.open(&channel, now: 0) == .busy)
    driver.release(&channel, now: 0)
    #expect(channel.control.contains(.bmcBusy))
    #expect(driver.open(&channel, now: 0) == nil)
    #expect(!channel.control.contains(.bmcBusy))
  }

  /// All combinations of the three flags that `poll` looks at.
  @Test(arguments: 0..<8)
  func pollFollowsTheFlags(_ flags: Int) {
    var world = World()
    if flags & 1 != 0 { world.send([3, 0x18, 1, 1]) }
    if flags & 2 != 0 { world.host(.hostBusy) }
    if flags & 4 != 0 { world.channel.bmcWriteControl(.bmcToHostAttention) }
    var expected: PollEvents = []
    if flags & 1 != 0 { expected.insert(.input) }
    if flags & 6 == 0 { expected.insert(.output) }
    #expect(world.poll() == expected)
  }

  @Test func readSleepsWhateverTheFlags() {
    var world = World()
    #expect(world.read(isNonblocking: true) == .waits)
    #expect(world.read(isNonblocking: false) == .waits)
    #expect(BTDriver.interruptedRead == .interrupted)
  }

  /// Every length byte, whatever arrived behind it.
  @Test(arguments: 0...255)
  func readBelievesTheLengthByte(_ length: Int) {
    var world = World()
    let frame = [UInt8(length)] + (1...63).map { UInt8($0) }
    world.send(frame)
    let whole = frame + .init(repeating: 0, count: 256 - 64)
    #expect(world.read(256) == .bytes(length == 0 ? [] : Array(whole.prefix(length + 1))))
    #expect(!world.channel.control.contains(.hostToBMCAttention))
    #expect(!world.channel.control.contains(.bmcBusy))
    #expect(world.poll() == .output)
  }

  @Test(arguments: 1...64)
  func shortBufferCutsAndLosesTheRest(_ count: Int) {
    var world = World()
    let frame = [63] + (1...63).map { UInt8($0) }
    world.send(frame)
    // A buffer for the length alone gets nothing.
    #expect(world.read(count) == .bytes(count == 1 ? [] : Array(frame.prefix(count))))
    #expect(world.read() == .waits)
  }

  @Test func writeSleepsUntilTheHostIsReady() {
    for flags: BTControl in [.hostBusy, .bmcToHostAttention] {
      var world = World()
      if flags == .hostBusy {
        world.host(.hostBusy)
      } else {
        world.channel.bmcWriteControl(.bmcToHostAttention)
      }
      #expect(world.write([4, 0x1C, 1, 1, 0]) == .waits)
      #expect(world.write([4, 0x1C, 1, 1]) == .failed(.invalid))
      world.host(flags)
      #expect(world.write([4, 0x1C, 1, 1, 0]) == .count(5))
    }
  }

  @Test func writeTakesFiveBytesOrMoreAndLosesThoseBeyondTheBuffer() {
    for count in [1, 4, 5, 64, 65, 256, 1000] {
      var world = World()
      let outcome = world.write((0..<count).map { UInt8(truncatingIfNeeded: $0) })
      guard count >= 5 else {
        #expect(outcome == .failed(.invalid))
        #expect(!world.channel.control.contains(.bmcToHostAttention))
        continue
      }
      #expect(outcome == .count(count))
      #expect(world.channel.control.contains(.bmcToHostAttention))
      world.host(.clearReadPointer)
      for index in 0..<min(count, 64) { #expect(world.channel.hostReadData() == index) }
      #expect(world.channel.hostReadData() == 0xFF)
      #expect(world.channel.events.contains(.bmcWriteOverflow) == (count > 64))
    }
  }

  @Test func attentionIsSetOnceAndTheOnlyControl() {
    var world = World()
    for _ in 0..<2 {
      #expect(world.driver.control(0xB100, on: &world.channel, now: 0) == nil)
      #expect(world.channel.control.contains(.smsAttention))
    }
    world.host(.smsAttention)
    for request: UInt32 in [0, 0xB101, 0xB102, 0xB103, 0x5401] {
      #expect(world.driver.control(request, on: &world.channel, now: 0) == .invalid)
    }
    #expect(!world.channel.control.contains(.smsAttention))
  }

  /// H2B_ATN rising and H_BUSY falling wake; B2H_ATN falling and SMS_ATN do not.
  @Test func edgesAreThoseThatInterrupt() {
    var world = World()
    #expect(world.driver.takeWake() == false)
    world.send([3, 0x18, 1, 1])
    #expect(world.driver.takeWake() == true)
    #expect(world.driver.takeWake() == false)
    world.host(.hostBusy)
    #expect(world.driver.takeWake() == false)
    world.host(.hostBusy)
    #expect(world.driver.takeWake() == true)
    world.channel.bmcWriteControl([.bmcToHostAttention, .smsAttention])
    world.host([.bmcToHostAttention, .smsAttention])
    #expect(world.driver.takeWake() == false)
  }
}
