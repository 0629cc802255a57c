import CFUSE
import Foundation
import TestSupport
import Testing

@testable import CharacterDevice

/// What reaches the socket of a preloaded library's calls, from whoever finds it.
@Suite struct PreloadFileTests {
  /// A device whose host has a request ready, served between a client's messages.
  final class World {
    let folder: SocketFolder
    let device: any ServedDevice
    var connections: [Int32] = []

    init() throws {
      folder = try SocketFolder()
      let script = try HostScript("06 01\n06 04\n")
      device = try EmulatedDevice(
        .kcs, name: "ipmi-kcs3", host: .script(script, report: { _ in })
      ).served { _ in }
      try device.attach(to: .preload(folder, "ipmi-kcs3"))
    }

    deinit {
      for connection in connections { close(connection) }
      device.detach()
    }

    func connect() throws -> Int32 {
      let connection = try connectToUnixSocket(
        folder.path + "/ipmi-kcs3", type: SOCK_SEQPACKET)
      connections.append(connection)
      device.run()
      return connection
    }

    func send(_ connection: Int32, _ bytes: [UInt8]) {
      _ = unsafe Foundation.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      device.run()
    }

    func send(_ connection: Int32, _ call: device_call, _ bytes: [UInt8] = []) {
      send(connection, unsafe withUnsafeBytes(of: call) { unsafe Array($0) } + bytes)
    }

    /// The result of the answer that is there, and its bytes; `nil` where there is none.
    func answer(_ connection: Int32) -> (result: Int64, bytes: [UInt8])? {
      var bytes = [UInt8](repeating: 0, count: 8192)
      let count = unsafe recv(connection, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      let size = MemoryLayout<device_answer>.size
      guard count >= size else { return nil }
      let answer = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: device_answer.self) }
      return (answer.result, Array(bytes[size..<count]))
    }

    /// Opens the device as the library does: the connection and the file's number.
    func open() throws -> (connection: Int32, result: Int64) {
      let connection = try connect()
      send(connection, device_call(.open))
      return (connection, try #require(answer(connection)).result)
    }
  }

  @Test func callsAreAnsweredAsTheDriverDoes() throws {
    let world = try World()
    let (holder, number) = try world.open()
    #expect(number > 0)
    #expect(try world.open().result == -16)
    let channel = try world.connect()
    world.send(channel, device_call(.join, argument: UInt64(number)))
    world.send(channel, device_call(.read, count: 64, isNonblocking: true))
    var answer = world.answer(channel)
    #expect(answer?.result == 2)
    #expect(answer?.bytes == [0x18, 0x01])
    world.send(channel, device_call(.write, count: 2), [0x1C, 0x01])
    answer = world.answer(channel)
    #expect(answer?.result == -22)
    world.send(channel, device_call(.control, count: 0xB103))
    answer = world.answer(channel)
    #expect(answer?.result == -22)
    // Nothing is left to be read, so it sleeps until a signal.
    world.send(channel, device_call(.read, count: 64))
    #expect(world.answer(channel) == nil)
    world.send(channel, device_call(.interrupt))
    answer = world.answer(channel)
    #expect(answer?.result == -11)
    // The holder's end is the file's.
    close(holder)
    world.connections.removeAll { $0 == holder }
    world.device.run()
    #expect(try world.open().result > 0)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func anyMessagesStopNobody(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let world = try World()
    for _ in 0..<2000 {
      let isNew = world.connections.isEmpty || Int.random(in: 0..<20, using: &random) == 0
      let connection =
        try isNew ? world.connect() : world.connections.randomElement(using: &random)!
      switch Int.random(in: 0..<6, using: &random) {
      case 0: world.send(connection, random.bytes(0...80))
      case 1:
        close(connection)
        world.connections.removeAll { $0 == connection }
        world.device.run()
      case 2: _ = world.answer(connection)
      default:
        var call = device_call(.open)
        call.kind = UInt32.random(in: 0...8, using: &random)
        call.is_nonblocking = UInt32.random(in: 0...1, using: &random)
        call.argument = Bool.random(using: &random) ? 1 : random.next()
        call.count = Bool.random(using: &random) ? 64 : random.next()
        call.offset = Bool.random(using: &random) ? -1 : Int64(bitPattern: random.next())
        // An ioctl of IPMI's host has pointers; of a BMC's, none is looked at.
        world.send(connection, call, random.bytes(0...80))
      }
    }
    for connection in world.connections { close(connection) }
    world.connections = []
    world.device.run()
    #expect(try world.open().result > 0, "seed \(seed)")
  }
}

extension device_call {
  enum Kind: UInt32 {
    case open = 1
    case join, read, write, control, interrupt
  }

  init(_ kind: Kind, count: UInt64 = 0, argument: UInt64 = 0, isNonblocking: Bool = false) {
    self.init(
      kind: kind.rawValue, is_nonblocking: isNonblocking ? 1 : 0, offset: -1, count: count,
      argument: argument)
  }
}

extension SplitMix64 {
  fileprivate mutating func bytes(_ count: ClosedRange<Int>) -> [UInt8] {
    (0..<Int.random(in: count, using: &self)).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
