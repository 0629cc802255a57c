import EmulatedPair
import Foundation
import Testing

/// What came of the scenarios, for the article that shows it.
struct ScenarioTable: Equatable {
  /// The columns.
  var links: [Link]
  /// A cell, by the row's name and the link.
  private var cells: [String: [Link: String]] = [:]

  init(links: [Link]) { self.links = links }

  /// What the article says of these links: the parts of it that do not run again stay.
  init(ofArticle links: [Link]) throws {
    self.links = links
    let text = try String(contentsOf: Self.article, encoding: .utf8)
    let rows = Self.rows(of: try #require(Self.split(text)).table)
    guard let header = rows.first else { return }
    for row in rows where row.count == header.count {
      for (link, cell) in zip(links, row.dropFirst()) where header.contains(Self.title(link)) {
        self[row[0], link] = cell
      }
    }
  }

  private static func title(_ link: Link) -> String { "\(link.board), \(link.responder)" }

  /// The rows of a table in Markdown, the header first.
  private static func rows(of table: Substring) -> [[String]] {
    table.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| ---") }
      .map { $0.dropFirst(2).dropLast(2).components(separatedBy: " | ") }
  }

  subscript(scenario: String, link: Link) -> String? {
    get { cells[scenario]?[link] }
    set { cells[scenario, default: [:]][link] = newValue }
  }

  /// The article; the run writes what is between these lines.
  static let article = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../Sources/EmulatedPair/EmulatedPair.docc/Scenarios.md")
    .standardizedFileURL
  private static let beginning = "<!-- Written by `make guests-test`. -->"
  private static let end = "<!-- End of what is written. -->"

  /// As Markdown, with `note` before it.
  func markdown(note: String) -> String {
    let header = ["Scenario"] + links.map(Self.title)
    let rows = Scenario.all.map { scenario in
      [scenario.name]
        + links.map { scenario.applies(to: $0) ? self[scenario.name, $0] ?? "did not run" : "–" }
    }
    let lines =
      [header, header.map { _ in "---" }] + rows
    return note + "\n\n"
      + lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  /// Puts the table into the article.
  func write(note: String) throws {
    let text = try String(contentsOf: Self.article, encoding: .utf8)
    let parts = try #require(Self.split(text))
    try "\(parts.before)\(Self.beginning)\n\n\(markdown(note: note))\n\n\(Self.end)\(parts.after)"
      .write(to: Self.article, atomically: true, encoding: .utf8)
  }

  /// The names of the rows in the article.
  static func rowsOfArticle() throws -> [String] {
    let text = try String(contentsOf: article, encoding: .utf8)
    let parts = try #require(split(text))
    return rows(of: parts.table).dropFirst().map { $0[0] }
  }

  private static func split(
    _ text: String
  ) -> (before: Substring, table: Substring, after: Substring)? {
    guard let first = text.range(of: beginning), let last = text.range(of: end) else { return nil }
    return (
      text[..<first.lowerBound], text[first.upperBound..<last.lowerBound], text[last.upperBound...]
    )
  }
}
