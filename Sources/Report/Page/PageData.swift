import IPMI
import Tracing

/// What the page's script draws a transaction from, as JSON.
///
/// Times are nanoseconds after the trace's first event. Of a channel, `samples` has six numbers for
/// each change: time, three registers (KCS: IDR, ODR, STR; BT: BT_CTRL, BT_INTMASK, 0), the interrupt
/// lines to host and BMC; what is not known is -1.
struct PageData {
  let model: TraceModel
  let chosen: Int

  init(_ model: TraceModel, chosen: Int) {
    self.model = model
    self.chosen = chosen
  }

  var json: String {
    let lists = [
      ("channels", model.channels.map(text)),
      ("transactions", model.transactions.map(text)),
      ("phases", model.phases.map(text)),
    ].map { "\"\($0.0)\":[\n\($0.1.joined(separator: ",\n"))]" }
    return """
      {"chosen":\(chosen),
      \(lists.joined(separator: ",\n")),
      "commands":{\(commands)},
      "codes":{\(codes)},
      "netFns":{\(netFns)}}
      """
  }

  // MARK: What happened

  private func text(_ channel: TraceModel.Channel) -> String {
    let samples = channel.samples.map(text).joined(separator: ",\n")
    let kind = Self.kind(channel)
    return #"{"name":\#(channel.name.json),"kind":"\#(kind)","samples":[\#(samples)]}"#
  }

  /// What its registers are; the first value decides.
  private static func kind(_ channel: TraceModel.Channel) -> String {
    for sample in channel.samples {
      switch sample.values {
      case .kcs: return "kcs"
      case .bt: return "bt"
      case nil: continue
      }
    }
    return ""
  }

  private func text(_ sample: RegisterSample) -> String {
    let values: String
    switch sample.values {
    case .kcs(let idr, let odr, let str): values = "\(idr),\(odr),\(str)"
    case .bt(let control, let mask): values = "\(control),\(mask),0"
    case nil: values = "-1,-1,-1"
    }
    let levels = [sample.hostInterrupt, sample.bmcInterrupt].map { isHigh in
      isHigh.map { $0 ? "1" : "0" } ?? "-1"
    }
    return "\(sample.time - model.start),\(values),\(levels.joined(separator: ","))"
  }

  private func text(_ transaction: Transaction) -> String {
    """
    {"number":\(transaction.number),"channel":\(transaction.channel),"id":\(transaction.id),\
    "start":\(transaction.start - model.start),"end":\(transaction.end - model.start),\
    "kind":"\(transaction.outcome.kind)","outcome":\(transaction.outcome.name.json),\
    "command":\(String(command: transaction.command).json),"key":"\(Self.key(transaction.command))",\
    "latency":\((transaction.latency.map { String(duration: $0) } ?? "").json),\
    "request":"\(Self.bytes(transaction.request))","response":"\(Self.bytes(transaction.response))"}
    """
  }

  private func text(_ phase: Phase) -> String {
    "[\(phase.channel),\(phase.kind.rawValue),\(phase.start - model.start),\(phase.end - model.start)]"
  }

  private static func bytes(_ message: Message?) -> String {
    guard let message else { return "" }
    return (0..<message.count).map { String(hexadecimal: message.bytes[$0]) }.joined()
  }

  private static func key(_ command: Command?) -> String {
    command.map { String(hexadecimal: $0.netFn.rawValue) + String(hexadecimal: $0.code) } ?? ""
  }

  // MARK: Names

  private var commands: String {
    var seen: Set<Command> = []
    return model.transactions.compactMap { transaction -> String? in
      guard let command = transaction.command, seen.insert(command).inserted else { return nil }
      let fields = CommandFields(command)
      guard !(fields.request.isEmpty && fields.response.isEmpty) else { return nil }
      let names = [fields.request, fields.response].map(Self.text).joined(separator: ",")
      return #""\#(Self.key(command))":[\#(names)]"#
    }.joined(separator: ",\n")
  }

  private static func text(_ fields: [CommandFields.Field]) -> String {
    "[" + fields.map { "[\($0.count),\($0.name.json)]" }.joined(separator: ",") + "]"
  }

  private var codes: String {
    Set(model.transactions.compactMap { $0.response?.completionCode }).sorted {
      $0.rawValue < $1.rawValue
    }.map {
      "\"\(String(hexadecimal: $0.rawValue))\":\($0.words.json)"
    }.joined(separator: ",")
  }

  private var netFns: String {
    let messages = model.transactions.flatMap { [$0.request, $0.response].compactMap(\.self) }
    return Set(messages.map(\.netFn)).sorted { $0.rawValue < $1.rawValue }
      .map { "\"\(String(hexadecimal: $0.rawValue))\":\($0.name.json)" }.joined(separator: ",")
  }
}
