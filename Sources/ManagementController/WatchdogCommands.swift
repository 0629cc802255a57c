import IPMI

extension ManagementController {
  /// Reset Watchdog Timer, section 27.5; 80h before the first set.
  mutating func resetWatchdogTimer() -> CompletionCode {
    guard watchdog.restart(at: now) else { return .watchdogNotInitialized }
    clearWatchdogStates()
    // A countdown of zero expires at once.
    advance(to: now)
    return .success
  }

  /// Set Watchdog Timer, section 27.6.
  mutating func setWatchdogTimer(_ request: Message) -> CompletionCode {
    let code = watchdog.set(request, at: now)
    guard code == .success else { return code }
    messaging.preTimeoutOccurred = false
    clearWatchdogStates()
    advance(to: now)
    return .success
  }

  /// Get Watchdog Timer, section 27.7.
  mutating func getWatchdogTimer(into response: inout Message) -> CompletionCode {
    response.append(
      (watchdog.suppressesLogging ? 0x80 : 0) | (watchdog.isRunning ? 0x40 : 0) | watchdog.use)
    response.append(watchdog.preTimeoutInterrupt.rawValue << 4 | watchdog.action.rawValue)
    response.append(watchdog.preTimeoutSeconds)
    response.append(watchdog.expirationFlags)
    response.append(littleEndian: watchdog.initialCountdown)
    response.append(littleEndian: watchdog.presentCountdown(at: now))
    return .success
  }

  /// Does what a milestone of the watchdog asks for: event, flag, action.
  mutating func reach(_ milestone: WatchdogTimer.Milestone) {
    switch milestone {
    case .preTimeout:
      messaging.preTimeoutOccurred = true
      if watchdog.preTimeoutInterrupt == .nmi { actions.append(.diagnosticInterrupt) }
      signalWatchdog(offset: 8)
    case .expiry:
      signalWatchdog(offset: watchdog.action.rawValue)
      watchdog.allowLogging()
      switch watchdog.action {
      case .none: break
      case .hardReset: actions.append(.hardReset)
      case .powerDown: actions.append(.powerDown)
      case .powerCycle: actions.append(.powerCycle)
      }
      switch watchdog.action {
      case .hardReset, .powerCycle: restart(for: .watchdogExpiration)
      case .none, .powerDown: break
      }
    }
  }

  /// Asserts an offset of the Watchdog 2 sensor: 0–3 the actions, 8 the pre-timeout. Table 42-3.
  ///
  /// Event data 2 tells the pre-timeout interrupt and the use.
  private mutating func signalWatchdog(offset: UInt8) {
    guard let index = sensors.index(of: .watchdog2) else { return }
    let change = sensors[index].set(offset: offset, asserted: true)
    guard !watchdog.suppressesLogging else { return }
    raise(
      change, sensor: index,
      details: (0xC0, watchdog.preTimeoutInterrupt.rawValue << 4 | watchdog.use, 0xFF))
  }

  /// A watchdog set or started anew has not expired.
  private mutating func clearWatchdogStates() {
    guard let index = sensors.index(of: .watchdog2) else { return }
    for offset: UInt8 in 0...8 {
      raise(sensors[index].set(offset: offset, asserted: false), sensor: index)
    }
  }
}

extension CompletionCode {
  /// 80h of Reset Watchdog Timer: attempt to start an uninitialised timer.
  static let watchdogNotInitialized = CompletionCode(rawValue: 0x80)
}
