/// What the controller asks of the board it sits on.
public enum BoardAction: Equatable, Sendable {
  /// Switch the host off at once.
  case powerDown
  /// Switch the host on.
  case powerUp
  /// Switch the host off and on again.
  case powerCycle
  /// Pulse the host's reset line.
  case hardReset
  /// Raise NMI on the host.
  case diagnosticInterrupt
  /// Ask the host's operating system to shut down, as the ACPI power button does.
  case gracefulShutdown
  /// Restart the BMC with its default state.
  case coldReset
  /// Restart the BMC, keeping its state where it can.
  case warmReset
  /// Switch the identify light on or off.
  case identify(Bool)

  /// What a log calls it.
  public var name: StaticString {
    switch self {
    case .powerDown: "power down"
    case .powerUp: "power up"
    case .powerCycle: "power cycle"
    case .hardReset: "hard reset"
    case .diagnosticInterrupt: "diagnostic interrupt"
    case .gracefulShutdown: "graceful shutdown"
    case .coldReset: "cold reset"
    case .warmReset: "warm reset"
    case .identify(true): "identify on"
    case .identify(false): "identify off"
    }
  }
}

/// The actions that the board has yet to take, oldest first.
struct BoardActionQueue: Sendable {
  private static let capacity = 8
  private var actions = [8 of BoardAction](repeating: .powerDown)
  private var count = 0

  /// Adds `action`; a board that never drains its queue loses the newest.
  mutating func append(_ action: BoardAction) {
    guard count < Self.capacity else { return }
    actions[count] = action
    count += 1
  }

  /// Removes the oldest action.
  mutating func take() -> BoardAction? {
    guard count > 0 else { return nil }
    let first = actions[0]
    for index in 1..<count {
      actions[index - 1] = actions[index]
    }
    count -= 1
    return first
  }
}
