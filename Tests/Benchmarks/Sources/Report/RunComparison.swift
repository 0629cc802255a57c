import EmulatedPair

/// What a run has become since another one.
///
/// By instructions where both runs have counted them: a percent more is slower. Elsewhere by the
/// ratio to the peer or floor of the same run, which moves by itself: a quarter more is slower.
struct RunComparison {
  private let lines: [(cells: [String], isSlower: Bool)]

  init(_ now: StoredRun, with before: StoredRun) {
    let old = Dictionary(before.rows.map { ($0.key, $0) }) { first, _ in first }
    let keys = Set(now.rows.map(\.key))
    lines =
      now.rows.map { row in
        guard let other = old[row.key] else {
          return ([row.key, "", Self.measured(row), "new"], false)
        }
        let (change, limit) = Self.change(from: other, to: row)
        let verdict = change > limit ? "**slower**" : change < 1 / limit ? "faster" : ""
        return (
          [
            row.key, Self.measured(other), Self.measured(row),
            "\(change >= 1 ? "+" : "−")\(decimal(abs(change - 1) * 100, 1)) % \(verdict)",
          ], change > limit
        )
      }
      + before.rows.filter { !keys.contains($0.key) }.map {
        ([$0.key, Self.measured($0), "", "gone"], false)
      }
  }

  /// How many times as much, and from what on that is more than chance.
  private static func change(from old: Row, to new: Row) -> (Double, limit: Double) {
    if let before = old.instructions, let now = new.instructions, before > 0 {
      return (now / before, 1.01)
    }
    return (old.ratio > 0 ? new.ratio / old.ratio : 1, 1.25)
  }

  private static func measured(_ row: Row) -> String {
    guard let instructions = row.instructions else { return "\(decimal(row.ratio, 2)) ×" }
    return "\(decimal(row.ratio, 2)) ×, \(decimal(instructions, 1)) instructions"
  }

  var isSlower: Bool { lines.contains { $0.isSlower } }

  var text: String {
    markdown(header: ["Measured", "Before", "Now", "Change"], lines.map(\.cells))
  }

  /// Compares the newest run of a folder with the one at `path`, or with the one before it.
  static func ofNewest(in folder: String, with path: String?) throws -> RunComparison {
    let paths = StoredRun.paths(in: folder)
    guard let newest = paths.last else {
      throw EmulatorError("no run is stored in \(folder): `make bench` stores one")
    }
    guard let other = path ?? paths.dropLast().last else {
      throw EmulatorError("there is one run only, \(newest): name another one by WITH=")
    }
    let comparison = try RunComparison(StoredRun(path: newest), with: StoredRun(path: other))
    progress("\(newest), with \(other)")
    return comparison
  }
}
