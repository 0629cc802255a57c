import IPMI
import SystemInterfaces

/// A host and a BMC on registers between them, each its state machine.
protocol InterfacePair {
  associatedtype Host: SystemInterfaceHost
  var host: Host { get set }
  /// Nanoseconds.
  var now: UInt64 { get set }
  /// Lets the host take a step, and looks at what came of it.
  mutating func step() -> HostEvent
  /// Lets the BMC do what it can do at once; whether it did something.
  mutating func serve() -> Bool
}

extension InterfacePair {
  /// Runs one transaction as firmware and driver would, with all the time they want; behind the one
  /// that is open.
  mutating func transact(_ request: Message) -> Message? {
    var steps = 0
    while !host.isIdle {
      require(steps < 10_000, "a transaction without an end")
      move()
      steps += 1
    }
    host.start(request)
    for _ in 0..<10_000 {
      switch move() {
      case .complete: return host.response
      case .failed: return nil
      case .waiting, .progressed, .idle, .attention: break
      }
    }
    fatalError("a transaction without an end")
  }

  /// A step of each; where neither can do anything, time goes to the end of the host's wait.
  @discardableResult
  private mutating func move() -> HostEvent {
    let event = step()
    let served = serve()
    if case .waiting(let end) = event, !served { now = end }
    return event
  }
}
