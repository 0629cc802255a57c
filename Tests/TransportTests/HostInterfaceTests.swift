import EmulatedPair
import Foundation
import HostPeripherals
import IPMI
import IPMIHostBridge
import SystemInterfaces
import Testing
import Transport

/// A PC whose registers lead, over a socket, to a BMC in another program.
///
/// Its clock is the real one, and can be set forward.
struct RemotePC<Bus: HostBus> {
  private var bridge = HostMessageBridge(Bus().device)
  private var bus = Bus()
  private var host = Bus.makeHost()
  private let client: WireClient
  /// Added to the real time, nanoseconds.
  private var offset: UInt64 = 0

  init(_ client: WireClient) {
    self.client = client
    bridge.connected(now: now)
    pump()
  }

  private var now: UInt64 { DispatchTime.now().uptimeNanoseconds &+ offset }
  var violations: [String] { bus.violations }
  var interrupt: Bool { bridge.device.interrupt }
  var statistics: BridgeStatistics { bridge.statistics }

  mutating func setForward(_ duration: UInt64) { offset &+= duration }

  /// Sends what the bridge has to send.
  private mutating func pump() {
    bridge.advance(now: now)
    var chunk = FixedBytes<700>()
    while bridge.hasOutput {
      bridge.copyOutput(into: &chunk)
      client.send((0..<chunk.count).map { chunk[$0] })
      bridge.consumeOutput(chunk.count)
    }
  }

  /// Takes what the BMC sends within `duration` nanoseconds; `false` where that is nothing.
  @discardableResult
  mutating func listen(for duration: UInt64) -> Bool {
    let timeout = Double(duration) / Double(second)
    do {
      let bytes = try client.bytes(timeout: timeout)
      bridge.receive(bytes.span, now: now)
      return true
    } catch WireClient.Failure.closed {
      bridge.disconnected(now: now)
      return true
    } catch {
      return false
    }
  }

  mutating func start(_ request: Message) { host.start(request) }

  /// Runs the host until it has its response or has given up, or has waited for `patience`
  /// nanoseconds of the PC's clock.
  mutating func finish(within patience: UInt64 = 10 * second) -> HostEvent {
    let end = now + patience
    while true {
      bus.device = bridge.device
      let event = bus.step(&host, now: now)
      bridge.device = bus.device
      pump()
      switch event {
      case .progressed: continue
      case .waiting(let due):
        let time = now
        if time >= end { return event }
        listen(for: max(min(due, end), time + 1) - time)
      case .complete, .failed, .idle, .attention: return event
      }
    }
  }

  mutating func response(to request: Message) -> [UInt8]? {
    start(request)
    guard finish() == .complete, let response = host.response else { return nil }
    return (0..<response.count).map { response.bytes[$0] }
  }

  /// What the host has after ``finish(within:)``.
  var completionCode: CompletionCode? { host.response?.completionCode }
}

/// The programs that can be a BMC.
enum RemoteBMC: String, CaseIterable, CustomTestStringConvertible {
  case simulate
  case ipmiSim = "ipmi_sim"

  var testDescription: String { rawValue }

  static var installed: [RemoteBMC] {
    allCases.filter { $0 == .simulate || Programs.find("ipmi_sim") != nil }
  }

  /// A BMC that runs, as another program, until the value goes.
  struct Running {
    let address: LinkAddress
    let process: ChildProcess
    let keep: AnyObject

    /// A client that the BMC serves: `ipmi_sim` refuses one while it has not seen the last leave.
    func connect() throws -> WireClient {
      for _ in 0..<100 {
        let client = try WireClient(address)
        if (try? client.deviceIDIsAnswered(timeout: 5)) == true { return client }
      }
      throw WireClient.Failure.noConnection
    }

    /// Stops the program, and returns when it has stopped.
    func suspend() throws {
      process.suspend()
      let file = "/proc/\(process.processIdentifier)/stat"
      while try !String(contentsOfFile: file, encoding: .utf8).contains(") T ") {}
    }
  }

  func start() throws -> Running {
    switch self {
    case .simulate:
      let directory = try TemporaryDirectory()
      let address = LinkAddress.unix(path: directory.appending("bmc.sock"))
      let process = try SimulateProcess.start(["--listen", "\(address)"])
      return Running(address: address, process: process, keep: directory)
    case .ipmiSim:
      let simulator = try OpenIPMISimulator()
      return Running(
        address: .tcp(host: "127.0.0.1", port: Int(simulator.port)), process: simulator.process,
        keep: simulator)
    }
  }
}

/// Our host interfaces against BMCs in other programs: the part of QEMU's `ipmi-bmc-extern`.
@Suite(.serialized) struct HostInterfaceTests {
  /// What a host's driver asks while it loads, and some that are refused.
  private static let requests: [Message] = [
    Message(.getDeviceID), Message(.getMessageFlags), Message(.setBMCGlobalEnables, [0x08]),
    Message(.setBMCGlobalEnables, [0x0F]), Message(.getBMCGlobalEnables),
    Message(.setBMCGlobalEnables, [0x0C]), Message(.clearMessageFlags, [0xFF]),
    Message(.getMessageFlags), Message(.getMessage), Message(.getChassisStatus),
    Message(.getChassisCapabilities), Message(.getSDRRepositoryInfo), Message(Command(.app, 0x7F)),
    Message(.getSDR, [0, 0, 0, 0, 0]),
  ]

