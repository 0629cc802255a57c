import ManagementController

/// Does to the host what the controller wants done: presses its power button, resets it, sends it
/// an NMI.
///
/// Everything waits a moment, so that the host can read the response to the command that asked for
/// it. One thing is done after the other; what is asked for meanwhile replaces what has not begun.
struct HostControl<Port: HostControlPort> {
  let port: Port
  /// The line that is asserted, and until when, in nanoseconds.
  private var current: (line: HostControlLine, end: UInt64)?
  /// What is to be done next, from when on, and for how long.
  private var next: (line: HostControlLine, start: UInt64, duration: UInt64)?

  /// Time for the host to read the response.
  private static var delay: UInt64 { 100_000_000 }

  init(_ port: Port) {
    self.port = port
  }

  /// When ``advance(to:)`` has something to do, in nanoseconds.
  var deadline: UInt64? {
    current?.end ?? next?.start
  }

  /// Begins what `action` asks for, if it is about the host and can be done by a line: nothing
  /// turns a host on but a person, or whoever has started its emulator.
  mutating func take(_ action: BoardAction, now: UInt64) {
    let millisecond: UInt64 = 1_000_000
    switch action {
    // Longer than the 4 s after which a host's power button turns it off.
    case .powerDown, .powerCycle: begin(.powerButton, for: 5000 * millisecond, now: now)
    case .gracefulShutdown: begin(.powerButton, for: 200 * millisecond, now: now)
    case .hardReset: begin(.reset, for: 100 * millisecond, now: now)
    case .diagnosticInterrupt: begin(.nmi, for: 100 * millisecond, now: now)
    case .powerUp, .coldReset, .warmReset, .identify: break
    }
  }

  private mutating func begin(_ line: HostControlLine, for duration: UInt64, now: UInt64) {
    next = (line, now &+ Self.delay, duration)
  }

  /// Drives what is due.
  mutating func advance(to now: UInt64) {
    if let (line, end) = current, now >= end {
      port.set(line, asserted: false)
      current = nil
      // Before the next one begins, the line is seen to be released.
      if let start = next?.start { next?.start = max(start, now &+ Self.delay) }
    }
    if current == nil, let (line, start, duration) = next, now >= start {
      port.set(line, asserted: true)
      current = (line, now &+ duration)
      next = nil
    }
  }
}
