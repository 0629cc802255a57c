import Foundation
import IPMI
import Tracing

/// A trace as a page of HTML: one file, which needs no other and no network.
///
/// All that is counted is there without scripts; a script of its own draws the chosen transaction.
public struct ReportPage: Sendable {
  let reading: TraceReading
  /// The name of the file, for the title.
  let title: String

  var model: TraceModel { reading.model }

  public init(_ reading: TraceReading, title: String) {
    self.reading = reading
    self.title = title
  }

  /// The whole file.
  public var html: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
    style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
    <link rel="icon" href="data:,">
    <title>\(title.html): IPMI report</title>
    <style>
    \(Self.style)</style>
    </head>
    <body>
    \(heading)
    \(notices)
    \(tiles)
    \(Timeline(model).html)
    \(transactions)
    <div class="pair">
    \(histogram)
    \(CommandTable(model).html)
    </div>
    \(EventTable(model).html)
    <script type="application/json" id="trace">\(PageData(model, chosen: chosen).json)</script>
    <script>
    \(Self.script)</script>
    </body>
    </html>

    """
  }

  static let style = String(decoding: PackageResources.page_css, as: UTF8.self)
  static let script = String(decoding: PackageResources.page_js, as: UTF8.self)

  // MARK: The head

  private var heading: String {
    let duration = String(duration: model.end - model.start)
    let channels = model.channels.filter { $0.transactions > 0 || !$0.samples.isEmpty }.map {
      "<b>\($0.name.html)</b>" + ($0.description.isEmpty ? "" : " \($0.description.html)")
    }
    let names = channels.isEmpty ? "no channel" : channels.joined(separator: ", ")
    var facts = ["\(duration) of \(names)"]
    // Anything within the first years is an emulated machine's clock.
    if reading.origin > 1 << 60 {
      let date = Date(timeIntervalSince1970: Double(reading.origin) / 1_000_000_000)
      facts.append("begun \(date.formatted(.iso8601).html)")
    } else {
      facts.append("on the emulated machine's clock")
    }
    return """
      <header>
      <h1><small>IPMI report</small> \(title.html)</h1>
      <p>\(facts.joined(separator: ", "))</p>
      \(reading.comment.isEmpty ? "" : "<p class=\"comment\"><code>\(reading.comment.html)</code></p>")
      </header>
      """
  }

  private var notices: String {
    var lines: [String] = []
    if let damage = reading.damage {
      lines.append("The file is damaged: \(damage.description). Here is what was before that.")
    }
    if model.cutTransactions > 0 {
      lines.append(
        "Details of \(model.transactions.count) transactions are here, of \(model.cutTransactions) others "
          + "not: they are counted only. \"--from SECONDS\" chooses others.")
    }
    if model.cutSamples > 0 {
      lines.append(
        "\(model.cutSamples) changes of registers are left out; waveforms end where they would be.")
    }
    if model.cutMarks + model.cutPhases > 0 {
      lines.append("\(model.cutMarks + model.cutPhases) other events are left out.")
    }
    return lines.map { "<p class=\"notice\" role=\"note\">\($0.html)</p>" }.joined(separator: "\n")
  }

  // MARK: Figures

  private var tiles: String {
    func tile(_ value: String, _ name: String, _ kind: String = "") -> String {
      "<div class=\"tile \(kind)\"><b>\(value)</b><span>\(name)</span></div>"
    }
    func count(_ value: Int, _ name: String, _ kind: String) -> String {
      tile("\(value)", name, value > 0 ? kind : "none")
    }
    func latency(_ share: Double) -> String {
      model.latencies.quantile(share).map { String(duration: $0) } ?? "–"
    }
    return """
      <section class="tiles" aria-label="Figures">
      \(tile("\(model.requests)", "requests"))
      \(tile(latency(0.5), "median latency"))
      \(tile(latency(0.99), "99th percentile"))
      \(tile(model.latencies.count > 0 ? String(duration: model.latencies.longest) : "–", "longest"))
      \(count(model.failures, "failed, code not 00h", "failed"))
      \(count(model.unanswered, "without a response", "lost"))
      \(count(model.unasked, "unasked responses", "lost"))
      \(count(model.faults, "damaged frames", "lost"))
      \(count(model.resets, "resets", "failed"))
      </section>
      """
  }

  private var histogram: String {
    """
    <section>
    <h2>Latency</h2>
    \(Histogram(model.latencies).html)
    </section>
    """
  }

  // MARK: Transactions

  /// What is shown first: the first without a response, or the one that took longest.
  private var chosen: Int {
    let transactions = model.transactions
    if let lost = transactions.firstIndex(where: { $0.outcome.kind == "lost" }) { return lost }
    return transactions.indices.max {
      (transactions[$0].latency ?? 0) < (transactions[$1].latency ?? 0)
    } ?? 0
  }

  private var transactions: String {
    guard !model.transactions.isEmpty else {
      return "<section><h2>Transactions</h2><p>There are none.</p></section>"
    }
    return """
      <section class="transactions">
      <div class="list">
      <h2>Transactions</h2>
      <form id="filter"><input type="search" id="words" placeholder="command, code, number" \
      aria-label="Show only transactions with these words"><label><input type="checkbox" id="wrong"> \
      not completed</label></form>
      <div class="scroll" tabindex="0" role="region" aria-label="List of transactions">
      \(TransactionTable(model).html)
      </div>
      </div>
      <div class="detail" id="detail" aria-live="polite">
      <h2>The chosen transaction</h2>
      <noscript><p>Its bytes and its waveform are drawn by a script, and scripts are off.</p></noscript>
      </div>
      </section>
      """
  }
}
