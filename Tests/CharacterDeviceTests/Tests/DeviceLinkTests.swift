import IPMI
import IPMIHostBridge
import SystemInterfaces
import TestSupport
import Testing
import VMProtocol

@testable import CharacterDevice

/// A host that speaks the VM protocol, down to the file that a daemon reads, and back.
@Suite struct DeviceLinkTests {
  /// A device, its host, and the daemon's side of the file.
  struct World<Driver: DeviceDriver, Host: SystemInterfaceHost>
  where Driver.Registers == Host.Registers {
    var link: DeviceLink<Driver, Host>
    var now: UInt64 = 1_000
    private var decoder = VMDecoder(role: .vm)

    init(_ driver: Driver.Type, _ host: Host) {
      link = DeviceLink(host)
      #expect(link.open(now: now) == nil)
      link.bridge.connected()
      link.settle(now: now)
      _ = answers()
    }

    mutating func send(_ request: [UInt8], id: UInt8) {
      var output = VMOutput<1024>()
      let isWritten = output.append(id: id, message: Message(request.span)!)
      #expect(isWritten)
      var frame = FixedBytes<1024>()
      output.copy(into: &frame)
      #expect(link.bridge.receive(frame.array.span.extracting(0..<frame.count), now: now) > 0)
      link.settle(now: now)
    }

    /// The responses that the host has got.
    mutating func answers() -> [[UInt8]] {
      var answers: [[UInt8]] = []
      while link.bridge.hasOutput {
        var chunk = FixedBytes<512>()
        link.bridge.copyOutput(into: &chunk)
        link.bridge.consumeOutput(chunk.count)
        for index in 0..<chunk.count {
          if case .message(let id, let message)? = decoder.feed(chunk[index]) {
            answers.append([id] + (0..<message.count).map { message.bytes[$0] })
          }
        }
        link.settle(now: now)
      }
      return answers
    }

    mutating func read() -> [UInt8]? {
      let outcome = Outcome(link.read(1024, at: 0, isNonblocking: true, now: now))
      if case .bytes(let bytes) = outcome { return bytes } else { return nil }
    }

    mutating func write(_ bytes: [UInt8]) -> Outcome {
      Outcome(link.write(bytes.span, at: 0, isNonblocking: true, now: now))
    }

    /// Lets time pass until the host does nothing but wait for the BMC, at most `count` times.
    mutating func pass(_ count: Int) {
      for _ in 0..<count {
        guard !link.poll().contains(.input), let deadline = link.deadline else { return }
        now = deadline
        link.settle(now: now)
      }
    }
  }

  @Test(arguments: [2, 3, 4, 63, 64, 255, 300])
  func kcsCarriesARequestAndItsResponse(_ length: Int) {
    var world = World(KCSDriver.self, KCSHost())
    for id: UInt8 in 0..<3 {
      let request = [0x18, id] + (2..<length).map { UInt8(truncatingIfNeeded: $0) }
      world.send(request, id: id)
      #expect(world.link.takeWake() == true)
      #expect(world.link.poll() == .input)
      #expect(world.read() == request)
      let response = [0x1C, id, 0] + request.dropFirst(2).prefix(297)
      #expect(world.write(response) == .count(response.count))
      #expect(world.answers() == [[id] + response])
      #expect(world.write(response) == .failed(.invalid))
    }
  }

  @Test(arguments: [2, 3, 30, 62])
  func btCarriesARequestAndItsResponse(_ length: Int) throws {
    var world = World(BTDriver.self, BTHost())
    let request = [0x18, 0x40] + (2..<length).map { UInt8($0) }
    world.send(request, id: 9)
    // The host asks what the BMC can do before anything else.
    let first = world.read()
    let question = try #require(first)
    #expect(question == [3, 0x18, question[2], 0x36])
    #expect(
      world.write([9, 0x1C, question[2], 0x36, 0, 1, 63, 63, 10, 0]) == .count(10))
    #expect(world.link.takeWake() == true)
    let second = world.read()
    let frame = try #require(second)
    #expect(Int(frame[0]) == length + 1)
    #expect([frame[1]] + frame.dropFirst(3) == request)
    #expect(world.write([4, 0x1C, frame[2], 0x40, 0xC1]) == .count(5))
    #expect(world.answers() == [[9, 0x1C, 0x40, 0xC1]])
  }

  @Test(arguments: [2, 32, 33, 200])
  func ssifCarriesARequestAndItsResponse(_ length: Int) throws {
    var world = World(SSIFDriver.self, SSIFHost())
    let request = [0x18, 0x40] + (2..<length).map { UInt8($0) }
    world.send(request, id: 9)
    var received: [UInt8]?
    // The host's driver asks and tries out before it sends what it was given.
    for _ in 0..<40 where received == nil {
      world.pass(10)
      guard let bytes = world.read() else { continue }
      #expect(Int(bytes[0]) == bytes.count - 4)
      let message = Array(bytes.dropFirst(4))
      if message == request {
        received = message
      } else {
        #expect(message[1] == 0x57 || message.count > 2)
        let answer: [UInt8] =
          message[1] == 0x57
          ? [0x1C, 0x57, 0, 0, 0x90, 254, 254] : [message[0] | 4, message[1], 0xC1]
        _ = world.write([UInt8(answer.count), 0, 0, 0] + answer)
      }
    }
    #expect(received == request)
    let answer: [UInt8] = [0x1C, 0x40, 0] + (0..<100).map { UInt8($0) }
    #expect(world.write([UInt8(answer.count), 0, 0, 0] + answer) == .count(107))
    world.pass(20)
    #expect(world.answers() == [[9] + answer])
  }

  @Test func hostThatTimesOutMakesTheAnswerInvalid() {
    var world = World(KCSDriver.self, KCSHost())
    world.send([0x18, 0x01], id: 1)
    #expect(world.read() == [0x18, 0x01])
    while let deadline = world.link.deadline, world.now < 4_000_000_000 {
      world.now = deadline
      world.link.settle(now: deadline)
    }
    // Answered in the BMC's place, aborted in the registers.
    #expect(world.answers() == [[1, 0x1C, 0x01, 0xC3]])
    #expect(world.write([0x1C, 0x01, 0x00]) == .failed(.invalid))
    world.send([0x18, 0x02], id: 2)
    #expect(world.read() == [0x18, 0x02])
  }

  @Test func daemonThatStartsLateFindsTheHostsRequest() {
    var world = World(KCSDriver.self, KCSHost())
    world.link.release(now: world.now)
    world.send([0x18, 0x01], id: 1)
    #expect(world.link.poll() == [])
    #expect(world.link.open(now: world.now) == nil)
    for _ in 0..<40 where world.link.poll() != .input {
      guard let deadline = world.link.deadline else { break }
      world.now = deadline
      world.link.settle(now: deadline)
    }
    #expect(world.read() == [0x18, 0x01])
  }
}
