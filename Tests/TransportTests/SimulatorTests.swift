import EmulatedPair
import Foundation
import IPMI
import Logging
import Testing
import Transport
import VMProtocol

/// A simulator in this process, with one link, that ends with the value.
final class RunningSimulator {
  let simulator: Simulator
  let address: LinkAddress
  let directory: TemporaryDirectory

  init(overTCP: Bool = false) throws {
    simulator = Simulator(logger: quietLogger)
    directory = try TemporaryDirectory()
    address = try simulator.listen(
      on: overTCP
        ? .tcp(host: "127.0.0.1", port: 0) : .unix(path: directory.appending("bmc.sock")),
      bmc: newBMC())
  }

  deinit { try? simulator.end() }
}

func newBMC() -> SimulatedBMC {
  SimulatedBMC(now: Simulator.now)
}

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

@Suite struct SimulatorTests {
  @Test(arguments: [false, true])
  func `a VM is greeted and answered, pipelined requests in order`(_ overTCP: Bool) throws {
    let running = try RunningSimulator(overTCP: overTCP)
    let client = try WireClient(running.address)
    var greeting: [UInt8] = []
    while greeting.count < bmcGreeting.count { greeting += try client.bytes() }
    #expect(greeting == bmcGreeting)
    for _ in 0..<20 {
      client.send((0..<128).flatMap { request(.getDeviceID, id: UInt8($0)) })
      for id in 0..<128 {
        let (response, before) = try client.response(to: UInt8(id))
        #expect(response.completionCode == .success && before == 0)
      }
    }
  }

  @Test func `links do not know of each other`() throws {
    let running = try RunningSimulator()
    let addresses = try (0..<20).map { number in
      try running.simulator.listen(
        on: .unix(path: running.directory.appending("\(number)")), bmc: newBMC())
    }
    let clients = try addresses.map { try WireClient($0) }
    for (number, client) in clients.enumerated() {
      client.send(request(.setPowerRestorePolicy, [UInt8(number % 3)], id: 1))
      _ = try client.response(to: 1)
    }
    for (number, client) in clients.enumerated() {
      client.send(request(.getChassisStatus, id: 2))
      let status = try client.response(to: 2).0
      #expect(status.data(0) == UInt8(number % 3) << 5 | 1)
    }
  }

  // MARK: Clients that come and go

  @Test(arguments: [false, true])
  func `a second client is closed, and the first goes on`(_ overTCP: Bool) throws {
    let running = try RunningSimulator(overTCP: overTCP)
    let first = try WireClient(running.address)
    try first.deviceIDIsAnswered()
    for _ in 0..<3 {
      let second = try WireClient(running.address)
      second.send(request(.getDeviceID, id: 1))
      #expect(throws: WireClient.Failure.closed) { try second.bytes() }
      #expect(try first.deviceIDIsAnswered())
    }
  }

  /// Without a pause: the old connection's end and the new one's begin are there at once.
  @Test(arguments: [false, true])
  func `a client that reconnects at once is served, whatever it left behind`(
    _ overTCP: Bool
  ) throws {
    let running = try RunningSimulator(overTCP: overTCP)
    let good = request(.getDeviceID, id: 1)
    for round in 0..<100 {
      var client: WireClient? = try WireClient(running.address)
      #expect(try client?.deviceIDIsAnswered() == true, "round \(round)")
      // Half a frame, or answers that nobody reads.
      client?.send(round % 2 == 0 ? Array(good.dropLast(round % 5)) : good + good + good)
      if round % 3 == 0 { client?.abort() }
      client = nil
    }
  }

  @Test(arguments: [false, true])
  func `a client that vanishes with answers outstanding kills nothing`(_ overTCP: Bool) throws {
    let running = try RunningSimulator(overTCP: overTCP)
    for outstanding in [1, 2, 5, 50, 500] {
      for _ in 0..<10 {
        let client = try WireClient(running.address)
        client.send((0..<outstanding).flatMap { request(.getSELInfo, id: UInt8($0 & 0x7F)) })
        client.abort()
      }
      #expect(try WireClient(running.address).deviceIDIsAnswered())
    }
  }

