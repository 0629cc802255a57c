import Tracing

/// All channels over time: transactions, what host and BMC did, attention, errors.
///
/// Bars of one kind are one path. Its units are millionths of the whole across and pixels down, and
/// each bar has an outline of a pixel, so that the shortest one is seen. The script zooms by changing
/// the picture's `viewBox`.
struct Timeline {
  let model: TraceModel

  /// Where the picture begins and ends: transactions that are kept, and what went wrong.
  let start: UInt64
  let end: UInt64

  init(_ model: TraceModel) {
    self.model = model
    // What a machine does before its host is there would take most of the picture.
    let wrong = model.marks.filter { $0.kind == .fault || $0.kind == .reset }.map(\.time)
    let first = (model.transactions.map(\.start) + wrong).min() ?? model.start
    let last = (model.transactions.map(\.end) + wrong).max() ?? model.end
    // And a margin, so that the first and the last bar are seen to end.
    let margin = max(1, (last - first) / 100)
    start = max(model.start, first - min(first, margin))
    end = min(model.end, last + min(margin, .max - last))
  }

  private static let barHeight = 14.0
  private static let rowHeight = 22.0
  private static let channelGap = 10.0

  /// A line of bars.
  private struct Row {
    var name: String
    var channel: Int
    var y: Double
    /// Bars by their class.
    var paths: [(kind: String, path: String)]
  }

  var html: String {
    let (rows, height) = rows
    guard !rows.isEmpty else { return "" }
    let paths = rows.flatMap { row in
      row.paths.map { "<path class=\"\($0.kind)\" d=\"\($0.path)\"/>" }
    }
    let labels = rows.map { row in
      "<span style=\"top:\(row.y.short)px\">\(row.name.html)</span>"
    }
    let ticks = Self.ticks(from: start - model.start, to: end - model.start).map { tick in
      "<span style=\"left:\((position(tick.time + model.start) / 10_000).short)%\">\(tick.text)</span>"
    }
    return """
      <section class="timeline">
      <h2>Timeline <span class="zoom" hidden><button id="in">closer</button> <button id="out">wider</button> \
      <button id="left" aria-label="earlier">◀</button> <button id="right" aria-label="later">▶</button> \
      <button id="all">all</button></span></h2>
      <div class="plot" style="--height:\(height.short)px">
      <div class="labels" aria-hidden="true">\(labels.joined())</div>
      <div class="lanes" data-start="\(start - model.start)" data-end="\(end - model.start)">
      <svg id="lanes" viewBox="0 0 1000000 \(height.short)" preserveAspectRatio="none" role="img" \
      aria-label="\(summary.html)">
      <rect id="now" x="0" y="0" width="0" height="\(height.short)"/>
      \(paths.joined(separator: "\n"))
      </svg>
      <div class="axis" id="axis">\(ticks.joined())</div>
      </div>
      </div>
      \(legend(rows))
      </section>
      """
  }

  private var summary: String {
    "Timeline of \(model.requests) requests in \(String(duration: model.end - model.start)): "
      + "\(model.failures) failed, \(model.unanswered) without a response, \(model.faults) damaged frames, "
      + "\(model.resets) resets"
  }

  // MARK: Rows

