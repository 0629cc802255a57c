import IPMI

/// The watchdog timer. IPMI v2.0, section 27.
///
/// Counts in units of 100 ms from the initial countdown to zero. On the way it may give a
/// pre-timeout interrupt; at zero it sets the expiration flag of its use, takes its action and
/// stops. It keeps counting through a reset of the host, which is how software guards a reboot,
/// and stops when the host loses power. Left out: the SMI pre-timeout interrupt, which is refused.
public struct WatchdogTimer: Sendable {
  /// What happens at zero. Section 27.6, byte 2, bits 2:0.
  public enum Action: UInt8, Sendable {
    case none = 0
    case hardReset = 1
    case powerDown = 2
    case powerCycle = 3
  }

  /// What happens at the pre-timeout. Section 27.6, byte 2, bits 6:4.
  public enum PreTimeoutInterrupt: UInt8, Sendable {
    case none = 0
    case nmi = 2
    case message = 3
  }

  /// What ``advance(to:)`` found due.
  enum Milestone: Equatable {
    case preTimeout
    case expiry
  }

  /// Who uses the timer: 1 BIOS FRB2, 2 POST, 3 OS load, 4 SMS/OS, 5 OEM; 0 before the first set.
  public private(set) var use: UInt8 = 0
  /// Whether the next expiry leaves no event; forgotten at expiry.
  public private(set) var suppressesLogging = false
  /// What happens at zero.
  public private(set) var action = Action.none
  /// What happens at the pre-timeout.
  public private(set) var preTimeoutInterrupt = PreTimeoutInterrupt.none
  /// Pre-timeout interval, seconds before zero.
  public private(set) var preTimeoutSeconds: UInt8 = 0
  /// Timer use expiration flags: bit n for use n.
  public private(set) var expirationFlags: UInt8 = 0
  /// Initial countdown, 100 ms each.
  public private(set) var initialCountdown: UInt16 = 0
  /// Whether a set has made the timer ready to start.
  public private(set) var isInitialized = false

  /// When the timer reaches zero; `nil` while it stands.
  private var expiry: UInt64?
  private var preTimeoutIsDue = false
  private var stoppedCountdown: UInt16 = 0

  init() {}

  /// Whether the timer counts.
  public var isRunning: Bool { expiry != nil }

  /// When ``advance(to:)`` next finds something due, nanoseconds.
  var deadline: UInt64? {
    guard let expiry else { return nil }
    guard preTimeoutIsDue else { return expiry }
    return expiry &- UInt64(preTimeoutSeconds) * 1_000_000_000
  }

  /// Present countdown, 100 ms each, rounded up so that a running timer never shows zero.
  func presentCountdown(at now: UInt64) -> UInt16 {
    guard let expiry else { return stoppedCountdown }
    guard expiry > now else { return 0 }
    return UInt16(truncatingIfNeeded: (expiry - now + Self.tick - 1) / Self.tick)
  }

  /// Starts the timer from its initial countdown; `false` before the first set.
  mutating func restart(at now: UInt64) -> Bool {
    guard isInitialized else { return false }
    start(at: now)
    return true
  }

  /// Set Watchdog Timer, section 27.6: six bytes of `request`.
  ///
  /// - Returns: CCh for a reserved use, action or interrupt, or a pre-timeout before the start.
  mutating func set(_ request: Message, at now: UInt64) -> CompletionCode {
    let use = request.byte(0) & 0x07
    let countdown = request.word(4)
    guard (1...5).contains(use), let action = Action(rawValue: request.byte(1) & 0x07),
      let interrupt = PreTimeoutInterrupt(rawValue: request.byte(1) >> 4 & 0x07),
      interrupt == .none || UInt32(request.byte(2)) * 10 <= UInt32(countdown)
    else { return .invalidDataField }

    self.use = use
    self.action = action
    suppressesLogging = request.byte(0) & 0x80 != 0
    preTimeoutInterrupt = interrupt
    preTimeoutSeconds = request.byte(2)
    expirationFlags &= ~request.byte(3)
    initialCountdown = countdown
    isInitialized = true

    let keepsRunning = request.byte(0) & 0x40 != 0 && isRunning
    if keepsRunning { start(at: now) } else { stop(leaving: countdown) }
    return .success
  }

  /// Stops the timer, as loss of host power does.
  mutating func stop(at now: UInt64) {
    stop(leaving: presentCountdown(at: now))
  }

  /// Finds the next milestone due at `now`; call until it returns `nil`.
  mutating func advance(to now: UInt64) -> Milestone? {
    guard let deadline, deadline <= now else { return nil }
    guard !preTimeoutIsDue else {
      preTimeoutIsDue = false
      return .preTimeout
    }
    stop(leaving: 0)
    expirationFlags |= 1 << use
    return .expiry
  }

  /// Allows logging again, which every expiry does. Section 27.4.
  mutating func allowLogging() { suppressesLogging = false }

  /// 100 ms.
  private static let tick: UInt64 = 100_000_000

  private mutating func start(at now: UInt64) {
    expiry = now &+ UInt64(initialCountdown) * Self.tick
    preTimeoutIsDue = preTimeoutInterrupt != .none
  }

  private mutating func stop(leaving countdown: UInt16) {
    expiry = nil
    preTimeoutIsDue = false
    stoppedCountdown = countdown
  }
}
