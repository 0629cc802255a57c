import IPMI
import Tracing

/// What a trace tells: transactions, phases, registers, and what went wrong.
///
/// Events are added in the order of the file. Everything is counted, whatever the length; details are
/// kept up to ``Limits``, of the first transactions at or after a time of choice.
public struct TraceModel: Sendable {
  /// How much is kept in detail.
  public struct Limits: Sendable {
    public var transactions = 2_000
    /// Of the registers, of all channels together.
    public var samples = 100_000
    public var phases = 10_000
    public var marks = 500
    /// Details are kept from here on, in nanoseconds after the first event.
    public var from: UInt64 = 0

    public init() {}
  }

  /// One interface between a host and a BMC.
  public struct Channel: Equatable, Sendable {
    public var name: String
    public var description: String
    /// What the registers and interrupt lines were, whenever that changed.
    public internal(set) var samples: [RegisterSample] = []
    /// The last of them, kept or not.
    var sample = RegisterSample(time: 0)
    /// How many transactions it had.
    public internal(set) var transactions = 0

    public init(name: String, description: String = "") {
      self.name = name
      self.description = description
    }
  }

  /// Something that is neither a message nor a register.
  public struct Mark: Equatable, Sendable {
    public var time: UInt64
    public var channel: Int
    public var kind: Kind
    public var text: String

    public enum Kind: Int, Sendable {
      case connection
      case control
      case reset
      /// A frame was damaged.
      case fault
      /// A text of a file that says none of these.
      case note
    }
  }

  public let limits: Limits
  public private(set) var channels: [Channel] = []
  public private(set) var transactions: [Transaction] = []
  public private(set) var phases: [Phase] = []
  public private(set) var marks: [Mark] = []
  /// The time of the first event, and of the last.
  public private(set) var start: UInt64 = 0
  public private(set) var end: UInt64 = 0
  public private(set) var events = 0
  public private(set) var requests = 0
  public private(set) var responses = 0
  public private(set) var unasked = 0
  public private(set) var unanswered = 0
  public private(set) var faults = 0
  public private(set) var resets = 0
  public private(set) var commands: [Command: CommandStatistics] = [:]
  public private(set) var latencies = Latencies()
  /// How many of each were not kept.
  public private(set) var cutTransactions = 0
  public private(set) var cutSamples = 0
  public private(set) var cutPhases = 0
  public private(set) var cutMarks = 0

  /// A request that waits for its response.
  private struct Open: Sendable {
    var command: Command
    var time: UInt64
    /// Its place in ``transactions``; `nil` where it is not kept.
    var index: Int?
  }

  /// Requests that wait, by channel and id.
  private var open: [Int: Open] = [:]
  /// How many of them are kept.
  private var openKept = 0
  private var watches: [PhaseWatch] = []
  private var sampleCount = 0
  private var number = 0

  public init(_ limits: Limits = Limits()) { self.limits = limits }

  /// How many were answered with another completion code than 00h.
  public var failures: Int { commands.values.reduce(0) { $0 + $1.failures } }

  /// The further channel of the number ``channels`` had.
  public mutating func add(_ channel: Channel) {
    watches.append(PhaseWatch(channel: channels.count))
    channels.append(channel)
  }

  /// Takes the next event; one that says it is earlier than the one before happened with it.
  public mutating func add(_ event: TraceEvent) {
    guard channels.indices.contains(event.channel) else { return }
    let time = advance(to: event.time)
    let channel = event.channel
    switch event.occurrence {
    case .request(let id, let message): addRequest(message, id, channel, time)
    case .response(let id, let message): addResponse(message, id, channel, time)
    case .access(let access):
      if access.side == .host, access.isWrite, access.register == .btBuffer {
        watches[channel].fillsBuffer(at: time)
      }
    case .registers(let values):
      channels[channel].sample.values = values
      keepSample(channel, time)
      watch(channel) { $0.see(values, at: time, $1) }
    case .interrupt(let side, let isHigh):
      switch side {
      case .host: channels[channel].sample.hostInterrupt = isHigh
      case .bmc: channels[channel].sample.bmcInterrupt = isHigh
      }
      keepSample(channel, time)
    case .control(.bmc, let code, _) where code <= 2:
      // The VM protocol's words for SMS_ATN.
      watch(channel) { $0.attention(code != 0, at: time, $1) }
      keep(.control, event.occurrence, channel, time)
    case .control: keep(.control, event.occurrence, channel, time)
    case .damaged:
      faults += 1
      keep(.fault, event.occurrence, channel, time)
    case .reset:
      resets += 1
      interrupt(channel, time)
      keep(.reset, event.occurrence, channel, time)
    case .connected: keep(.connection, event.occurrence, channel, time)
    case .disconnected:
      interrupt(channel, time)
      keep(.connection, event.occurrence, channel, time)
    // As a pcapng has it: a text.
    case .fault: keep(.note, event.occurrence, channel, time)
    }
  }

  /// Takes a text of which no event is known.
  public mutating func add(note text: String, channel: Int, time: UInt64) {
    guard channels.indices.contains(channel) else { return }
    keep(Mark(time: advance(to: time), channel: channel, kind: .note, text: text))
  }

