import EmulatedPair
import Foundation
import IPMI
import Testing
import Tracing
import Transport

@Suite struct ReplayTests {
  /// Status and lines of a replay of `file` on a `simulate` with these arguments.
  private func replay(
    _ file: String, on arguments: [String] = [], _ options: [String] = []
  ) throws -> SimulateProcess.Outcome {
    let directory = try TemporaryDirectory()
    let address = "unix:\(directory.appending("bmc.sock"))"
    let simulate = try SimulateProcess.start(["--listen", address] + arguments)
    defer { simulate.kill() }
    return try SimulateProcess.run([file, "--to", address] + options, command: "replay")
  }

  /// The commands that a replay has listed.
  private func titles(_ lines: [String]) -> [String] {
    lines.filter { $0.hasPrefix("request ") }.map { line in
      line.split(separator: ":").dropFirst().joined().split(separator: "[")[0]
        .trimmingCharacters(in: .whitespaces)
    }
  }

  /// A capture of the script on a `simulate` with a GUID of its own.
  private func recorded(_ arguments: [String] = []) throws -> TappedBMC {
    let tapped = try TappedBMC(arguments)
    try WireClient(tapped.address).run(script)
    _ = try tapped.end()
    return tapped
  }

  @Test func `on the same firmware there is no difference`() throws {
    let tapped = try recorded()
    defer { withExtendedLifetime(tapped) {} }
    let file = tapped.path("pc.pcapng")
    for speed in ["full", "recorded"] {
      let run = try replay(file, on: [], ["--speed", speed])
      #expect(run.status == .exited(0))
      #expect(run.lines.last == "\(script.count) requests, 0 differences")
    }
    // The trace of the BMC itself is as good as that of a tap.
    let directory = try TemporaryDirectory()
    let address = LinkAddress.unix(path: directory.appending("bmc.sock"))
    let trace = directory.appending("own.pcapng")
    let simulate = try SimulateProcess.start(["--listen", "\(address)", "--trace", trace])
    try WireClient(address).run(script)
    _ = try simulate.end(by: SIGTERM)
    #expect(try replay(trace).status == .exited(0))
  }

  @Test func `what a replay traces is replayed itself`() throws {
    let tapped = try recorded()
    defer { withExtendedLifetime(tapped) {} }
    let path = tapped.path("again.pcapng")
    let run = try replay(tapped.path("pc.pcapng"), on: [], ["--trace", path])
    #expect(run.status == .exited(0))
    let again = try replay(path)
    #expect(again.status == .exited(0))
    #expect(again.lines.last == "\(script.count) requests, 0 differences")
    let recordings = try ["pc.pcapng", "again.pcapng"].map {
      try Recording(tapped.file($0), channel: nil).exchanges
    }
    #expect(recordings[0].map(\.request) == recordings[1].map(\.request))
    // Their contents are compared above, but for what a clock decides.
    #expect(recordings[1].allSatisfy { $0.response != nil })
  }

  @Test func `a replay keeps what it replays, and says where it could not write`() throws {
    let tapped = try recorded()
    defer { withExtendedLifetime(tapped) {} }
    let path = tapped.path("pc.pcapng")
    let size = try tapped.file("pc.pcapng").count
    for same in [path, tapped.path("./pc.pcapng")] {
      let refused = try replay(path, on: [], ["--trace", same])
      #expect(refused.status == .exited(64))
      #expect(refused.lines.contains { $0.contains("this is the recording, which would be lost") })
    }
    #expect(try tapped.file("pc.pcapng").count == size)
    let full = tapped.path("full.pcapng")
    try FileManager.default.createSymbolicLink(atPath: full, withDestinationPath: "/dev/full")
    let unwritten = try replay(path, on: [], ["--trace", full])
    #expect(unwritten.status == .exited(2))
    #expect(unwritten.lines.contains { $0.hasPrefix("Error: \(full): ") }, "\(unwritten.lines)")
  }

  @Test func `on another firmware the commands that differ are listed, and no others`() throws {
    let tapped = try recorded()
    // Its folder goes with it.
    defer { withExtendedLifetime(tapped) {} }
    let file = tapped.path("pc.pcapng")
    let other = ["--device-id", "7", "--guid", "00112233-4455-6677-8899-AABBCCDDEEFF"]
    let run = try replay(file, on: other)
    #expect(run.status == .exited(1))
    #expect(titles(run.lines) == ["Get Device ID", "Get System GUID"])
    #expect(run.lines.last == "\(script.count) requests, 2 differences")
    let place = try #require(run.lines.firstIndex { $0.hasSuffix("Get Device ID") })
    #expect(run.lines[place + 1].hasPrefix("  byte 0    recorded  20 01 00 "))
    #expect(run.lines[place + 2].hasPrefix("            received  07 01 00 "))
    #expect(run.lines[place + 3] == "                      ^^")
    let ignored = try replay(
      file, on: other, ["--ignore", "get device id:0", "--ignore", "0637"])
    #expect(ignored.status == .exited(0))
    let half = try replay(file, on: other, ["--ignore", "Get System GUID:0-14"])
    #expect(half.status == .exited(1))
    #expect(titles(half.lines) == ["Get Device ID", "Get System GUID"])
  }

