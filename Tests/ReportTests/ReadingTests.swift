import EmulatedPair
import IPMI
import TestSupport
import Testing
import Tracing

@testable import Report

@Suite struct ReadingTests {
  @Test(arguments: UInt64(1)...10)
  func `JSON lines are read as they were written`(_ seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let events = Sample.random(300, using: &generator)
    let reading = try read(file(JSONLinesWriter(), events), as: "trace.jsonl")
    let expected = Sample.model(events)
    #expect(reading.damage == nil, "\(generator)")
    #expect(reading.model.transactions == expected.transactions, "\(generator)")
    #expect(reading.model.phases == expected.phases, "\(generator)")
    #expect(reading.model.marks == expected.marks, "\(generator)")
    #expect(reading.model.channels == expected.channels, "\(generator)")
    #expect(reading.model.commands == expected.commands, "\(generator)")
    #expect(reading.origin == 1_700_000_000_123_456_789)
  }

  /// A pcapng has messages, what interrupts them, and KCS's states.
  @Test(arguments: UInt64(1)...10)
  func `a pcapng has the same transactions`(_ seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let events = Sample.random(300, using: &generator)
    let reading = try read(file(PcapngWriter(), events), as: "trace.pcapng")
    let expected = Sample.model(events)
    #expect(reading.damage == nil, "\(generator)")
    #expect(
      reading.model.transactions.map(\.outcome) == expected.transactions.map(\.outcome),
      "\(generator)")
    #expect(
      reading.model.transactions.map(\.latency) == expected.transactions.map(\.latency),
      "\(generator)")
    #expect(reading.model.marks.map(\.text) == expected.marks.map(\.text), "\(generator)")
    #expect(reading.model.latencies == expected.latencies, "\(generator)")
  }

  @Test func `JSON lines that are cut anywhere are read up to there, and the line is named`() throws
  {
    let whole = file(JSONLinesWriter(), Sample.events)
    let header = whole.firstIndex(of: UInt8(ascii: "\n"))!
    for length in stride(from: 0, to: whole.count, by: 7) {
      let cut = Array(whole[..<length])
      let lines = cut.count { $0 == UInt8(ascii: "\n") }
      do {
        let reading = try read(cut, as: "cut.jsonl")
        #expect(length > header)
        if let damage = reading.damage {
          #expect(damage.description.hasPrefix("line \(lines + 1): "), "\(damage)")
        }
        #expect(reading.model.events >= lines - 1)
      } catch let error as ReportError {
        #expect(lines <= 1, "\(length): \(error)")
        #expect(error.description.contains("cut.jsonl: "))
      }
    }
  }

  @Test(arguments: [("jsonl", UInt64(1)), ("jsonl", 2), ("pcapng", 3), ("pcapng", 4)])
  func `noise does no harm`(_ ending: String, _ seed: UInt64) throws {
    let whole =
      ending == "jsonl"
      ? file(JSONLinesWriter(), Sample.events) : file(PcapngWriter(), Sample.events)
    var generator = SplitMix64(seed: seed)
    for _ in 0..<200 {
      var damaged = whole
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let index = Int.random(in: 0..<damaged.count, using: &generator)
        damaged[index] = [0, 0x30, 0x39, 0x7F, 0xFF, .random(in: 0...255, using: &generator)]
          .randomElement(using: &generator)!
      }
      do {
        let page = ReportPage(try read(damaged, as: "noise.\(ending)"), title: "noise").html
        #expect(page.hasSuffix("</html>\n"), "\(generator)")
      } catch let error as ReportError {
        #expect(error.description.contains("noise.\(ending): "), "\(generator)")
      }
    }
  }

  private static let header =
    #"{"event":"trace","version":1,"origin":"0.5","channels":[{"name":"a"}]}"#

  /// A request whose data this is.
  private static func request(_ data: String) -> String {
    #"{"time":1,"channel":"a","event":"request","id":1,"netFn":6,"lun":0,"command":1,"data":"\#(data)"}"#
  }

  /// First lines.
  private static let wrongHeaders: [(String, String)] = [
    ("", "no events in it"),
    ("\n", "line 1: no JSON object"),
    ("[]", "line 1: "),
    (#"{"event":"trace"}"#, "line 1: no header"),
    (#"{"event":"trace","version":2,"channels":[]}"#, "line 1: version 2: 1 is expected"),
  ]

  /// Second lines.
  private static let wrongLines: [(String, String)] = [
    ("", "no events in it"),
    (#"{"time":1,"event":"reset","side":"host"}"#, #"line 2: no "channel""#),
    (#"{"time":1,"channel":"b","event":"reset"}"#, #"line 2: channel "b" is not in"#),
    (#"{"time":1,"channel":"a","event":"x"}"#, #"line 2: event "x" is not known"#),
    (#"{"time":-1,"channel":"a","event":"reset"}"#, "line 2: "),
    (#"{"time":1,"channel":"a","event":"reset","side":"x"}"#, "line 2: side: "),
    (request("0"), "line 2: data has half a byte"),
    (request("0g"), "line 2: data: hexadecimal digits"),
    (request(String(repeating: "00", count: 299)), "line 2: a message of 301 bytes"),
    (String(repeating: "[", count: 60_000), "line 2: no JSON object"),
    (String(repeating: "x", count: 70_000), "line 2: longer than 65536 bytes"),
  ]

  @Test(arguments: wrongHeaders + wrongLines.map { (header + "\n" + $0.0, $0.1) })
  func `what is wrong is named, and where`(_ text: String, _ expected: String) {
    let error = #expect(throws: ReportError.self) { try read(Array(text.utf8), as: "a.jsonl") }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
  }

  @Test func `what no report can be of is refused`() throws {
    #expect(throws: ReportError.self) { try TraceReading(path: "/nonexistent.jsonl") }
    #expect(throws: ReportError.self) { try TraceReading(path: "/nonexistent.pcapng") }
    #expect(throws: ReportError.self) { try read([1, 2, 3], as: "a.pcapng") }
    #expect(throws: ReportError.self) { try read([], as: "a.pcapng") }
    let error = #expect(throws: ReportError.self) { try read([], as: "a.vcd") }
    #expect(error?.description.contains(".pcapng or .jsonl is expected") == true)
  }
}
