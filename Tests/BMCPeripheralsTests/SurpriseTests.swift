import Foundation
import Testing

/// The article `Surprises.md` against the tests that it names.
@Suite struct SurpriseTests {
  /// A row of the article's tables.
  struct Row: CustomTestStringConvertible, Sendable {
    var number: Int
    var behaviour: String
    var verdict: String
    /// Tests in code voice, or a reason.
    var evidence: String

    var testDescription: String { "\(number)" }

    /// `Suite.test`, each in code voice.
    var tests: [String] {
      evidence.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    init?(_ line: Substring) {
      let cells = line.split(separator: "|", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 6, let number = Int(cells[1]) else { return nil }
      (self.number, behaviour, verdict, evidence) = (number, cells[2], cells[3], cells[4])
    }
  }

  /// The repository.
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let rows: [Row] = {
    let article = root.appendingPathComponent(
      "Sources/BMCPeripherals/BMCPeripherals.docc/Surprises.md")
    let text = (try? String(contentsOf: article, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap(Row.init)
  }()

  @Test func everySurpriseHasItsRow() {
    #expect(Self.rows.map(\.number) == Array(1...69))
  }

  @Test(arguments: rows) func aRowHasAVerdictWithItsEvidence(row: Row) {
    #expect(!row.behaviour.isEmpty && !row.evidence.isEmpty)
    switch row.verdict {
    case "modelled": #expect(!row.tests.isEmpty, "a model without a test")
    case "not applicable", "left out": #expect(row.tests.isEmpty, "tested, yet \(row.verdict)")
    default: Issue.record("'\(row.verdict)' is no verdict")
    }
  }

  @Test func everyTestThatIsNamedExists() throws {
    let tests = try Self.tests()
    for row in Self.rows {
      for test in row.tests where !tests.contains(test) {
        Issue.record("row \(row.number) names \(test), which is no test")
      }
    }
  }

  /// Every test below `Tests`, as `Suite.test`; of a raw identifier what is between the backticks.
  private static func tests() throws -> Set<String> {
    let folder = root.appendingPathComponent("Tests")
    let files = try #require(
      FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    var tests: Set<String> = []
    for case let file as URL in files where file.pathExtension == "swift" {
      var suite = ""
      var isTest = false
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let code = line.trimmingCharacters(in: .whitespaces)
        if let match = code.firstMatch(of: /\b(?:struct|extension) (\w+Tests)\b/) {
          suite = String(match.1)
        }
        // Whatever is between a test's attribute and its name are the attribute's arguments.
        if code.hasPrefix("@Test") { isTest = true }
        guard isTest, let match = code.firstMatch(of: /\bfunc (?:`([^`]+)`|(\w+))/) else {
          continue
        }
        tests.insert("\(suite).\(match.1 ?? match.2 ?? "")")
        isTest = false
      }
    }
    return tests
  }
}
