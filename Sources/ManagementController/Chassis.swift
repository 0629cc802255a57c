import IPMI

/// The chassis: power, identify, restart cause, restore policy and boot options.
///
/// IPMI v2.0, section 28. What a command asks of the board is a ``BoardAction``; that it came
/// about is told by the board.
struct Chassis: Sendable {
  /// Why the host started last. Section 28.11.
  enum RestartCause: UInt8, Sendable {
    case unknown = 0x0
    case chassisControl = 0x1
    case watchdogExpiration = 0x4
    case platformEventFilter = 0x8
    case softReset = 0xA
  }

  /// The identify light. Section 28.5.
  enum Identify: Equatable, Sendable {
    case off
    case until(UInt64)
    case indefinitely
  }

  private(set) var powerIsOn: Bool
  var restartCause = RestartCause.unknown
  /// Whether ``restartCause`` is why the host is about to be reset, which it has yet to be.
  var resetIsDue = false
  /// Whether the last power-on came from a Chassis Control command.
  var wasPoweredOnByCommand = false
  /// Power restore policy: 0 stay off, 1 as before, 2 switch on.
  var restorePolicy: UInt8 = 0
  var identify = Identify.off
  var bootOptions = BootOptions()
  /// Nanoseconds with power, up to ``countedTo``.
  private var powerOnTime: UInt64 = 0
  private var countedTo: UInt64

  init(powerIsOn: Bool, now: UInt64) {
    self.powerIsOn = powerIsOn
    countedTo = now
  }

  /// Takes over the power state; `false` where it is the one known.
  mutating func setPower(_ isOn: Bool, at now: UInt64) -> Bool {
    guard isOn != powerIsOn else { return false }
    powerOnTime = time(at: now)
    countedTo = now
    powerIsOn = isOn
    return true
  }

  /// POH, whole minutes with power.
  func powerOnMinutes(at now: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: time(at: now) / 60_000_000_000)
  }

  /// When the identify light goes out by itself.
  var identifyEnd: UInt64? {
    if case .until(let end) = identify { end } else { nil }
  }

  /// Puts the identify light out when its time is over; whether it did.
  mutating func endIdentify(at now: UInt64) -> Bool {
    guard let identifyEnd, identifyEnd <= now else { return false }
    identify = .off
    return true
  }

  private func time(at now: UInt64) -> UInt64 {
    powerIsOn ? powerOnTime &+ (now &- countedTo) : powerOnTime
  }
}

/// Boot option parameters 0 to 5, kept for the host's firmware. IPMI v2.0, section 28.13.
///
/// | Selector | Parameter                   | Bytes |
/// |---------:|-----------------------------|------:|
/// |        0 | set in progress             | 1     |
/// |        1 | service partition selector  | 1     |
/// |        2 | service partition scan      | 1     |
/// |        3 | valid bit clearing          | 1     |
/// |        4 | boot info acknowledge       | 2     |
/// |        5 | boot flags                  | 5     |
///
/// Left out: clearing the boot flags' valid bit on a reset, which parameter 3 can switch off.
struct BootOptions: Sendable {
  /// One parameter: whether it is locked, and its bytes.
  struct Parameter: Sendable {
    var isLocked = false
    var bytes: FixedBytes<5> = FixedBytes()
  }

  private var parameters = [6 of Parameter](repeating: Parameter())

  init() {
    for index in parameters.indices {
      for _ in 0..<Self.size(of: index) {
        parameters[index].bytes.append(0)
      }
    }
  }

  /// The parameter of a selector, or `nil` where it is not supported.
  func parameter(_ selector: UInt8) -> Parameter? {
    let index = Int(selector)
    return index < 6 ? parameters[index] : nil
  }

  /// Set System Boot Options, section 28.12.
  mutating func set(_ request: Message) -> CompletionCode {
    let selector = Int(request.byte(0) & 0x7F)
    guard selector < 6 else { return .parameterNotSupported }
    let size = Self.size(of: selector)
    // Without data, only the lock changes.
    guard request.dataCount == 1 || request.dataCount == 1 + size else {
      return .requestLengthInvalid
    }
    if request.dataCount > 1 {
      switch selector {
      case 0:
        let next = request.byte(1) & 0x03
        guard next != 3 else { return .invalidDataField }
        if next == 1, parameters[0].bytes[0] == 1 { return .setInProgress }
        // A commit ends the set: every write has taken effect at once.
        parameters[0].bytes[0] = next & 1
      case 4:
        let mask = request.byte(1)
        let old = parameters[4].bytes[1]
        parameters[4].bytes[1] = old & ~mask | request.byte(2) & mask
      default:
        for index in 0..<size {
          parameters[selector].bytes[index] = request.byte(1 + index)
        }
      }
    }
    parameters[selector].isLocked = request.byte(0) & 0x80 != 0
    return .success
  }

  private static func size(of selector: Int) -> Int {
    switch selector {
    case 4: 2
    case 5: 5
    default: 1
    }
  }
}

extension Chassis: Restorable {
  /// What outlives the loss of standby power: restore policy, boot options, hours with power.
  mutating func transfer(through stream: inout some StateStream) {
    stream.transfer(&restorePolicy)
    if restorePolicy > 2 { stream.reject() }
    bootOptions.transfer(through: &stream)
    var total = time(at: stream.now)
    stream.transfer(&total)
    guard stream.isRestoring else { return }
    powerOnTime = total
    countedTo = stream.now
  }
}

extension BootOptions: Restorable {
  mutating func transfer(through stream: inout some StateStream) {
    for selector in parameters.indices {
      stream.transfer(&parameters[selector].isLocked)
      for index in 0..<Self.size(of: selector) {
        stream.transfer(&parameters[selector].bytes[index])
      }
    }
  }
}

extension CompletionCode {
  /// 80h of the boot options: parameter not supported.
  static let parameterNotSupported = CompletionCode(rawValue: 0x80)
  /// 81h of the boot options: another set is in progress.
  static let setInProgress = CompletionCode(rawValue: 0x81)
}
