import EmulatedPair
import Foundation
import IPMI
import TestSupport
import Testing
import Tracing
import Transport

@Suite struct CaptureTests {
  @Test func `each message is a line, and the end a summary`() throws {
    let tapped = try TappedBMC()
    let client = try WireClient(tapped.address)
    try client.run(script)
    let (lines, requests) = try tapped.end()
    #expect(requests == script.count)
    func line(_ text: String) -> String? { lines.first { $0.contains(text) } }
    #expect(line("host: capabilities 3Fh") != nil)
    #expect(line("host 00  Get Device ID") != nil)
    let answer = try #require(line("BMC  00  Get Device ID: 00h completed normally [20 01 "))
    #expect(answer.hasSuffix("us") || answer.hasSuffix("ms"))
    #expect(line("NetFn 06h command FEh: C1h invalid command") != nil)
    let total = try #require(line(" without a response"))
    #expect(total.hasPrefix("\(script.count) requests, \(script.count) responses, 0 without"))
    #expect(line("COMMAND ")?.hasSuffix("COMPLETION CODES") == true)
    #expect(line("Get Sensor Reading  ")?.contains("CBh x1") == true)
  }

  @Test(.enabled(if: Programs.find("tshark") != nil))
  func `tshark dissects every message, as many as the BMC has counted`() throws {
    let tapped = try TappedBMC()
    try WireClient(tapped.address).run(script, times: 20)
    let (_, requests) = try tapped.end()
    #expect(requests == 20 * script.count)
    let packets = try tshark(
      tapped.path("pc.pcapng"),
      [
        "ipmi.trace.packet.type", "ipmi.trace.dir", "ipmi.header.command",
        "ipmi.header.completion", "ipmi.response_to", "_ws.malformed", "_ws.col.Info",
      ])
    let messages = packets.filter { $0[0] == "0" }
    let asked = messages.filter { $0[1] == "1" }
    let answered = messages.filter { $0[1] == "0" }
    #expect(asked.count == requests && answered.count == requests)
    for packet in messages {
      #expect(!packet[2].isEmpty && packet[5].isEmpty, "\(packet)")
      #expect(!packet[6].contains("Malformed"), "\(packet)")
    }
    for packet in answered { #expect(!packet[3].isEmpty && !packet[4].isEmpty, "\(packet)") }
    // And it is the very commands, in their order.
    let commands = script.map { "0x" + String(format: "%02x", $0.0.code) }
    for (number, packet) in asked.enumerated() {
      #expect(packet[2] == commands[number % commands.count])
    }
    #expect(answered[0][6] == "Rsp, Get Device ID, Command Completed Normally (00h)")
  }

  @Test func `both files have the same messages, and the clock does not run back`() throws {
    let tapped = try TappedBMC()
    try WireClient(tapped.address).run(script)
    _ = try tapped.end()
    let (requests, responses) = try messages(try tapped.file("pc.pcapng"))
    #expect(requests.count == script.count && responses.count == script.count)
    let times = (requests + responses).map(\.time).sorted()
    let now = UInt64(Date().timeIntervalSince1970 * 1e9)
    #expect(times.first! > now - 60 * second && times.last! <= now)
    let lines = String(decoding: try tapped.file("pc.jsonl"), as: UTF8.self).split(separator: "\n")
    let events = try lines.map { line in
      try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    for (kind, expected) in [("request", requests), ("response", responses)] {
      let commands = events.filter { $0["event"] as? String == kind }.map {
        $0["command"] as? UInt8
      }
      let others = expected.map { event -> UInt8? in
        switch event.occurrence {
        case .request(_, let message), .response(_, let message): message.command.code
        default: nil
        }
      }
      #expect(commands == others)
    }
  }

  // MARK: Transparency

  /// Frames, damaged ones, noise, in pieces of any size, both ways at once.
  @Test(arguments: UInt64(1)...3)
  func `every byte arrives as it was sent, whatever it means`(_ seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let directory = try TemporaryDirectory()
    let address = LinkAddress.unix(path: directory.appending("tap.sock"))
    let listener = try WireListener()
    let capture = try SimulateProcess.start(
      [
        "--listen", "\(address)", "--to", "tcp:127.0.0.1:\(listener.port)", "--quiet", "--trace",
        directory.appending("noise.pcapng"),
      ], command: "capture")
    let vm = try WireClient(address)
    let bmc = try listener.accept()
    for round in 0..<100 {
      for (source, target) in [(vm, bmc), (bmc, vm)] {
        var sent = (0..<Int.random(in: 1...3000, using: &generator)).map { _ in
          round % 2 == 0
            ? UInt8.random(in: 0...255, using: &generator)
            : [0xA0, 0xA1, 0xAA, 0x00, 0x18].randomElement(using: &generator)!
        }
        if round % 3 == 0 { sent = request(.getDeviceID, id: 1) + sent }
        source.send(sent)
        var arrived: [UInt8] = []
        while arrived.count < sent.count { arrived += try target.bytes() }
        #expect(arrived == sent, "\(generator)")
      }
    }
    #expect(try capture.end(by: SIGINT) == .exited(0))
    #expect(throws: WireClient.Failure.closed) { try vm.bytes() }
    let file = Array(
      try Data(contentsOf: URL(fileURLWithPath: directory.appending("noise.pcapng"))))
    #expect(throws: Never.self) { try messages(file) }
  }

  @Test func `a VM whose BMC does not read is held back, and nothing is lost`() throws {
    let directory = try TemporaryDirectory()
    let address = LinkAddress.unix(path: directory.appending("tap.sock"))
    let listener = try WireListener()
    let capture = try SimulateProcess.start(
      ["--listen", "\(address)", "--to", "tcp:127.0.0.1:\(listener.port)", "--quiet"],
      command: "capture")
    let vm = try WireClient(address)
    let bmc = try listener.accept()
    let limit = 256 << 20
    let sent = vm.flood(
      (0..<1000).flatMap { request(.getDeviceID, id: UInt8($0 & 0x7F)) }, limit: limit, quiet: 1)
    #expect(sent > 0 && sent < limit)
    var arrived = 0
    while arrived < sent { arrived += try bmc.bytes().count }
    #expect(arrived == sent)
    #expect(capture.exitStatus == nil)
  }

  @Test func `damaged frames are shown, and answered as without the tap`() throws {
    let tapped = try TappedBMC()
    let client = try WireClient(tapped.address)
    client.send([0x01, 0x18, 0x01, 0x00, 0xA0] + [0x01, 0xA0] + [0xAA, 0xA0])
    #expect(try client.deviceIDIsAnswered())
    let (lines, _) = try tapped.end()
    for reason in ["wrong checksum", "too short", "ends within an escape"] {
      #expect(lines.contains { $0.hasSuffix("damaged frame from host: \(reason)") }, "\(reason)")
    }
    #expect(lines.contains { $0.contains("3 damaged frames") })
  }

  @Test func `a VM without a BMC is let go, and served when there is one`() throws {
    let directory = try TemporaryDirectory()
    let tap = LinkAddress.unix(path: directory.appending("tap.sock"))
    let bmc = LinkAddress.unix(path: directory.appending("bmc.sock"))
    let capture = try SimulateProcess.start(
      ["--listen", "\(tap)", "--to", "\(bmc)"], command: "capture")
    #expect(throws: WireClient.Failure.closed) { try WireClient(tap).bytes() }
    var cursor = 0
    try capture.wait(for: "the log", from: &cursor, timeout: 10) {
      $0.contains("the BMC cannot be reached")
    }
    let simulate = try SimulateProcess.start(["--listen", "\(bmc)"])
    for _ in 0..<3 { #expect(try WireClient(tap).deviceIDIsAnswered()) }
    // The BMC ends: so does the VM's connection.
    let client = try WireClient(tap)
    #expect(try client.deviceIDIsAnswered())
    _ = try simulate.end(by: SIGTERM)
    #expect(throws: WireClient.Failure.closed) { while true { _ = try client.bytes() } }
    #expect(capture.exitStatus == nil)
  }

  @Test(.enabled(if: Programs.find("qemu-system-x86_64") != nil))
  func `a stock QEMU is tapped`() throws {
    let tapped = try TappedBMC()
    let pc = try StockQEMUTests.PC(chardev: "path=\(tapped.path("tap.sock")),reconnect=1")
    var cursor = 0
    try tapped.capture.wait(for: "QEMU", from: &cursor, timeout: 20) {
      $0.contains("host: capabilities 3Fh")
    }
    try pc.write([0x00, 0x02, 0x00])
    try tapped.capture.wait(for: "the request", from: &cursor, timeout: 20) {
      $0.contains("Chassis Control [00]")
    }
    try tapped.capture.wait(for: "power off", from: &cursor, timeout: 20) {
      $0.contains("BMC: power off")
    }
    #expect(try pc.process.waitForExit(timeout: 20) == .exited(0))
    let (lines, requests) = try tapped.end()
    #expect(lines.contains { $0.hasPrefix("\(requests) requests, ") })
    #expect(requests > 0)
    #expect(try messages(try tapped.file("pc.pcapng")).requests.count == requests)
  }

  // MARK: The command line

  @Test(arguments: [
    (["--listen", "unix:a"], "--to"), (["--to", "unix:a"], "--listen"),
    (["--listen", "unix:a", "--to", "b"], "unix:PATH"),
    (["--listen", "tcp:0.0.0.0:1", "--to", "unix:b"], "--allow-remote"),
    (["--listen", "unix:a", "--to", "tcp:127.0.0.1:0"], "the port"),
    (["--listen", "unix:a", "--to", "unix:b", "--trace", "a.vcd"], "a waveform shows registers"),
    (["--listen", "unix:a", "--to", "unix:b", "--trace", "a.txt"], ".pcapng or .jsonl"),
    (
      ["--listen", "unix:a", "--to", "unix:b", "--trace", "a.jsonl", "--trace", "a.jsonl"],
      "given twice"
    ),
  ])
  func `a command line that makes no sense is refused with status 64`(
    _ arguments: [String], _ expected: String
  ) throws {
    let run = try SimulateProcess.run(arguments, command: "capture")
    #expect(run.status == .exited(64))
    #expect(run.lines.joined(separator: "\n").contains(expected))
  }

  @Test func `a file that cannot be made or written is an error`() throws {
    let nowhere = try SimulateProcess.run(
      ["--listen", "unix:a", "--to", "unix:b", "--trace", "/no/such/folder/a.pcapng"],
      command: "capture")
    #expect(nowhere.status == .exited(1) && nowhere.lines.count == 1)
    #expect(nowhere.lines[0].contains("/no/such/folder/a.pcapng: could not make it"))
    let directory = try TemporaryDirectory()
    let path = directory.appending("full.pcapng")
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
    let capture = try SimulateProcess.start(
      ["--listen", "unix:\(directory.appending("tap"))", "--to", "unix:b", "--trace", path],
      command: "capture")
    #expect(try capture.end(by: SIGINT) == .exited(1))
    #expect(capture.lines.contains { $0.contains("\(path): could not be written") })
  }

  @Test func `a trace is this user's alone, whatever was there before`() throws {
    let directory = try TemporaryDirectory()
    let paths = ["new.pcapng", "old.jsonl"].map { directory.appending($0) }
    let old = FileManager.default.createFile(
      atPath: paths[1], contents: Data("what was there".utf8),
      attributes: [.posixPermissions: 0o666])
    try #require(old)
    let capture = try SimulateProcess.start(
      ["--listen", "unix:\(directory.appending("tap"))", "--to", "unix:b"]
        + paths.flatMap { ["--trace", $0] }, command: "capture")
    #expect(try capture.end(by: SIGINT) == .exited(0))
    for path in paths {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(path)")
    }
  }
}
