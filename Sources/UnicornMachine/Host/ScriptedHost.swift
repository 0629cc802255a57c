import IPMI
import SystemInterfaces

/// A host without a processor: this project's state machines do the port I/O of a script.
///
/// It polls, as firmware does: at once while bytes move, then after 1 µs, 2 µs and so on to 256 µs.
final class ScriptedHost: HostProcessor {
  private let script: HostScript
  private unowned let bus: any PortBus
  private var position = 0
  private(set) var now: UInt64 = 0
  private(set) var wakeTime: UInt64 = 0
  private(set) var end: HostEnd?
  private var kcs = KCSHost()
  private var bt = BTHost()
  /// The interface with an open transaction.
  private var open: HostScript.Interface?
  /// The request that was begun last.
  private(set) var request = Message(.getDeviceID)
  private var pause = shortestPause
  /// Requests that had no response.
  private var failures = 0

  /// Is told of each transaction: its bytes, or those of its response; `nil`: it failed.
  var onStart: ((_ request: Message, _ time: UInt64) -> Void)?
  var onEnd: ((_ response: Message?, _ time: UInt64) -> Void)?

  private static let shortestPause: UInt64 = 1_000
  private static let longestPause: UInt64 = 256_000

  init(_ script: HostScript, on bus: any PortBus) {
    self.script = script
    self.bus = bus
  }

  let executed: UInt64 = 0

  func run(until end: UInt64) {
    while now < end, self.end == nil {
      if wakeTime > now {
        now = min(wakeTime, end)
        continue
      }
      step()
      wakeTime = max(wakeTime, now)
    }
    if self.end != nil { now = max(now, end) }
  }

  private func step() {
    let cursor = BusCursor(bus: bus, time: now)
    switch open {
    case nil: begin()
    case .kcs:
      var ports = KCSPorts(cursor: cursor)
      let event = kcs.event(on: &ports, now: now)
      now = ports.cursor.time
      react(to: event, kcs.response)
    case .bt:
      var ports = BTPorts(cursor: cursor)
      let event = bt.event(on: &ports, now: now)
      now = ports.cursor.time
      react(to: event, bt.response)
    }
  }

  private func begin() {
    guard position < script.steps.count else {
      end = failures == 0 ? .good : .bad("\(failures) of its requests were not answered")
      return
    }
    defer { position += 1 }
    switch script.steps[position] {
    case .wait(let time): wakeTime = now + time
    case .postCode(let code):
      bus.write(code, to: 0x80, at: now)
      now += busCycle
    case .request(let request, let interface):
      self.request = request
      open = interface
      switch interface {
      case .kcs: kcs.start(request)
      case .bt: bt.start(request)
      }
      onStart?(request, now)
    }
  }

  private func react(to event: HostEvent, _ response: Message?) {
    switch event {
    case .progressed:
      pause = Self.shortestPause
    case .waiting(let deadline):
      wakeTime = min(max(deadline, now), now + pause)
      pause = min(pause * 2, Self.longestPause)
    case .complete: finish(response)
    case .failed, .idle, .attention: finish(nil)
    }
  }

  private func finish(_ response: Message?) {
    open = nil
    pause = Self.shortestPause
    if response == nil { failures += 1 }
    onEnd?(response, now)
  }

  func stall(until end: UInt64) { now = max(now, end) }

  /// Forgets the transaction, and begins the script again.
  func reset() {
    (kcs, bt, open) = (KCSHost(), BTHost(), nil)
    (position, wakeTime, end) = (0, now, nil)
    (pause, failures) = (Self.shortestPause, 0)
  }

  func abort() {
    switch open {
    case nil: break
    case .kcs: kcs.abort()
    case .bt: bt.abort()
    }
  }

  func powerCycle() {
    now = 0
    reset()
  }
}