  /// Ends what goes on: to be called behind the last event.
  public mutating func finish() {
    let end = end
    for entry in open.values { giveUp(entry, .unfinished, end) }
    open.removeAll()
    for channel in channels.indices { watch(channel) { $0.finish(at: end, $1) } }
    phases.sort { ($0.start, $0.end) < ($1.start, $1.end) }
  }

  // MARK: Time

  private mutating func advance(to time: UInt64) -> UInt64 {
    if events == 0 { (start, end) = (time, time) }
    events += 1
    end = max(end, time)
    return end
  }

  /// Whether details of this time are wanted.
  private func isWanted(_ time: UInt64) -> Bool { time - start >= limits.from }

  // MARK: Transactions

  private mutating func addRequest(_ message: Message, _ id: UInt8, _ channel: Int, _ time: UInt64)
  {
    requests += 1
    commands[message.command, default: .init()].requests += 1
    if let old = open.removeValue(forKey: channel << 8 | Int(id)) {
      giveUp(old, .superseded, time)
    }
    let index = keep(
      Transaction(
        number: 0, channel: channel, id: id, start: time, end: time, request: message,
        response: nil, outcome: .open))
    if index != nil { openKept += 1 }
    open[channel << 8 | Int(id)] = Open(command: message.command, time: time, index: index)
  }

  private mutating func addResponse(_ message: Message, _ id: UInt8, _ channel: Int, _ time: UInt64)
  {
    responses += 1
    let key = channel << 8 | Int(id)
    guard let entry = open[key], entry.command == message.command else {
      unasked += 1
      _ = keep(
        Transaction(
          number: 0, channel: channel, id: id, start: time, end: time, request: nil,
          response: message, outcome: .unasked))
      return
    }
    open[key] = nil
    let latency = time - entry.time
    latencies.add(latency)
    commands[entry.command, default: .init()].latencies.add(latency)
    commands[entry.command, default: .init()].codes[message.completionCode?.rawValue, default: 0] +=
      1
    guard let index = entry.index else { return }
    openKept -= 1
    transactions[index].response = message
    transactions[index].end = time
    transactions[index].outcome = message.completionCode == .success ? .completed : .failed
  }

  private mutating func giveUp(_ entry: Open, _ outcome: Transaction.Outcome, _ time: UInt64) {
    unanswered += 1
    commands[entry.command, default: .init()].unanswered += 1
    guard let index = entry.index else { return }
    openKept -= 1
    transactions[index].end = time
    transactions[index].outcome = outcome
  }

  private mutating func interrupt(_ channel: Int, _ time: UInt64) {
    watch(channel) { $0.finish(at: time, $1) }
    for (key, entry) in open where key >> 8 == channel {
      giveUp(entry, .interrupted, time)
      open[key] = nil
    }
  }

  private mutating func keep(_ transaction: Transaction) -> Int? {
    number += 1
    channels[transaction.channel].transactions += 1
    guard isWanted(transaction.start), transactions.count < limits.transactions else {
      cutTransactions += 1
      return nil
    }
    transactions.append(transaction)
    transactions[transactions.count - 1].number = number
    return transactions.count - 1
  }

  // MARK: Registers, phases, marks

  /// Whether what happens now belongs to the details: behind the last transaction that is kept,
  /// nothing does.
  private func hasRoom(_ time: UInt64) -> Bool {
    isWanted(time)
      && (transactions.count < limits.transactions || openKept > 0)
  }

  private mutating func keepSample(_ channel: Int, _ time: UInt64) {
    channels[channel].sample.time = time
    guard hasRoom(time), sampleCount < limits.samples else {
      cutSamples += 1
      return
    }
    // What happens at once is one change.
    if channels[channel].samples.last?.time == time {
      channels[channel].samples.removeLast()
    } else {
      sampleCount += 1
    }
    channels[channel].samples.append(channels[channel].sample)
  }

  private mutating func watch(
    _ channel: Int, _ body: (inout PhaseWatch, (Phase) -> Void) -> Void
  ) {
    var found: [Phase] = []
    body(&watches[channel]) { found.append($0) }
    for phase in found {
      if isWanted(phase.end), phases.count < limits.phases {
        phases.append(phase)
      } else {
        cutPhases += 1
      }
    }
  }

  private mutating func keep(
    _ kind: Mark.Kind, _ occurrence: TraceEvent.Occurrence, _ channel: Int, _ time: UInt64
  ) {
    var text: FixedBytes<512> = []
    occurrence.describe(to: &text)
    keep(Mark(time: time, channel: channel, kind: kind, text: String(bytes: text)))
  }

  private mutating func keep(_ mark: Mark) {
    guard isWanted(mark.time), marks.count < limits.marks else {
      cutMarks += 1
      return
    }
    marks.append(mark)
  }
}

extension String {
  /// Text that was put together without the heap.
  init<let size: Int>(bytes: FixedBytes<size>) {
    self.init(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self)
  }

  /// A duration of nanoseconds, in the unit that suits it.
  init(duration: UInt64) {
    var text: FixedBytes<40> = []
    text.append(duration: duration)
    self = String(bytes: text).replacing("us", with: "µs")
  }
}
