import IPMI
import Tracing

/// All transactions that are kept, one row each.
struct TransactionTable {
  let model: TraceModel

  init(_ model: TraceModel) { self.model = model }

  var html: String {
    let named = model.channels.filter { $0.transactions > 0 }.count > 1
    let longest = max(1, model.transactions.compactMap(\.latency).max() ?? 1)
    var text = """
      <table id="list"><thead><tr><th>#</th><th class="n">s</th>\(named ? "<th>channel</th>" : "")\
      <th>command</th><th>code</th><th class="n">latency</th></tr></thead><tbody>

      """
    for (index, transaction) in model.transactions.enumerated() {
      let channel = named ? "<td>\(model.channels[transaction.channel].name.html)</td>" : ""
      let share = transaction.latency.map { Double($0) / Double(longest) * 100 } ?? 0
      text += """
        <tr class="\(transaction.outcome.kind)" data-t="\(index)"><td><button>\(transaction.number)</button></td>\
        <td class="n">\(Self.seconds(transaction.start - model.start))</td>\(channel)\
        <td class="name">\(String(command: transaction.command).html)</td><td>\(transaction.code.html)</td>\
        <td class="n bar" style="--share:\(Int(share))%">\
        \(transaction.latency.map { String(duration: $0) } ?? "–")</td></tr>

        """
    }
    return text + "</tbody></table>"
  }

  static func seconds(_ time: UInt64) -> String {
    var text: FixedBytes<40> = []
    text.append(seconds: time, places: 6)
    return String(bytes: text)
  }
}

/// Each command: how often, how long, how it was answered.
struct CommandTable {
  let model: TraceModel

  init(_ model: TraceModel) { self.model = model }

  var html: String {
    let rows = model.commands.sorted {
      ($1.value.requests, $0.key.netFn.rawValue, $0.key.code)
        < ($0.value.requests, $1.key.netFn.rawValue, $1.key.code)
    }
    guard !rows.isEmpty else { return "<section><h2>Commands</h2><p>There are none.</p></section>" }
    return """
      <section class="wide">
      <h2>Commands</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Table of commands">
      <table class="commands"><thead><tr><th>command</th><th>NetFn, code</th><th class="n">count</th>\
      <th class="n">shortest</th><th class="n">median</th><th class="n">longest</th>\
      <th>completion codes</th></tr></thead><tbody>
      \(rows.map { row($0.key, $0.value) }.joined(separator: "\n"))
      </tbody></table>
      </div>
      </section>
      """
  }

  private func row(_ command: Command, _ row: CommandStatistics) -> String {
    func time(_ value: UInt64?) -> String {
      "<td class=\"n\">\(value.map { String(duration: $0) } ?? "–")</td>"
    }
    let isAnswered = row.latencies.count > 0
    var codes = row.codes.sorted { ($0.key ?? 0) < ($1.key ?? 0) }.map { code, count in
      let kind = code == CompletionCode.success.rawValue ? "completed" : "failed"
      let name = code.map { " " + CompletionCode(rawValue: $0).words } ?? ""
      let text = code.map { String(byte: $0) } ?? "no code"
      return "<span class=\"\(kind)\">\(text)\(kind == "failed" ? name : "") ×\(count)</span>"
    }
    if row.unanswered > 0 {
      codes.append("<span class=\"lost\">no response ×\(row.unanswered)</span>")
    }
    let share = Int(Double(row.requests) / Double(max(1, model.requests)) * 100)
    return """
      <tr><td>\(String(command: command).html)</td>\
      <td><code>\(String(byte: command.netFn.rawValue)) \(String(byte: command.code))</code></td>\
      <td class="n bar" style="--share:\(share)%">\(row.requests)</td>\
      \(time(isAnswered ? row.latencies.shortest : nil))\(time(row.latencies.quantile(0.5)))\
      \(time(isAnswered ? row.latencies.longest : nil))<td>\(codes.joined(separator: " "))</td></tr>
      """
  }
}

/// What was neither a message nor a register: connections, controls, resets, damage.
struct EventTable {
  let model: TraceModel

  init(_ model: TraceModel) { self.model = model }

  var html: String {
    guard !model.marks.isEmpty else { return "" }
    let rows = model.marks.map { mark in
      """
      <tr class="\(mark.kind.name)"><td class="n">\(TransactionTable.seconds(mark.time - model.start))</td>\
      <td>\(model.channels[mark.channel].name.html)</td><td>\(mark.text.html)</td></tr>
      """
    }
    return """
      <section>
      <h2>Other events</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Table of other events">
      <table class="events"><thead><tr><th class="n">s</th><th>channel</th><th>what</th></tr></thead><tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table>
      </div>
      </section>
      """
  }
}

extension TraceModel.Mark.Kind {
  /// The class of its elements.
  var name: String {
    switch self {
    case .connection, .note: "plain"
    case .control: "control"
    case .reset: "failed"
    case .fault: "lost"
    }
  }
}

extension Transaction.Outcome {
  /// The class of its elements.
  var kind: String {
    switch self {
    case .completed: "completed"
    case .failed: "failed"
    case .open, .superseded, .interrupted, .unfinished, .unasked: "lost"
    }
  }
}

extension Transaction {
  /// Its completion code in a table.
  var code: String {
    guard let response else { return "none" }
    return response.completionCode.map { String(byte: $0.rawValue) } ?? "–"
  }
}

extension CompletionCode {
  /// Its meaning, or whose it is. IPMI v2.0, table 5-2.
  var words: String {
    if let name { return "\(name)" }
    switch rawValue {
    case 0x01...0x7E: return "OEM"
    case 0x80...0xBE: return "of this command alone"
    default: return "not known"
    }
  }
}

extension String {
  /// A command's name, or its numbers.
  init(command: Command?) {
    guard let command else {
      self = "?"
      return
    }
    var text: FixedBytes<64> = []
    text.append(commandOf: Message(command))
    self = String(bytes: text)
  }
}
