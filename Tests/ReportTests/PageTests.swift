import Foundation
import IPMI
import Testing
import Tracing

@testable import Report

@Suite struct PageTests {
  /// Without what is the same in all pages, the style and the script.
  @Test func `a small report`() throws {
    let reading = try read(
      file(JSONLinesWriter(), Sample.events, comment: FixedBytes("seed 1")), as: "a.jsonl")
    var page = ReportPage(reading, title: "sample.jsonl").html
    for text in [ReportPage.style, ReportPage.script] {
      #expect(page.contains(text))
      page = page.replacing(text, with: "…\n")
    }
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden/sample.html")
    if ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_GOLDEN"] != nil {
      try Data(page.utf8).write(to: golden)
    }
    let expected = try String(decoding: Data(contentsOf: golden), as: UTF8.self)
    #expect(
      page.split(separator: "\n", omittingEmptySubsequences: false)
        == expected.split(separator: "\n", omittingEmptySubsequences: false))
  }

  @Test(arguments: [
    ("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;", #""a\u003cb\u003e\u0026\"'""#),
    ("\u{0}\u{1B}\u{202E}", "\u{FFFD}\u{FFFD}\u{FFFD}", #""\u0000\u001b\u202e""#),
    ("\\\u{2028}é", "\\\u{2028}é", #""\\\u2028é""#),
  ])
  func `texts are escaped`(_ text: String, _ html: String, _ json: String) {
    #expect(text.html == html)
    #expect(text.json == json)
  }

  /// No text of a file becomes an element or the end of one.
  @Test func `hostile texts stay texts`() throws {
    let name = FixedBytes<32>("</script><b onload=x>'\"&")
    let text = String(bytes: name)
    let events = Sample.events.map { TraceEvent(time: $0.time, channel: 0, $0.occurrence) }
    let channels = [TraceChannel(name, .kcs, description: FixedBytes("<!--<script>"))]
    for page in [
      ReportPage(
        try read(
          file(
            JSONLinesWriter(), events, channels: channels,
            comment: FixedBytes("]]><img src=x onerror=alert(1)>")), as: "a.jsonl"),
        title: "</title><script>alert(2)</script>"),
      ReportPage(
        try read(file(PcapngWriter(), events, channels: channels), as: "a.pcapng"), title: text),
    ] {
      let html = page.html
      #expect(!html.contains(text))
      #expect(!html.contains("<b onload"))
      #expect(!html.contains("<!--"))
      #expect(!html.contains("<img"))
      #expect(!html.contains("<script>alert"))
      #expect(html.ranges(of: "</script>").count == 2)
      #expect(html.contains("&lt;/script&gt;&lt;b onload=x&gt;&#39;&quot;&amp;"))
    }
  }

  @Test func `a page needs no other file`() throws {
    let page = ReportPage(
      try read(file(JSONLinesWriter(), Sample.events), as: "a.jsonl"), title: "a"
    ).html
    #expect(page.contains("default-src 'none'"))
    #expect(!page.contains("http://") || page.ranges(of: "http://").count == 1)
    #expect(!page.contains("https://"))
    #expect(!page.contains(" src="))
    #expect(!page.contains("@import"))
    #expect(!page.contains("innerHTML"))
  }

  /// Times at the ends of what 64 bits hold.
  @Test func `times without sense do no harm`() {
    let model = Sample.model([
      TraceEvent(time: 0, .request(id: 0, Sample.deviceID)),
      TraceEvent(time: .max, .response(id: 0, Sample.deviceIDResponse)),
      TraceEvent(time: 5, .request(id: 1, Sample.deviceID)),
    ])
    #expect(model.transactions.map(\.latency) == [.max, nil])
    #expect(Timeline(model).html.contains("<path"))
    #expect(Histogram(model.latencies).html.contains("<rect"))
  }
}