  @Test func `requests are sent when they were, where that is wanted`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("slow.pcapng")
    let gap: UInt64 = 300_000_000
    try write(
      [
        TraceEvent(time: 0, .request(id: 1, Message(.getSelfTestResults))),
        TraceEvent(time: gap, .request(id: 1, Message(.getSelfTestResults))),
      ], to: path)
    // Both are answered now, and were not.
    for (speed, shortest) in [("recorded", 0.3), ("full", 0)] {
      let start = Date()
      let run = try replay(path, on: [], ["--speed", speed])
      #expect(Date().timeIntervalSince(start) >= shortest)
      #expect(run.status == .exited(1))
      #expect(run.lines.contains("  recorded no response"))
      #expect(run.lines.last == "2 requests, 2 differences")
    }
  }

  @Test func `a BMC that does not answer is a difference, one that leaves an error`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("two.pcapng")
    let response = Message(respondingTo: Message(.getSelfTestResults))
    try write(
      [
        TraceEvent(time: 0, .request(id: 1, Message(.getSelfTestResults))),
        TraceEvent(time: 1, .response(id: 1, response)),
        TraceEvent(time: 2, .request(id: 2, Message(.getSelfTestResults))),
        TraceEvent(time: 3, .response(id: 2, response)),
      ], to: path)
    let listener = try WireListener()
    let process = try SimulateProcess.start(
      [path, "--to", "tcp:127.0.0.1:\(listener.port)", "--timeout", "0.2"], command: "replay")
    var bmc: WireClient? = try listener.accept()
    var sent: [UInt8] = []
    let expected =
      [0xFF, 0x01, 0xA1] + request(.getSelfTestResults, id: 0) + request(.getSelfTestResults, id: 1)
    // The second comes when the first is given up.
    while sent.count < expected.count { sent += try #require(bmc).bytes() }
    #expect(sent == expected)
    bmc = nil
    #expect(try process.waitForExit(timeout: 20) == .exited(2))
    #expect(process.lines.contains("  received no response"))
    #expect(process.lines.last?.contains("closed the connection after 1 of 2 requests") == true)
  }

  /// A capture that was killed ends within a block.
  @Test func `a file that is cut is replayed up to there`() throws {
    let tapped = try recorded()
    defer { withExtendedLifetime(tapped) {} }
    let whole = try tapped.file("pc.pcapng")
    let path = tapped.path("cut.pcapng")
    try Data(whole[..<(whole.count / 2)]).write(to: URL(fileURLWithPath: path))
    let run = try replay(path)
    #expect(run.lines[0].contains("the file ends within this block"))
    // The last one's answer may be what was cut.
    #expect(run.lines.last?.hasSuffix("0 differences") == true || run.status == .exited(1))
    try Data(whole[..<10]).write(to: URL(fileURLWithPath: path))
    let none = try replay(path)
    #expect(none.status == .exited(2))
    #expect(
      none.lines == [
        "Error: \(path): at byte 0: no pcapng file: a section header, 0A 0D 0D 0A, is expected"
      ])
  }

  @Test func `of several interfaces one is chosen`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("links.pcapng")
    let addresses = (0..<2).map { LinkAddress.unix(path: directory.appending("\($0)")) }
    let simulate = try SimulateProcess.start(
      addresses.flatMap { ["--listen", "\($0)"] } + ["--trace", path])
    try WireClient(addresses[0]).run([(.getDeviceID, [])])
    try WireClient(addresses[1]).run([(.getDeviceID, []), (.getSystemGUID, [])])
    _ = try simulate.end(by: SIGTERM)
    let both = try replay(path)
    #expect(both.status == .exited(2))
    #expect(both.lines[0].contains("choose one of link1, link2 by --channel"))
    #expect(
      try replay(path, on: [], ["--channel", "link1"]).lines.last == "1 requests, 0 differences")
    // The second link's BMC has another GUID.
    let second = try replay(path, on: [], ["--channel", "link2"])
    #expect(titles(second.lines) == ["Get System GUID"])
    #expect(try replay(path, on: [], ["--channel", "x"]).status == .exited(2))
  }

  @Test(arguments: [
    (["f"], "--to", 64), (["f", "--to", "unix:a", "--speed", "fast"], "recorded or full", 64),
    (["f", "--to", "unix:a", "--ignore", "Get Nothing"], "no command of this name", 64),
    (["f", "--to", "unix:a", "--ignore", "Get Device ID:"], "behind the colon", 64),
    (["f", "--to", "unix:a", "--ignore", "Get Device ID:3-1"], "behind the colon", 64),
    (["f", "--to", "unix:a", "--ignore", "0601:1-2-3"], "behind the colon", 64),
    (["f", "--to", "unix:a", "--timeout", "0"], "more than 0", 64),
    (["f", "--to", "tcp:192.0.2.1:1"], "--allow-remote", 64),
    (["/no/such/file.pcapng", "--to", "unix:a"], "/no/such/file.pcapng: could not be read", 2),
  ])
  func `what makes no sense is refused`(
    _ arguments: [String], _ expected: String, _ status: Int32
  ) throws {
    let run = try SimulateProcess.run(arguments, command: "replay")
    #expect(run.status == .exited(status))
    #expect(run.lines.joined(separator: "\n").contains(expected))
  }

  @Test func `a BMC that is not there is an error`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("one.pcapng")
    try write([TraceEvent(time: 0, .request(id: 1, Message(.getDeviceID)))], to: path)
    let run = try SimulateProcess.run([path, "--to", "unix:\(path).sock"], command: "replay")
    #expect(run.status == .exited(2))
    #expect(run.lines[0].contains("the BMC cannot be reached"))
  }

  private func write(_ events: [TraceEvent], to path: String) throws {
    var writer = PcapngWriter()
    var bytes: [UInt8] = []
    func take(_ span: Span<UInt8>) { for index in span.indices { bytes.append(span[index]) } }
    let channel = TraceChannel(FixedBytes("vm"), .messages)
    writer.begin(TraceHeader(), channels: [channel].span) { take($0) }
    for event in events { writer.write(event) { take($0) } }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}