  private var rows: ([Row], Double) {
    var rows: [Row] = []
    var y = 4.0
    for channel in model.channels.indices {
      let transactions = model.transactions.filter { $0.channel == channel }
      let phases = Dictionary(grouping: model.phases.filter { $0.channel == channel }, by: \.kind)
      let marks = model.marks.filter { $0.channel == channel }
      guard !(transactions.isEmpty && phases.isEmpty && marks.isEmpty) else { continue }
      func add(_ name: String, _ bars: [(String, [(UInt64, UInt64)])]) {
        let paths = bars.map { ($0.0, path($0.1, $0.0, y: y + 4)) }.filter { !$0.1.isEmpty }
        guard !paths.isEmpty else { return }
        // A channel without transactions has no line that says its name.
        let isFirst = rows.last?.channel != channel
        let own = model.channels[channel].name
        rows.append(
          Row(
            name: isFirst && name != own ? "\(own) \(name)" : name, channel: channel, y: y,
            paths: paths))
        y += Self.rowHeight
      }
      func times(_ kinds: Phase.Kind...) -> [(UInt64, UInt64)] {
        kinds.flatMap { phases[$0] ?? [] }.map { ($0.start, $0.end) }
      }
      let outcomes = Dictionary(grouping: transactions, by: \.outcome.kind)
      add(
        model.channels[channel].name,
        ["completed", "failed", "lost"].map { kind in
          (kind, (outcomes[kind] ?? []).map { ($0.start, $0.end) })
        })
      if times(.hostSends, .bmcWorks, .hostReceives, .error).isEmpty {
        // Of messages alone: when they were there.
        add(
          "host",
          [
            ("sends", transactions.compactMap { $0.request == nil ? nil : ($0.start, $0.start) }),
            ("receives", transactions.compactMap { $0.response == nil ? nil : ($0.end, $0.end) }),
          ])
        add(
          "BMC", [("works", transactions.filter { $0.request != nil }.map { ($0.start, $0.end) })])
      } else {
        add("host", [("sends", times(.hostSends)), ("receives", times(.hostReceives))])
        add("BMC", [("works", times(.bmcWorks)), ("error", times(.error))])
      }
      add("attention", [("attention", times(.attention))])
      func moments(_ kinds: TraceModel.Mark.Kind...) -> [(UInt64, UInt64)] {
        marks.filter { kinds.contains($0.kind) }.map { ($0.time, $0.time) }
      }
      add(
        "events",
        [
          ("plain", moments(.connection, .note, .control)), ("reset", moments(.reset)),
          ("error", moments(.fault)),
        ])
      y += Self.channelGap
    }
    return (rows, y - Self.channelGap + 2)
  }

  private func legend(_ rows: [Row]) -> String {
    let names = [
      ("completed", "completed"), ("failed", "failed"), ("lost", "without a response"),
      ("sends", "host sends"), ("works", "BMC works"), ("receives", "host receives"),
      ("attention", "SMS_ATN"), ("reset", "reset"), ("error", "ERROR, damaged"),
      ("plain", "connection, control"),
    ]
    let shown = Set(rows.flatMap { $0.paths.map(\.kind) })
    let entries = names.filter { shown.contains($0.0) }
      .map { "<span class=\"\($0.0)\"><i></i>\($0.1)</span>" }
    return "<p class=\"legend\">\(entries.joined(separator: " "))</p>"
  }

  private func path(_ bars: [(UInt64, UInt64)], _ kind: String, y: Double) -> String {
    // What the host sends and receives is one above the other: from afar they are at one place.
    let isHalf = kind == "sends" || kind == "receives"
    let height = isHalf ? Self.barHeight / 2 - 1 : Self.barHeight
    let y = kind == "receives" ? y + Self.barHeight / 2 + 1 : y
    return bars.filter { $0.1 >= start && $0.0 <= end }.map { bar -> String in
      let left = position(bar.0)
      let width = position(bar.1) - left
      return "M\(left.short) \(y.short)h\(width.short)v\(height.short)h\((-width).short)z"
    }.joined()
  }

  /// Millionths of the whole.
  private func position(_ time: UInt64) -> Double {
    guard end > start else { return 500_000 }
    let offset = Double(min(max(time, start), end) - start)
    return offset / Double(end - start) * 1_000_000
  }

  // MARK: Axis

  /// Round times within a range of nanoseconds, at most nine.
  static func ticks(from start: UInt64, to end: UInt64) -> [(time: UInt64, text: String)] {
    var step: UInt64 = 1
    var turn = 0
    while (end - start) / step > 8, step < 1 << 60 {
      step = turn == 1 ? step * 5 / 2 : step * 2
      turn = (turn + 1) % 3
    }
    var ticks: [(time: UInt64, text: String)] = []
    var time = (start / step) * step
    if time < start { time += step }
    while time <= end, ticks.count < 10 {
      ticks.append((time, text(time, step: step)))
      let (next, overflow) = time.addingReportingOverflow(step)
      if overflow { break }
      time = next
    }
    return ticks
  }

  private static func text(_ time: UInt64, step: UInt64) -> String {
    let units: [(UInt64, String)] = [
      (1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"),
    ]
    // In seconds, with the decimals that the step needs, or in the unit of a short trace.
    let (unit, name) = units.first { step >= $0.0 / 10 } ?? units[3]
    let whole = time / unit
    let tenth = time % unit * 10 / unit
    return tenth == 0 ? "\(whole) \(name)" : "\(whole).\(tenth) \(name)"
  }
}
