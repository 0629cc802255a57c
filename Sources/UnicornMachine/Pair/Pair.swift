import BMCPeripherals
import Faults
import Tracing

/// A BMC and its host on one bus, in one process: a run is a pure function of configuration and
/// seed.
///
/// Both run by turns, each for a quantum that the seed chooses, and who is first in a turn is the
/// seed's choice, too. Where both wait, time goes to whatever happens next. A pair can be run again,
/// as often as wanted: it is switched off and on in between, and keeps Unicorn's translations.
///
/// Belongs to one thread at a time.
public final class Pair {
  private let configuration: PairConfiguration
  private let bmc: ARMMachine
  private(set) var host: (any HostProcessor)!
  private var random = SplitMix64(seed: 0)
  private var faults = PairFaults(seed: 0, isChosen: false, nil)
  private var trace = Trace(isKept: false)
  private var tracer: EventTracer?
  private var meter = TransactionMeter()
  private var busCycles: UInt64 = 0
  private var accesses: UInt64 = 0
  private var faultCount: UInt64 = 0
  private var lines = ConsoleLines()
  /// When something moved last.
  private var progressTime: UInt64 = 0

  /// Is told of every line that one of both prints; `time` in nanoseconds.
  public var onLine: ((_ side: Side, _ time: UInt64, _ text: String) -> Void)?

  /// Is told of what happens at the channels ``traceChannels``, in the order of a trace file.
  public var onEvent: ((TraceEvent) -> Void)?
  /// The channels that ``onEvent`` tells of.
  public var traceChannels: [TraceChannel] { EventTracer.channels(of: configuration.board) }

  /// A turn's length, in nanoseconds: the seed chooses one in this range.
  static let quantum: ClosedRange<UInt64> = 500...8_000
  /// When the host gets its power: the BMC has had its for that long, as on a board.
  static let hostStart: UInt64 = 10_000_000
  /// Without a transaction or a line for that long, a pair hangs, in nanoseconds: longer than all
  /// retries of a KCS transaction and of a BT one take.
  var patience: UInt64 = 120_000_000_000

  public init(_ configuration: PairConfiguration) throws {
    self.configuration = configuration
    bmc = try ARMMachine(
      configuration.board, configuration.firmware, deviceTree: configuration.deviceTree)
    switch configuration.host {
    case .program(let image, let commandLine):
      host = try HostMachine(image, commandLine: commandLine, on: self)
    case .script(let script): host = scriptedHost(script)
    }
    bmc.observer = { [unowned self] access in
      accesses += 1
      trace.record(access)
      look(after: .bmc, at: access.time)
    }
    bmc.onReset = { [unowned self] in
      trace.record(" bmc reset", at: bmc.now)
      tracer?.reset(.bmc, at: bmc.now)
    }
  }

  private func scriptedHost(_ script: HostScript) -> ScriptedHost {
    let host = ScriptedHost(script, on: self)
    host.onStart = { [unowned self] request, time in
      trace.record(" host request", bytes(of: request), at: time)
    }
    host.onEnd = { [unowned self, unowned host] response, time in
      if let response {
        trace.record(" host response", bytes(of: response), at: time)
        progressTime = max(progressTime, time)
      } else {
        trace.record(" host failed", at: time)
      }
      lines.add(conversation(host.request, response), of: .host)
    }
    return host
  }

