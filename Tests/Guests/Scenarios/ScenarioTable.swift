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
    let header = try Self.article.header()
    for row in try Self.article.rows() {
      for link in links {
        guard let column = header.firstIndex(of: Self.title(link)), column < row.count else {
          continue
        }
        self[row[0], link] = row[column]
      }
    }
  }

  subscript(scenario: String, link: Link) -> String? {
    get { cells[scenario]?[link] }
    set { cells[scenario, default: [:]][link] = newValue }
  }

  private static let article = ArticleTable("Scenarios")
  private static func title(_ link: Link) -> String { "\(link.board), \(link.responder)" }

  /// Puts the table into the article.
  func write(note: String) throws {
    let rows = Scenario.all.map { scenario in
      [scenario.name]
        + links.map { scenario.applies(to: $0) ? self[scenario.name, $0] ?? "did not run" : "–" }
    }
    try Self.article.write(header: ["Scenario"] + links.map(Self.title), rows: rows, note: note)
  }

  /// The names of the rows in the article.
  static func rowsOfArticle() throws -> [String] { try article.rows().map { $0[0] } }
}