  private func run<Bus: HostBus>(
    _: Bus.Type, _ requests: [Message], against bmc: RemoteBMC.Running
  ) throws -> [[UInt8]?] {
    var pc = RemotePC<Bus>(try bmc.connect())
    let responses = requests.map { pc.response(to: $0) }
    #expect(pc.violations == [])
    #expect(pc.statistics.requests >= UInt32(requests.count))
    #expect(pc.statistics.requests == pc.statistics.responses)
    #expect(pc.statistics.timeouts == 0 && pc.statistics.rejectedFrames == 0)
    return responses
  }

  @Test(arguments: RemoteBMC.installed)
  func `all five interfaces bring the same answers`(_ remote: RemoteBMC) throws {
    let bmc = try remote.start()
    let answers = try [
      run(KCSBus<ISAKCS>.self, Self.requests, against: bmc),
      run(BTBus<ISABT>.self, Self.requests, against: bmc),
      run(KCSBus<PCIKCS>.self, Self.requests, against: bmc),
      run(BTBus<PCIBT>.self, Self.requests, against: bmc),
      run(SSIFBus.self, Self.requests, against: bmc),
    ]
    for (index, request) in Self.requests.enumerated() {
      let bytes = try #require(answers[0][index])
      #expect(bytes.starts(with: [request.bytes[0] | 4, request.bytes[1]]))
      for interface in 1..<answers.count {
        #expect(answers[interface][index] == bytes, "interface \(interface), request \(index)")
      }
    }
    let codes = answers[0].map { $0?[2] }
    #expect(codes.prefix(4) == [0, 0, 0, 0] && codes[12] == 0xC1)
    #expect(answers[0][4]?[3] == 0x0F)
  }

  private func timeIsKept<Bus: HostBus>(
    _: Bus.Type, against bmc: RemoteBMC.Running, late: CompletionCode?
  ) throws {
    var pc = RemotePC<Bus>(try bmc.connect())
    #expect(pc.response(to: Message(.getDeviceID)) != nil)
    try bmc.suspend()
    defer { bmc.process.resume() }
    pc.start(Message(.getChassisStatus))
    guard case .waiting = pc.finish(within: second / 10) else {
      Issue.record("an answer from a BMC that does not run")
      return
    }
    pc.setForward(3 * second)
    guard case .waiting = pc.finish(within: second / 20) else {
      Issue.record("gave up too early")
      return
    }
    pc.setForward(second)
    _ = pc.finish(within: second)
    #expect(pc.completionCode == late)
    // The late answer is no other request's.
    bmc.process.resume()
    #expect(pc.response(to: Message(.getMessageFlags))?.prefix(3) == [0x1C, 0x31, 0x00])
    #expect(pc.violations == [])
    #expect(pc.statistics.timeouts == 1)
  }

  /// A BMC that is stopped: C3h after 4 s and not before, and the interface works on.
  @Test(arguments: RemoteBMC.installed)
  func `a BMC that takes too long is C3h`(_ remote: RemoteBMC) throws {
    let bmc = try remote.start()
    try timeIsKept(KCSBus<ISAKCS>.self, against: bmc, late: .timeout)
    try timeIsKept(BTBus<ISABT>.self, against: bmc, late: .timeout)
    try timeIsKept(KCSBus<PCIKCS>.self, against: bmc, late: .timeout)
    try timeIsKept(BTBus<PCIBT>.self, against: bmc, late: .timeout)
    try timeIsKept(SSIFBus.self, against: bmc, late: .timeout)
  }

  private func interruptsFollow<Bus: HostBus>(
    _: Bus.Type, against bmc: RemoteBMC.Running
  ) throws {
    var pc = RemotePC<Bus>(try bmc.connect())
    for (enables, isEnabled) in [(UInt8(0x0C), false), (0x0D, true), (0x0C, false)] {
      #expect(pc.response(to: Message(.setBMCGlobalEnables, [enables]))?[2] == 0)
      pc.start(Message(.getDeviceID))
      // Up to the response, which interrupts where that is enabled.
      var interrupted = false
      while pc.finish(within: 1) != .complete {
        pc.listen(for: second / 1000)
        interrupted = interrupted || pc.interrupt
      }
      #expect(interrupted == isEnabled)
    }
  }

  /// Set BMC Global Enables becomes the commands 05h and 06h of the wire.
  @Test(arguments: RemoteBMC.installed)
  func `the BMC decides whether KCS interrupts`(_ remote: RemoteBMC) throws {
    let bmc = try remote.start()
    try interruptsFollow(KCSBus<ISAKCS>.self, against: bmc)
    try interruptsFollow(KCSBus<PCIKCS>.self, against: bmc)
  }

  private func endIsSeen<Bus: HostBus>(_: Bus.Type, against remote: RemoteBMC) throws {
    let bmc = try remote.start()
    var pc = RemotePC<Bus>(try bmc.connect())
    try bmc.suspend()
    pc.start(Message(.getDeviceID))
    _ = pc.finish(within: second / 20)
    bmc.process.kill()
    #expect(pc.finish() == .complete)
    #expect(pc.completionCode == .initializationInProgress)
    #expect(pc.violations == [])
  }

  @Test(arguments: RemoteBMC.installed)
  func `a BMC that ends is D2h`(_ remote: RemoteBMC) throws {
    try endIsSeen(KCSBus<ISAKCS>.self, against: remote)
    try endIsSeen(BTBus<ISABT>.self, against: remote)
    try endIsSeen(KCSBus<PCIKCS>.self, against: remote)
    try endIsSeen(BTBus<PCIBT>.self, against: remote)
    try endIsSeen(SSIFBus.self, against: remote)
  }
}
