/// How many latencies there were of each length, as bars.
struct Histogram {
  let latencies: Latencies

  init(_ latencies: Latencies) { self.latencies = latencies }

  private static let height = 150.0
  private static let width = 560.0

  var html: String {
    let bars = latencies.histogram
    guard let most = bars.map(\.count).max(), most > 0 else { return "<p>There are none.</p>" }
    let step = min(80, Self.width / Double(bars.count))
    var shapes = ""
    for (index, bar) in bars.enumerated() {
      let x = Double(index) * step
      let height = Double(bar.count) / Double(most) * Self.height
      let range = "\(Self.edge(bar.lower)) to \(Self.edge(bar.upper))"
      if bar.count > 0 {
        shapes += """
          <rect x="\(x.short)" y="\((20 + Self.height - height).short)" width="\((step - 3).short)" \
          height="\(max(1, height).short)" rx="2"><title>\(range): \(bar.count)</title></rect>
          <text x="\((x + step / 2 - 1.5).short)" y="\((15 + Self.height - height).short)">\(bar.count)</text>

          """
      }
      // The last range's end needs room.
      if index % max(1, bars.count / 6) == 0, index == 0 || Double(bars.count - index) * step > 90 {
        let y = (38 + Self.height).short
        shapes +=
          "<text x=\"\(x.short)\" y=\"\(y)\" class=\"edge\">\(Self.edge(bar.lower))</text>\n"
      }
    }
    let right = (Double(bars.count) * step).short
    shapes += """
      <text x="\(right)" y="\((38 + Self.height).short)" class="edge last">\
      \(Self.edge(bars[bars.count - 1].upper))</text>

      """
    let summary = bars.filter { $0.count > 0 }
      .map { "\($0.count) from \(Self.edge($0.lower)) to \(Self.edge($0.upper))" }
      .joined(separator: ", ")
    return """
      <svg class="histogram" viewBox="-2 0 \((Self.width + 4).short) \((46 + Self.height).short)" role="img" aria-label="Latencies: \(summary)">
      \(shapes)<line x1="0" x2="\(right)" y1="\((20.5 + Self.height).short)" \
      y2="\((20.5 + Self.height).short)"/>
      </svg>
      """
  }

  /// The end of a range, which has one digit.
  private static func edge(_ time: UInt64) -> String {
    switch time {
    case ..<1_000: "\(time) ns"
    case ..<1_000_000: "\(time / 1_000) µs"
    case ..<1_000_000_000: "\(time / 1_000_000) ms"
    case .max: "∞"
    default: "\(time / 1_000_000_000) s"
    }
  }
}

extension Double {
  /// With at most one decimal: a coordinate.
  var short: String {
    let tenths = (self * 10).rounded()
    guard tenths.magnitude < 1e15 else { return "0" }
    let value = Int(tenths.magnitude)
    return (tenths < 0 ? "-" : "") + "\(value / 10)" + (value % 10 == 0 ? "" : ".\(value % 10)")
  }
}