  /// Held back: what it sends is limited, others are served, and nothing of it is lost.
  @Test(arguments: [false, true])
  func `a client that does not read is held back, and stalls nobody`(_ overTCP: Bool) throws {
    let running = try RunningSimulator(overTCP: overTCP)
    let other = try running.simulator.listen(
      on: .unix(path: running.directory.appending("other")), bmc: newBMC())
    let client = try WireClient(running.address)
    let good = request(.getDeviceID, id: 0)
    let limit = 256 << 20
    let sent = client.flood(
      (0..<1000).flatMap { _ in good }, limit: limit, quiet: 1)
    #expect(sent < limit)
    #expect(try WireClient(other).deviceIDIsAnswered())
    // Then it reads: every request was answered, the last one may be cut.
    var answers = 0
    while answers < sent / good.count {
      answers += try client.bytes().count { $0 == 0xA0 }
    }
    #expect(answers == sent / good.count)
    client.send(Array(good.dropFirst(sent % good.count)))
    #expect(try client.deviceIDIsAnswered())
  }

  @Test func `a client that does not read and leaves makes way for the next`() throws {
    let running = try RunningSimulator()
    for _ in 0..<3 {
      let client = try WireClient(running.address)
      _ = client.flood(request(.getDeviceID, id: 0), limit: 64 << 20, quiet: 0.2)
    }
    #expect(try WireClient(running.address).deviceIDIsAnswered())
  }

  // MARK: Listening

  @Test func `the socket is this user's alone, and is removed at the end`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("bmc.sock")
    let mask = umask(0)
    defer { umask(mask) }
    let simulator = Simulator(logger: quietLogger)
    _ = try simulator.listen(on: .unix(path: path), bmc: newBMC())
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    try simulator.end()
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `a socket that nobody listens on is replaced; a live one and another file are not`()
    throws
  {
    let running = try RunningSimulator()
    guard case .unix(let path) = running.address else { return }
    let second = Simulator(logger: quietLogger)
    let live = #expect(throws: LinkError.self) {
      try second.listen(on: running.address, bmc: newBMC())
    }
    #expect(live?.description.contains("another program listens there") == true)
    #expect(try WireClient(running.address).deviceIDIsAnswered())

    // A name for the socket that outlives it.
    let stale = running.directory.appending("stale")
    try FileManager.default.linkItem(atPath: path, toPath: stale)
    try running.simulator.end()
    #expect(FileManager.default.fileExists(atPath: stale))
    let address = try second.listen(on: .unix(path: stale), bmc: newBMC())
    #expect(try WireClient(address).deviceIDIsAnswered())

    let file = running.directory.appending("file")
    try Data("kept".utf8).write(to: URL(fileURLWithPath: file))
    let refused = #expect(throws: LinkError.self) {
      try second.listen(on: .unix(path: file), bmc: newBMC())
    }
    #expect(refused?.description.contains("no socket") == true)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "kept")
    try second.end()
  }

  @Test func `a port that is taken is an error that names it`() throws {
    let running = try RunningSimulator(overTCP: true)
    let error = #expect(throws: LinkError.self) {
      try running.simulator.listen(on: running.address, bmc: newBMC())
    }
    #expect(error?.description.hasPrefix("\(running.address): could not listen") == true)
  }

  // MARK: Connecting

  @Test func `a BMC that connects does so again and again, and is the same one`() throws {
    let simulator = Simulator(logger: quietLogger)
    defer { try? simulator.end() }
    var listener: WireListener? = try WireListener()
    let port = try #require(listener?.port)
    try simulator.connect(to: .tcp(host: "127.0.0.1", port: port), bmc: newBMC())
    for policy: UInt8 in [1, 2, 0] {
      let client = try #require(try listener?.accept())
      #expect(try client.bytes() == bmcGreeting)
      client.send(request(.setPowerRestorePolicy, [policy], id: 1))
      _ = try client.response(to: 1)
    }
    // Nobody is there for a while.
    listener = nil
    listener = try WireListener(port: port)
    let client = try #require(try listener?.accept())
    client.send(qemuGreeting + request(.getChassisStatus, id: 2))
    #expect(try client.response(to: 2).0.data(0) == 1)
  }

  // MARK: Time and the VM's power

  @Test func `the watchdog resets a VM that says nothing more`() throws {
    let running = try RunningSimulator()
    let client = try WireClient(running.address)
    client.send(qemuGreeting + request(.setWatchdogTimer, [0x04, 0x01, 0, 0, 2, 0], id: 1))
    client.send(request(.resetWatchdogTimer, id: 2))
    _ = try client.response(to: 2)
    var control: VMEvent
    repeat {
      control = try client.event()
    } while control == .control(.clearAttention, argument: nil)
    #expect(control == .control(.reset, argument: nil))
  }
}