  /// Runs a seed from power-on to the end of the host's program.
  public func run(seed: UInt64, keepsTrace: Bool = false) throws -> (PairResult, trace: [UInt8]) {
    try bmc.powerCycle()
    try host.powerCycle()
    host.stall(until: Self.hostStart)
    random = SplitMix64(seed: seed)
    faults = PairFaults(seed: seed, isChosen: configuration.hasFaults, configuration.schedule)
    trace = Trace(isKept: keepsTrace)
    tracer = onEvent.map { EventTracer(configuration.board, $0) }
    meter = TransactionMeter()
    lines = ConsoleLines()
    (busCycles, accesses, faultCount, progressTime) = (0, 0, 0, 0)

    var time: UInt64 = 0
    var outcome = try runToEnd(from: &time)
    if configuration.hasFaults || configuration.schedule != nil {
      // Whatever became of it: without faults the same program must end well.
      faults = PairFaults(seed: seed, isChosen: false, nil)
      trace.record(" faults are over", at: time)
      try host.reset()
      progressTime = time
      outcome = try runToEnd(from: &time)
    }
    let result = PairResult(
      seed: seed, outcome: outcome, virtualTime: time, latencies: meter.latencies,
      busCycles: busCycles, accesses: accesses, bmcInstructions: bmc.executed,
      hostInstructions: host.executed, faults: faultCount, traceHash: trace.hash,
      traceLines: trace.lineCount)
    return (result, trace.text)
  }

  private func runToEnd(from time: inout UInt64) throws -> PairResult.Outcome {
    while true {
      if let end = host.end {
        pump(at: time)
        return if case .bad(let reason) = end { .failed("the host: \(reason)") } else { .good }
      }
      if time > progressTime, time - progressTime > patience {
        return .hung("nothing moved for \(patience / 1_000_000_000) s of virtual time")
      }
      // Where both wait, there is nothing to see until one of them does not.
      let bmcTime = bmc.isIdle ? bmc.deadline ?? .max : time
      let next = min(bmcTime, host.wakeTime, faults.nextTime ?? .max)
      time = max(time, min(next, time + patience))
      try makeFaultsHappen(at: time)

      time += random.next(in: Self.quantum)
      if random.next() & 1 == 0 {
        try bmc.run(until: time)
        try host.run(until: time)
      } else {
        try host.run(until: time)
        try bmc.run(until: time)
      }
      pump(at: time)
    }
  }

  private func makeFaultsHappen(at time: UInt64) throws {
    while let (fault, rule) = faults.take(at: time) {
      faultCount += 1
      trace.record(fault: fault.name, at: time)
      tracer?.fault(fault.name, rule: rule, at: time)
      switch fault {
      case .hostAbort: host.abort()
      case .hostReset:
        try host.reset()
        tracer?.reset(.host, at: time)
      case .bmcReset:
        try bmc.reset()
        tracer?.reset(.bmc, at: time)
      case .hostDelay(let delay): host.stall(until: time + delay)
      case .bmcDelay(let delay): bmc.stall(until: time + delay)
      case .bitChanged: break
      }
    }
  }

  /// Tells ``onEvent`` what one side has changed.
  private func look(after side: TraceSide, at time: UInt64) {
    guard tracer != nil else { return }
    bmc.withHostInterface { tracer?.see(&$0, after: side, at: time) }
  }

  /// Takes what the consoles have.
  private func pump(at time: UInt64) {
    lines.add(bmc.takeOutput(), of: .bmc)
    if let machine = host as? HostMachine { lines.add(machine.takeOutput(), of: .host) }
    while let (side, text) = lines.next() {
      trace.record(console: text, of: side, at: time)
      progressTime = time
      onLine?(side, time, String(decoding: text, as: UTF8.self))
    }
  }
}

extension Pair: PortBus {
  func read(_ port: UInt16, at time: UInt64) -> UInt8 {
    busCycles += 1
    let value = faults.read(port, bmc.hostRead(port: port) ?? 0xFF, at: time)
    trace.record(port: port, isRead: true, value, at: time)
    meter.read(port, value, at: time)
    look(after: .host, at: time)
    tracer?.hear(port: port, isWrite: false, value)
    return value
  }

  func write(_ value: UInt8, to port: UInt16, at time: UInt64) {
    busCycles += 1
    trace.record(port: port, isRead: false, value, at: time)
    meter.write(port, value, at: time)
    bmc.hostWrite(faults.write(port, value, at: time), port: port)
    look(after: .host, at: time)
    tracer?.hear(port: port, isWrite: true, value)
    if meter.isOpen { faults.begin(at: time) }
  }
}
