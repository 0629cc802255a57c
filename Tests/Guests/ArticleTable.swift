import Foundation
import Testing

/// A table in an article that a run of the tests writes: all between two lines of the article is the
/// run's.
struct ArticleTable {
  /// The article.
  let article: URL

  private static let beginning = "<!-- Written by `make guests-test`. -->"
  private static let end = "<!-- End of what is written. -->"

  /// The table in an article of `EmulatedPair`.
  init(_ name: String) {
    article =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/EmulatedPair/EmulatedPair.docc/\(name).md")
      .standardizedFileURL
  }

  /// Puts `rows` into the article, with `note` before them.
  func write(header: [String], rows: [[String]], note: String) throws {
    let parts = try parts()
    let table = ([header, header.map { _ in "---" }] + rows)
      .map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    try "\(parts.before)\(Self.beginning)\n\n\(note)\n\n\(table)\n\n\(Self.end)\(parts.after)"
      .write(to: article, atomically: true, encoding: .utf8)
  }

  /// The cells of the header in the article.
  func header() throws -> [String] { try lines().first ?? [] }

  /// The cells of each row in the article, below its header.
  func rows() throws -> [[String]] { Array(try lines().dropFirst()) }

  private func lines() throws -> [[String]] {
    try parts().table.split(separator: "\n")
      .filter { $0.hasPrefix("| ") && !$0.hasPrefix("| ---") }
      .map { $0.dropFirst(2).dropLast(2).components(separatedBy: " | ") }
  }

  private func parts() throws -> (before: Substring, table: Substring, after: Substring) {
    let text = try String(contentsOf: article, encoding: .utf8)
    let first = try #require(text.range(of: Self.beginning))
    let last = try #require(text.range(of: Self.end))
    return (
      text[..<first.lowerBound], text[first.upperBound..<last.lowerBound], text[last.upperBound...]
    )
  }
}
