import EmulatedPair
import Foundation
import IPMI
import Testing
import Tracing

@testable import Report

/// Pages opened by Debian's chromium, without a screen.
@Suite(
  .serialized,
  .enabled(if: Browser.isInstalled, "no chromium on PATH: apt-get install chromium"))
struct BrowserTests {
  @Test func `the first transaction without a response is shown`() throws {
    let page = try Browser.open(file(JSONLinesWriter(), Sample.events), "a.jsonl")
    #expect(page.errors == [])
    #expect(page.dom.contains(#"<h2 data-transaction="4">"#))
    #expect(page.dom.contains("4: Get Device ID"))
    #expect(page.dom.contains("no response before its id was used again"))
    #expect(page.dom.contains("No waveform: this trace has messages only"))
  }

  @Test func `the address chooses a transaction, with its waveform and its bytes`() throws {
    let page = try Browser.open(file(JSONLinesWriter(), Sample.events), "a.jsonl", "#t1")
    #expect(page.errors == [])
    #expect(page.dom.contains(#"<h2 data-transaction="1">"#))
    #expect(page.dom.contains(#"class="level irq""#))
    for text in [
      "WRITE</text>", "READ</text>", "SMS_ATN</span>", "BMC IRQ</span>", "host sends 8.0 µs",
      "BMC works 2.0 µs", "NetFn 06h App, LUN 0", "completion code: completed normally",
      "device revision, provides SDRs",
    ] { #expect(page.dom.contains(text), "\(text)") }
  }

  /// What a reader may do, done by a script behind the page's own.
  @Test func `the page is worked`() throws {
    let html = try Browser.page(file(JSONLinesWriter(), Sample.events), "a.jsonl")
    let page = try Browser.open(
      html: html.replacing(
        "</body>",
        with: """
          <script>
          const say = (name, value) => document.body.setAttribute("data-" + name, value);
          const press = (id) => document.getElementById(id).click();
          const zoomed = () => document.getElementById("lanes").getAttribute("viewBox");
          document.querySelectorAll("#list tbody tr")[0].click();
          say("row", document.querySelector("#detail h2").dataset.transaction);
          document.querySelector("#detail input").click();
          say("scale", document.querySelector("#detail input").checked);
          document.querySelector("#detail h2 button:last-of-type").click();
          say("next", document.querySelector("#detail h2").dataset.transaction);
          press("in");
          say("in", zoomed());
          press("right"); press("left"); press("out"); press("all");
          say("all", zoomed());
          const box = document.getElementById("lanes").getBoundingClientRect();
          document.getElementById("lanes").dispatchEvent(
            new MouseEvent("click", { clientX: box.right - 1, bubbles: true }));
          say("last", document.querySelector("#detail h2").dataset.transaction);
          const seen = () =>
            [...document.querySelectorAll("#list tbody tr")].filter((row) => !row.hidden).length;
          press("wrong");
          say("wrong", seen());
          press("wrong");
          document.getElementById("words").value = "command 99h";
          document.getElementById("words").dispatchEvent(new Event("input"));
          say("words", seen());
          </script></body>
          """))
    #expect(page.errors == [])
    for (name, value) in [
      ("row", "1"), ("scale", "true"), ("next", "2"), ("all", "0 0 1000000 214"), ("last", "8"),
      ("wrong", "5"), ("words", "1"),
    ] { #expect(page.dom.contains("data-\(name)=\"\(value)\""), "\(name)") }
    #expect(!page.dom.contains(#"data-in="0 0 1000000 214""#))
    #expect(page.dom.contains("data-in="))
  }

  @Test func `BT has its own waveform`() throws {
    let values: [UInt8] = [0x00, 0x04, 0x84, 0x80, 0x88, 0x08, 0x48, 0x40, 0x00]
    var events = [TraceEvent(time: 5, .request(id: 0, Sample.deviceID))]
    for (step, value) in values.enumerated() {
      events.append(
        TraceEvent(
          time: 20 + UInt64(step), .registers(.bt(control: value, interruptMask: 1))))
    }
    events.append(TraceEvent(time: 40, .response(id: 0, Sample.deviceIDResponse)))
    let page = try Browser.open(file(JSONLinesWriter(), events), "bt.jsonl")
    #expect(page.errors == [])
    for text in ["BT_CTRL</span>", "B_BUSY</span>", "H2B_ATN</span>", "BT_INTMASK</span>"] {
      #expect(page.dom.contains(text), "\(text)")
    }
  }

  @Test func `hostile texts run no script`() throws {
    let channels = [
      TraceChannel(
        FixedBytes("</script><i id=evil>"), .kcs,
        description: FixedBytes("<script>document.title='evil'</script>"))
    ]
    let events = Sample.events.map { TraceEvent(time: $0.time, channel: 0, $0.occurrence) }
    let page = try Browser.open(
      file(
        JSONLinesWriter(), events, channels: channels,
        comment: FixedBytes("<img src=x onerror=\"document.title='evil'\">")), "a.jsonl")
    #expect(page.errors == [])
    #expect(page.dom.contains("<title>a.jsonl: IPMI report</title>"))
    #expect(!page.dom.contains("<i id"))
    #expect(page.dom.contains("&lt;/script&gt;&lt;i id=evil&gt;"))
  }

  @Test func `a pcapng has no waveform, and a page without a message is one`() throws {
    let capture = try Browser.open(file(PcapngWriter(), Sample.events), "a.pcapng", "#t2")
    #expect(capture.errors == [])
    #expect(capture.dom.contains(#"<h2 data-transaction="2">"#))
    let silent = try Browser.open(
      file(JSONLinesWriter(), [TraceEvent(time: 0, .connected(.host))]), "b.jsonl")
    #expect(silent.errors == [])
    #expect(silent.dom.contains("host connected"))
  }

  /// If this fails, no other test sees an error either.
  @Test func `an error on the console is seen`() throws {
    let page = try Browser.open(html: "<script>undefined.x</script>")
    #expect(page.errors.count == 1, "\(page.errors)")
  }

  @Test func `a picture of it is not empty`() throws {
    let directory = try TemporaryDirectory()
    let picture = directory.appending("report.png")
    let page = try Browser.page(file(JSONLinesWriter(), Sample.events), "a.jsonl")
    _ = try Browser.run(page, in: directory, ["--screenshot=\(picture)", "--window-size=1200,900"])
    let bytes = try Data(contentsOf: URL(fileURLWithPath: picture))
    #expect(bytes.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
    #expect(bytes.count > 20_000)
  }
}

/// A page as the browser has it when its script has run.
struct Browser {
  let dom: String
  /// What the page had to say on the console.
  let errors: [String]

  static var isInstalled: Bool { Programs.find("chromium") != nil }

  static func page(_ bytes: [UInt8], _ name: String) throws -> String {
    ReportPage(try read(bytes, as: name), title: name).html
  }

  static func open(_ bytes: [UInt8], _ name: String, _ address: String = "") throws -> Browser {
    try open(html: page(bytes, name), address)
  }

  static func open(html: String, _ address: String = "") throws -> Browser {
    let lines = try run(html, in: TemporaryDirectory(), ["--dump-dom"], address)
    // Chromium has complaints of its own, of buses that are not there.
    return Browser(
      dom: lines.joined(separator: "\n"), errors: lines.filter { $0.contains(":CONSOLE") })
  }

  /// All lines that the browser printed.
  static func run(
    _ html: String, in directory: TemporaryDirectory, _ options: [String], _ address: String = ""
  ) throws -> [String] {
    let path = directory.appending("page.html")
    try Data(html.utf8).write(to: URL(fileURLWithPath: path))
    let process = try ChildProcess(
      name: "chromium",
      command: [
        "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--user-data-dir=\(directory.appending("profile"))", "--enable-logging=stderr", "--v=0",
      ] + options + ["file://\(path)\(address)"])
    let status = try process.waitForExit(timeout: 180)
    guard status == .exited(0) else { throw EmulatorError("chromium: \(process.lines)") }
    return process.lines
  }
}
