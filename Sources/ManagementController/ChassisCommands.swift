import IPMI

extension ManagementController {
  /// Chassis commands, NetFn 00h. IPMI v2.0, section 28.
  mutating func chassis(_ request: Message, into response: inout Message) -> CompletionCode {
    switch request.command {
    case .getChassisCapabilities: return getChassisCapabilities(into: &response)
    case .getChassisStatus: return getChassisStatus(into: &response)
    case .chassisControl: return chassisControl(request)
    case .chassisIdentify: return chassisIdentify(request)
    case .setPowerRestorePolicy: return setPowerRestorePolicy(request, into: &response)
    case .getSystemRestartCause:
      response.append(chassis.restartCause.rawValue)
      response.append(chassis.restartCause == .chassisControl ? 0x0F : 0x00)
      return .success
    case .setSystemBootOptions: return chassis.bootOptions.set(request)
    case .getSystemBootOptions: return getSystemBootOptions(request, into: &response)
    case .getPOHCounter:
      response.append(1)  // minutes for each count
      response.append(littleEndian: chassis.powerOnMinutes(at: now))
      return .success
    default: return .invalidCommand
    }
  }

  /// Get Chassis Capabilities, section 28.1: a diagnostic interrupt, every device at 20h.
  private mutating func getChassisCapabilities(into response: inout Message) -> CompletionCode {
    response.append(0b0100)
    for _ in 0..<5 {
      response.append(0x20)
    }
    return .success
  }

  /// Get Chassis Status, section 28.2.
  private mutating func getChassisStatus(into response: inout Message) -> CompletionCode {
    response.append(chassis.restorePolicy << 5 | (powerIsOn ? 1 : 0))
    response.append(chassis.wasPoweredOnByCommand ? 1 << 4 : 0)
    let identify: UInt8 =
      switch chassis.identify {
      case .off: 0b00
      case .until: 0b01
      case .indefinitely: 0b10
      }
    response.append(1 << 6 | identify << 4)
    return .success
  }

  /// Chassis Control, section 28.3.
  ///
  /// - Returns: CCh for a reserved control; D5h for one that needs a host with power.
  private mutating func chassisControl(_ request: Message) -> CompletionCode {
    switch request.byte(0) & 0x0F {
    case 0:
      if powerIsOn { actions.append(.powerDown) }
      return .success
    case 1:
      guard !powerIsOn else { return .success }
      chassis.restartCause = .chassisControl
      chassis.wasPoweredOnByCommand = true
      actions.append(.powerUp)
      return .success
    case 2: return restart(.powerCycle)
    case 3: return restart(.hardReset)
    case 4: return whilePowered(.diagnosticInterrupt)
    case 5: return whilePowered(.gracefulShutdown)
    default: return .invalidDataField
    }
  }

  private mutating func restart(_ action: BoardAction) -> CompletionCode {
    let code = whilePowered(action)
    if code == .success { restart(for: .chassisControl) }
    return code
  }

  private mutating func whilePowered(_ action: BoardAction) -> CompletionCode {
    guard powerIsOn else { return .notSupportedInPresentState }
    actions.append(action)
    return .success
  }

  /// The host is to be reset or switched off and on again, for this cause.
  mutating func restart(for cause: Chassis.RestartCause) {
    chassis.restartCause = cause
    chassis.resetIsDue = true
  }

  /// Takes over what the board tells about the host's power.
  mutating func setPower(_ isOn: Bool) {
    guard chassis.setPower(isOn, at: now), !isOn else { return }
    watchdog.stop(at: now)
    chassis.wasPoweredOnByCommand = false
    chassis.resetIsDue = false
    forgetSystemSoftware()
  }

  /// Chassis Identify, section 28.5: seconds (15 unless told), or bit 0 of byte 1 for ever.
  private mutating func chassisIdentify(_ request: Message) -> CompletionCode {
    let seconds = request.data(0) ?? 15
    let wasLit = chassis.identify != .off
    if request.byte(1) & 1 != 0 {
      chassis.identify = .indefinitely
    } else {
      chassis.identify = seconds == 0 ? .off : .until(now &+ UInt64(seconds) * 1_000_000_000)
    }
    let isLit = chassis.identify != .off
    if isLit != wasLit { actions.append(.identify(isLit)) }
    return .success
  }

  /// Set Power Restore Policy, section 28.8: 3 changes nothing; returns those supported.
  private mutating func setPowerRestorePolicy(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    let policy = request.byte(0) & 0x07
    guard policy <= 3 else { return .invalidDataField }
    if policy < 3 { chassis.restorePolicy = policy }
    response.append(0b111)
    return .success
  }

  /// Get System Boot Options, section 28.13; 80h for a parameter that is not supported.
  private mutating func getSystemBootOptions(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    let selector = request.byte(0) & 0x7F
    guard let parameter = chassis.bootOptions.parameter(selector) else {
      return .parameterNotSupported
    }
    response.append(0x01)
    response.append((parameter.isLocked ? 0x80 : 0) | selector)
    response.append(contentsOf: parameter.bytes)
    return .success
  }
}
