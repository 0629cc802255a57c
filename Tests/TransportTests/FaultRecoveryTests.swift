import EmulatedPair
import Foundation
import HostPeripherals
import IPMI
import SystemInterfaces
import Testing
import Transport

/// Each fault kind, on the wire of a `simulate`, against our host devices: what a host sees of it, and
/// that it works on.
@Suite(.serialized) struct FaultRecoveryTests {
  /// What becomes of the second request.
  enum Outcome: Sendable {
    /// It is answered with this, within a moment.
    case answered(CompletionCode)
    /// Nobody answers; the device says C3h when 4 s are over.
    case timeout
    /// The connection is lost, and the device says D2h.
    case disconnected
  }

  static let faults: [(String, Outcome)] = [
    ("drop request 2", .timeout), ("drop response 2", .timeout),
    ("corrupt request 2", .timeout), ("corrupt response 2", .timeout),
    ("delay request 2 by 200ms", .answered(.success)),
    ("delay response 2 by 200ms", .answered(.success)),
    ("duplicate request 2", .answered(.success)), ("duplicate response 2", .answered(.success)),
    ("truncate response 2 to 3", .answered(.success)),
    ("busy request 2", .answered(.nodeBusy)),
    ("answer request 2 with D5", .answered(.notSupportedInPresentState)),
    ("attention request 2 for 100ms", .answered(.success)),
    ("reset host request 2", .answered(.success)),
    ("reset bmc response 2", .answered(.success)),
    ("reset bmc request 2 for 50ms", .timeout),
    ("cut request 2", .disconnected),
  ]

  @Test(arguments: faults)
  func `a host sees what is documented, and works on`(
    _ rule: String, _ outcome: Outcome
  ) throws {
    try recovers(KCSBus<ISAKCS>.self, from: rule, outcome)
    try recovers(BTBus<ISABT>.self, from: rule, outcome)
    try recovers(KCSBus<PCIKCS>.self, from: rule, outcome)
    try recovers(BTBus<PCIBT>.self, from: rule, outcome)
    try recovers(SSIFBus.self, from: rule, outcome)
  }

