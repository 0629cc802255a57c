import Foundation

/// One line of the table.
struct Row: Codable {
  /// What is measured.
  var what: String
  /// The figure, with its unit.
  var figure: String
  /// The peer or floor of the same run, with its unit and name.
  var beside: String
  /// Figure over peer or floor, both as durations or sizes: less is better. Of several rounds, the
  /// median of their ratios.
  var ratio: Double
  /// What is aimed at, and whether it is met; empty where nothing is.
  var aim = ""
  /// The instructions that one of what is measured takes, by callgrind's count, where there is
  /// callgrind and the row has something to count: the same on a busy machine as on an idle one.
  var instructions: Double? = nil

  /// What names the row in another run: what is measured, and the peer's or floor's name.
  var key: String {
    let name = beside.range(of: ", ").map { beside[$0.upperBound...] } ?? beside[...]
    return "\(what), beside \(name)"
  }

  var cells: [String] { [what, figure, beside, decimal(ratio, 2), aim] }
}

/// The rows as a Markdown table.
func table(_ rows: [Row]) -> String {
  markdown(
    header: ["Measured", "Figure", "Beside it, same run", "Ratio", "Aim"], rows.map(\.cells))
}

/// A Markdown table, columns aligned for whoever reads it as it is.
func markdown(header: [String], _ rows: [[String]]) -> String {
  let cells = [header] + rows
  let widths = header.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
  var lines = cells.map { line in
    "| "
      + zip(line, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
      .joined(separator: " | ") + " |"
  }
  lines.insert("|" + widths.map { String(repeating: "-", count: $0 + 2) + "|" }.joined(), at: 1)
  return lines.joined(separator: "\n")
}

/// A number with `places` digits behind the point.
func decimal(_ value: Double, _ places: Int) -> String {
  value.formatted(.number.precision(.fractionLength(places)).locale(Locale(identifier: "en_US")))
}

/// An aim with its verdict.
func aim(_ text: String, met: Bool) -> String { "\(text): \(met ? "met" : "missed")" }

/// The middle value of an odd number of them.
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// Says on standard error what is going on.
func progress(_ text: String) {
  FileHandle.standardError.write(Data("bench: \(text)\n".utf8))
}
