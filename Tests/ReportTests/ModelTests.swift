import IPMI
import TestSupport
import Testing
import Tracing

@testable import Report

@Suite struct ModelTests {
  @Test func `each request of the sample has its fate`() {
    let model = Sample.model(Sample.events)
    #expect(
      model.transactions.map(\.outcome) == [
        .completed, .completed, .failed, .superseded, .completed, .unasked, .interrupted,
        .unfinished,
      ])
    #expect(
      model.transactions.map(\.latency) == [24_000, 9_000, 700, nil, 1_000, nil, nil, nil])
    #expect(model.requests == 7)
    #expect(model.unanswered == 3)
    #expect(model.unasked == 1)
    #expect(model.failures == 1)
    #expect(model.faults == 1)
    #expect(model.resets == 1)
    #expect(model.commands[.getDeviceID]?.requests == 6)
  }

  @Test func `phases are told by STR`() {
    let phases = Sample.model(Sample.events).phases.filter { $0.channel == 0 }
    #expect(
      phases == [
        Phase(kind: .hostSends, channel: 0, start: 3_000, end: 11_000),
        Phase(kind: .bmcWorks, channel: 0, start: 11_000, end: 13_000),
        Phase(kind: .hostReceives, channel: 0, start: 13_000, end: 18_000),
        Phase(kind: .attention, channel: 0, start: 20_000, end: 21_000),
      ])
  }

  @Test func `a reset ends phases`() {
    let model = Sample.model([
      TraceEvent(time: 0, .request(id: 0, Sample.deviceID)),
      TraceEvent(time: 10, .registers(.kcs(idr: 0x61, odr: 0, str: 0x8E))),
      TraceEvent(time: 20, .reset(.bmc)),
      TraceEvent(time: 90, .registers(.kcs(idr: 0, odr: 0, str: 0))),
    ])
    #expect(
      model.phases == [
        Phase(kind: .hostSends, channel: 0, start: 10, end: 20),
        Phase(kind: .attention, channel: 0, start: 10, end: 20),
      ])
    #expect(model.transactions.map(\.outcome) == [.interrupted])
    #expect(model.transactions.map(\.end) == [20])
  }

  @Test func `attention by messages is a phase`() {
    let phases = Sample.model(Sample.events).phases.filter { $0.channel == 1 }
    #expect(phases == [Phase(kind: .attention, channel: 1, start: 60_000, end: 65_000)])
  }

  @Test(
    arguments: [
      // With H_BUSY, and without.
      [0x04, 0x84, 0x80, 0x88, 0x08, 0x48, 0x40, 0x00],
      [0x04, 0x84, 0x80, 0x00, 0x00, 0x08, 0x08, 0x00],
    ] as [[UInt8]])
  func `phases are told by BT_CTRL`(_ values: [UInt8]) {
    var events = [
      TraceEvent(time: 10, .access(RegisterAccess(.host, .btBuffer, isWrite: true, 2)))
    ]
    for (step, value) in values.enumerated() {
      events.append(
        TraceEvent(
          time: 20 + UInt64(step), .registers(.bt(control: value, interruptMask: 0))))
    }
    let answered = UInt64(values.firstIndex { $0 & 0x08 != 0 }!) + 20
    #expect(
      Sample.model(events).phases == [
        Phase(kind: .hostSends, channel: 0, start: 10, end: 20),
        Phase(kind: .bmcWorks, channel: 0, start: 20, end: answered),
        Phase(kind: .hostReceives, channel: 0, start: answered, end: 27),
      ])
  }

  /// Every request is in exactly one transaction, and so is every response.
  @Test(arguments: UInt64(1)...40)
  func `no message is lost or twice`(_ seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let events = Sample.random(600, using: &generator)
    let model = Sample.model(events)
    func keys(_ messages: [(Int, UInt64, Message)]) -> [String] {
      messages.map { "\($0.0) \($0.1) \($0.2.command) \($0.2.data(0) ?? 0)" }.sorted()
    }
    let requests = events.compactMap { event -> (Int, UInt64, Message)? in
      if case .request(_, let message) = event.occurrence {
        (event.channel, event.time, message)
      } else {
        nil
      }
    }
    let responses = events.compactMap { event -> (Int, UInt64, Message)? in
      if case .response(_, let message) = event.occurrence {
        (event.channel, event.time, message)
      } else {
        nil
      }
    }
    let kept = model.transactions
    #expect(
      keys(kept.compactMap { one in one.request.map { (one.channel, one.start, $0) } })
        == keys(requests), "\(generator)")
    #expect(
      keys(kept.compactMap { one in one.response.map { (one.channel, one.end, $0) } })
        == keys(responses), "\(generator)")
    #expect(kept.allSatisfy { $0.outcome != .open && $0.start <= $0.end }, "\(generator)")
    #expect(kept.map(\.number) == Array(1...kept.count), "\(generator)")
    for one in kept {
      guard let request = one.request, let response = one.response else { continue }
      #expect(request.command == response.command, "\(generator)")
    }
    // What is counted is what is there.
    #expect(model.unanswered == kept.count { $0.request != nil && $0.response == nil })
    #expect(model.unasked == kept.count { $0.request == nil })
    #expect(model.latencies.count == kept.count { $0.latency != nil })
    #expect(model.failures == kept.count { $0.outcome == .failed })
    #expect(model.commands.values.reduce(0) { $0 + $1.requests } == model.requests)
    #expect(model.commands.values.reduce(0) { $0 + $1.unanswered } == model.unanswered)
    #expect(model.latencies.histogram.reduce(0) { $0 + $1.count } == model.latencies.count)
    #expect(model.phases.allSatisfy { $0.start <= $0.end })
  }

  @Test func `what exceeds the limits is counted only`() {
    var limits = TraceModel.Limits()
    (limits.transactions, limits.samples, limits.phases, limits.marks) = (10, 20, 5, 3)
    var generator = SplitMix64(seed: 7)
    let events = Sample.random(2_000, using: &generator)
    let whole = Sample.model(events)
    let model = Sample.model(events, limits)
    #expect(model.transactions.count == 10)
    #expect(model.transactions.map(\.outcome) == whole.transactions.prefix(10).map(\.outcome))
    #expect(model.channels.reduce(0) { $0 + $1.samples.count } <= 20)
    #expect(model.phases.count == 5)
    #expect(model.marks.count == 3)
    #expect(model.cutTransactions == whole.transactions.count - 10)
    #expect(model.commands == whole.commands)
    #expect(model.latencies == whole.latencies)
    limits.from = events[1_000].time - events[0].time
    let later = Sample.model(events, limits)
    #expect(later.transactions.count == 10)
    #expect(later.transactions.allSatisfy { $0.start >= events[1_000].time })
    #expect(later.commands == whole.commands)
  }

  @Test func `quantiles and ranges of latencies`() {
    var latencies = Latencies()
    #expect(latencies.quantile(0.5) == nil)
    #expect(latencies.histogram.isEmpty)
    for value in 1...100 { latencies.add(UInt64(value) * 1_000) }
    #expect(latencies.quantile(0.5) == 50_000)
    #expect(latencies.quantile(0.99) == 99_000)
    #expect(latencies.quantile(1) == 100_000)
    #expect(
      latencies.histogram.map(\.count) == [1, 3, 5, 10, 30, 50, 1])
    #expect(latencies.histogram.first?.lower == 1_000)
    latencies.add(.max)
    latencies.add(0)
    #expect(latencies.histogram.reduce(0) { $0 + $1.count } == 102)
  }

  @Test(
    arguments: [
      (0, 0), (0, 1), (5, 12_345), (999_999, 1_000_001), (0, .max), (.max - 1, .max),
    ] as [(UInt64, UInt64)])
  func `an axis has few ticks, all within`(_ start: UInt64, _ end: UInt64) {
    let ticks = Timeline.ticks(from: start, to: end)
    #expect(ticks.count <= 10)
    #expect(ticks.allSatisfy { $0.time >= start && $0.time <= end })
  }
}
