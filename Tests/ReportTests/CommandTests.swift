import EmulatedPair
import Foundation
import Testing
import Tracing

/// The command: its page, its messages, its status.
@Suite struct CommandTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let path = directory.appending(name)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test(arguments: ["trace.jsonl", "trace.pcapng"])
  func `a whole file makes a page, and status 0`(_ name: String) throws {
    let bytes =
      name == "trace.jsonl"
      ? file(JSONLinesWriter(), Sample.events) : file(PcapngWriter(), Sample.events)
    let trace = try write(bytes, name)
    let page = directory.appending("report.html")
    let (status, text) = try ReportProcess.run([trace, "-o", page])
    #expect(status == .exited(0), "\(text)")
    #expect(text.contains("report.html: 7 requests, 1 failed, 3 without a response"))
    let html = try String(decoding: Data(contentsOf: URL(fileURLWithPath: page)), as: UTF8.self)
    #expect(html.contains("<title>\(name): IPMI report</title>"))
  }

  @Test func `a damaged file makes a page of what is before, and status 1`() throws {
    let whole = file(JSONLinesWriter(), Sample.events)
    let trace = try write(Array(whole.dropLast(20)), "cut.jsonl")
    let page = directory.appending("report.html")
    let (status, text) = try ReportProcess.run([trace, "-o", page])
    #expect(status == .exited(1), "\(text)")
    #expect(text.contains("cut.jsonl: line "))
    let html = try String(decoding: Data(contentsOf: URL(fileURLWithPath: page)), as: UTF8.self)
    #expect(html.contains("The file is damaged: line "))
  }

  @Test func `where there is no page, status 2`() throws {
    let page = directory.appending("report.html")
    let noise = try write(Array("noise".utf8), "noise.pcapng")
    let (status, text) = try ReportProcess.run([noise, "-o", page])
    #expect(status == .exited(2), "\(text)")
    #expect(text.contains("at byte 0: no pcapng file"))
    #expect(!FileManager.default.fileExists(atPath: page))
    let trace = try write(file(JSONLinesWriter(), Sample.events), "trace.jsonl")
    #expect(try ReportProcess.run([trace, "-o", "/nonexistent/report.html"]).status == .exited(2))
    let same = try ReportProcess.run([trace, "-o", trace])
    #expect(same.status != .exited(0))
    #expect(same.text.contains("this is the trace, which would be lost"))
  }

  @Test func `details begin at --from`() throws {
    let trace = try write(file(JSONLinesWriter(), Sample.events), "trace.jsonl")
    let page = directory.appending("report.html")
    let (status, text) = try ReportProcess.run([trace, "-o", page, "--from", "0.000075"])
    #expect(status == .exited(0), "\(text)")
    let html = try String(decoding: Data(contentsOf: URL(fileURLWithPath: page)), as: UTF8.self)
    #expect(html.contains("Details of 2 transactions are here, of 6 others not"))
    #expect(text.contains("7 requests"))
  }
}
