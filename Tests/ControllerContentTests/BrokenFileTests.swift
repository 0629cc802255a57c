import TestSupport
import Testing

@testable import ControllerContent

/// Files that were cut, changed or made up: refused with an error, or read; never a crash.
@Suite struct BrokenFileTests {
  /// Reads the text; where it is content, makes a controller of it and writes it again.
  private func read(_ text: String, _ place: String) throws -> Bool {
    let content: ControllerContent
    do {
      content = try ControllerContent(yaml: text, file: place)
    } catch {
      #expect(!error.message.isEmpty)
      return false
    }
    #expect(try ControllerContent(yaml: content.yaml, file: place) == content, "\(place)")
    _ = try? content.makeController()
    return true
  }

  @Test func `a description cut anywhere is refused or read`() throws {
    let text = try Example.text()
    var count = 0
    for length in stride(from: 0, to: text.count, by: 3) {
      if try read(String(text.prefix(length)), "\(length)") { count += 1 }
    }
    // The end of many a line is the end of something that makes sense.
    #expect(count > 50)
  }

  @Test(arguments: 1...8)
  func `a description with random changes is refused or read`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let text = Array(try Example.text().unicodeScalars)
    let pieces = Array("-:[]{}&*!|>'\"%@`#,?\n\t 0x9\u{0}\u{7F}\u{E9}\u{2603}".unicodeScalars)
    for round in 0..<150 {
      var changed = text
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let index = Int.random(in: 0..<changed.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: changed[index] = pieces.randomElement(using: &random)!
        case 1: changed.insert(pieces.randomElement(using: &random)!, at: index)
        default: changed.remove(at: index)
        }
      }
      let place = "\(random), round \(round)"
      _ = try read(String(String.UnicodeScalarView(changed)), place)
    }
  }

  @Test func `nests, aliases and tags do no harm`() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(try !read(deep, "deep"))
    #expect(try !read("sdr: " + deep, "deep value"))
    var bomb = "a0: &a0 [x]\n"
    for level in 1...30 {
      let alias = "*a\(level - 1)"
      bomb += "a\(level): &a\(level) [\(alias), \(alias)]\n"
    }
    #expect(try !read(bomb, "bomb"))
    #expect(try read("fru-area-size: 64\nfru: [&a {}, *a, *a]", "alias"))
    #expect(try !read("fru-area-size: !!binary abc", "tag"))
  }

  @Test(arguments: 1...20)
  func `random bytes as files of QEMU are refused or read`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var readable = 0
    for _ in 0..<100 {
      // Short lengths make more of the records that end where the file does.
      let count = Int.random(in: 0...600, using: &random)
      let file = (0..<count).map { index in
        index % 5 == 4
          ? UInt8.random(in: 0...9, using: &random) : .random(in: 0...3, using: &random)
      }
      var content = ControllerContent()
      if (try? content.read(sdrFile: file, named: "\(random)")) != nil { readable += 1 }
      try content.read(
        fruFile: file, named: "\(random)", areaSize: .random(in: 100...1024, using: &random))
      #expect(try ControllerContent(yaml: content.yaml, file: "\(random)") == content, "\(random)")
      #expect(throws: Never.self) { try content.makeController() }
    }
    #expect(readable > 0, "\(random)")
  }

  @Test func `a real file cut anywhere is refused, or ends with a record`() throws {
    let whole = try Example.content().sdrFile
    for length in 0..<whole.count {
      var content = ControllerContent()
      do {
        try content.read(sdrFile: Array(whole[..<length]), named: "f")
        #expect(content.sdrFile == Array(whole[..<length]))
      } catch {
        #expect(error.message.contains("record"))
      }
    }
  }
}
