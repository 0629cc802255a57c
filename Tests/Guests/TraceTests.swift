import EmulatedPair
import Foundation
import Testing

extension PairTests {
  /// Messages of the wire, beside what the firmware has logged of the registers' other end.
  @Test(.enabled(if: Programs.find("tshark") != nil))
  func `tshark dissects as many messages of a demonstration as the firmware has answered`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("demo.pcapng")
    let run = try CommandLineRun(["pair-qemu", "--trace", path], timeout: 240)
    try #require(run.status == .exited(0), "\(run.text)")
    // "KCS1 06 01 Get Device ID -> 00"
    let answers = run.lines.compactMap { line -> (command: String, code: String)? in
      let words = line.split(separator: " ")
      guard words.first == "KCS1", words.dropLast().last == "->" else { return nil }
      return ("0x\(words[2].lowercased())", "0x\(words[words.count - 1].lowercased())")
    }
    #expect(answers.count > 50)
    let tshark = try ChildProcess(
      name: "tshark",
      command: [
        "tshark", "-o", "ipmi.dissect_bus_commands:TRUE", "-r", path, "-Y",
        "ipmi.trace.packet.type == 0", "-T", "fields", "-E", "separator=|", "-e", "ipmi.trace.dir",
        "-e", "ipmi.header.command", "-e", "ipmi.header.completion", "-e", "_ws.col.Info",
      ])
    #expect(try tshark.waitForExit(timeout: 120) == .exited(0))
    let packets = tshark.lines.filter { !$0.contains("Running as user") }.map {
      $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    }
    #expect(packets.filter { $0[0] == "1" }.map { $0[1] } == answers.map(\.command))
    let responses = packets.filter { $0[0] == "0" }
    #expect(responses.map { $0[1] } == answers.map(\.command))
    #expect(responses.map { $0[2] } == answers.map(\.code))
    #expect(!packets.contains { $0[3].contains("Malformed") })
  }
}
