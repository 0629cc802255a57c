import Testing

@testable import Tracing

/// What a file's name says of its content.
@Suite struct TraceFormatTests {
  private static func format(_ name: String) -> TraceFormat? {
    TraceFormat(name: Array(name.utf8).span)
  }

  @Test func `the end of the name is the format, and there is a name before it`() {
    #expect(Self.format("kcs1.pcapng") == .pcapng)
    #expect(Self.format("a.b.jsonl") == .jsonl)
    #expect(Self.format("dir/k.vcd") == .vcd)
    for name in ["", ".vcd", "vcd", "kcs1.pcap", "kcs1.vcd.gz", "kcs1.VCD"] {
      #expect(Self.format(name) == nil, "\(name)")
    }
    #expect(TraceFormat.allCases.filter(\.showsMessages) == [.pcapng, .jsonl])
  }

  @Test func `a writer of a format writes what the format's own does`() {
    #expect(file(FormatWriter(.pcapng), Sample.events) == file(PcapngWriter(), Sample.events))
    #expect(file(FormatWriter(.jsonl), Sample.events) == file(JSONLinesWriter(), Sample.events))
    #expect(file(FormatWriter(.vcd), Sample.events) == file(WaveformWriter(), Sample.events))
  }

  @Test func `each problem of a pcapng has a text of its own`() {
    let texts = PcapngError.Problem.allCases.map { "\($0.name)" }
    #expect(Set(texts).count == texts.count)
    // As `replay` and `report` say them, behind the file's name and the byte.
    #expect("\(PcapngError.Problem.oldPcap.name)".contains("editcap -F pcapng"))
    #expect(texts.allSatisfy { !$0.isEmpty })
  }
}