  private func recovers<Bus: HostBus>(
    _: Bus.Type, from rule: String, _ outcome: Outcome
  ) throws {
    let what = "\(Bus.self), \(rule)"
    let directory = try TemporaryDirectory()
    let address = LinkAddress.unix(path: directory.appending("bmc.sock"))
    let bmc = try SimulateProcess.start(["--listen", "\(address)", "--fault", rule])
    var pc = RemotePC<Bus>(try WireClient(address))
    #expect(pc.response(to: Message(.getDeviceID))?[2] == 0, "\(what)")
    pc.start(Message(.getChassisStatus))
    switch outcome {
    case .answered(let code):
      #expect(pc.finish() == .complete, "\(what)")
      #expect(pc.completionCode == code, "\(what)")
    case .timeout:
      guard case .waiting = pc.finish(within: second / 10) else {
        Issue.record("\(what): an answer")
        return
      }
      pc.setForward(4 * second)
      _ = pc.finish(within: second)
      #expect(pc.completionCode == .timeout, "\(what)")
    case .disconnected:
      #expect(pc.finish() == .complete, "\(what)")
      #expect(pc.completionCode == .initializationInProgress, "\(what)")
      #expect(pc.violations == [], "\(what)")
      pc = RemotePC<Bus>(try WireClient(address))
    }
    // A BMC that has started again does not know who was open, and answers all the same.
    let next = pc.response(to: Message(.getMessageFlags))
    #expect(next?.prefix(3) == [0x1C, 0x31, 0x00], "\(what)")
    #expect(pc.response(to: Message(.getDeviceID))?[2] == 0, "\(what)")
    #expect(pc.violations == [], "\(what)")
    #expect(try bmc.end(by: SIGTERM) == .exited(0))
    #expect(bmc.lines.contains { $0.hasPrefix("1 faults, seed 1") }, "\(bmc.lines)")
    #expect(
      bmc.lines.contains { $0.contains("fault: ") && $0.contains("(rule 1)") }, "\(bmc.lines)")
  }

  /// One that ends where it would start again.
  @Test(.enabled(if: Programs.find("qemu-system-x86_64") != nil))
  func `a stock QEMU is reset, for it has said that it can be`() throws {
    let tapped = try TappedBMC(capture: ["--fault", "reset host request 1"], trace: [])
    let pc = try StockQEMUTests.PC(chardev: "path=\(tapped.path("tap.sock")),reconnect=1")
    var cursor = 0
    try tapped.capture.wait(for: "QEMU", from: &cursor, timeout: 20) {
      $0.contains("host: capabilities 3Fh")
    }
    try pc.write([0x18, 0x01])
    #expect(try pc.process.waitForExit(timeout: 20) == .exited(0))
    let (lines, _) = try tapped.end()
    #expect(lines.contains { $0.hasSuffix("--  fault: host reset (rule 1)") })
  }

  // MARK: The command line

  @Test func `capture shows what it did, and its files have it`() throws {
    let tapped = try TappedBMC(capture: [
      "--fault", "drop response of Get Chassis Status", "--fault", "busy request 3",
      "--fault-seed", "42",
    ])
    let client = try WireClient(tapped.address)
    client.send(qemuGreeting + request(.getDeviceID, id: 1))
    #expect(try client.response(to: 1).0.completionCode == .success)
    client.send(request(.getChassisStatus, id: 2) + request(.getDeviceID, id: 3))
    let (busy, before) = try client.response(to: 3)
    #expect(busy.completionCode == .nodeBusy && before == 0)
    // Behind the response that is lost.
    #expect(try client.deviceIDIsAnswered(id: 4))
    let (lines, requests) = try tapped.end()
    // The third was answered in its place.
    #expect(requests == 3)
    for line in [
      "fault seed 42", "rule 1: drop response of Get Chassis Status", "rule 2: busy request 3",
      "2 faults, seed 42", "rule 1  1 x  drop response of Get Chassis Status",
      "rule 2  1 x  busy request 3",
    ] { #expect(lines.contains(line), "\(line)") }
    func index(_ text: String) -> Int? { lines.firstIndex { $0.contains(text) } }
    let dropped = try #require(index("--  fault: response dropped (rule 1)"))
    #expect(try #require(index("BMC  02  Get Chassis Status")) < dropped)
    #expect(try #require(index("host 03  Get Device ID")) < dropped)
    #expect(index("--  fault: request answered with C0h (rule 2)") != nil)
    #expect(lines.contains { $0.hasPrefix("4 requests, 3 responses, 1 without a response") })
    let events = String(decoding: try tapped.file("pc.jsonl"), as: UTF8.self)
    #expect(events.contains(#""event":"fault","what":"response dropped","rule":1}"#))
    #expect(try messages(try tapped.file("pc.pcapng")).requests.count == 4)
  }

  @Test func `a cut lasts as long as it says`() throws {
    let tapped = try TappedBMC(capture: ["--fault", "cut after request 2 for 400ms"], trace: [])
    let client = try WireClient(tapped.address)
    #expect(try client.deviceIDIsAnswered())
    let start = DispatchTime.now().uptimeNanoseconds
    client.send(request(.getDeviceID, id: 2))
    #expect(throws: WireClient.Failure.closed) { try client.response(to: 2) }
    // As QEMU does: again and again.
    var tries = 0
    while (try? WireClient(tapped.address).deviceIDIsAnswered()) != true { tries += 1 }
    #expect(tries > 0)
    #expect(DispatchTime.now().uptimeNanoseconds - start >= 400_000_000)
    _ = try tapped.end()
  }

  @Test func `a file has rules, and its errors their lines`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("faults.txt")
    try "# all\nseed 9\nbusy request every 2\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    let tapped = try TappedBMC(
      capture: ["--faults", path, "--fault", "drop response 9"], trace: [])
    let client = try WireClient(tapped.address)
    #expect(try client.deviceIDIsAnswered())
    #expect(try !client.deviceIDIsAnswered(id: 2))
    let lines = try tapped.end().lines
    #expect(lines.contains("fault seed 9") && lines.contains("rule 1: busy request every 2"))
    #expect(lines.contains("rule 2: drop response 9"))
    try "drop 3\nfrob 4\n".write(toFile: path, atomically: true, encoding: .utf8)
    let run = try SimulateProcess.run(["--listen", "unix:a", "--faults", path])
    #expect(run.status == .exited(64))
    #expect(run.lines.joined().contains("\(path), line 2: 'frob' is no fault"))
  }

  @Test(arguments: [
    (["--fault", "drop x"], "--fault 'drop x': 'x' is not understood"),
    (["--fault", "abort"], "abort is for pair, between registers"),
    (["--scenario", "none"], "there is no scenario 'none': silent-device-id"),
    (["--scenario", "ssif-lost-stop"], "openbmc --ssif --abuse ssif-lost-stop"),
    (["--faults", "/no/such/file"], "/no/such/file: could not be read"),
    (["--fault-seed", "3"], "--fault-seed is for"),
  ])
  func `faults that cannot be are refused`(_ arguments: [String], _ expected: String) throws {
    for (command, links) in [
      ("simulate", ["--listen", "unix:a"]), ("capture", ["--listen", "unix:a", "--to", "unix:b"]),
    ] {
      let run = try SimulateProcess.run(links + arguments, command: command)
      #expect(run.status == .exited(64))
      #expect(run.lines.joined(separator: "\n").contains(expected), "\(run.lines)")
    }
  }

  @Test(arguments: ["capture", "simulate", "pair"])
  func `the scenarios are listed, whatever else is missing`(_ command: String) throws {
    let run = try SimulateProcess.run(["--scenario", "list"], command: command)
    #expect(run.status == .exited(0))
    #expect(run.lines.contains("bmc-gone: the BMC is gone for 10 s, then back"))
    #expect(run.lines.allSatisfy { $0.count <= 130 })
  }

  /// A host that does not read its answers, with a delay on each: nothing grows.
  @Test func `a flood through delays is held back`() throws {
    let tapped = try TappedBMC(capture: ["--quiet", "--fault", "delay request by 10ms"], trace: [])
    let client = try WireClient(tapped.address)
    let limit = 64 << 20
    let frames = (0..<1000).flatMap { request(.getDeviceID, id: UInt8($0 & 0x7F)) }
    let sent = client.flood(frames, limit: limit, quiet: 1)
    #expect(sent > 0 && sent < limit)
    #expect(tapped.capture.exitStatus == nil)
  }
}
