import IPMI

/// BMC: a baseboard management controller, from request to response.
///
/// Answers the App, Chassis, Sensor/Event and Storage commands that system software sends over a
/// system interface; which ones, and how long their requests are, is
/// ``IPMI/Command``'s `requestLength`. Keeps the SEL, the SDR repository, the FRU inventories, the
/// watchdog timer, the event message buffer and the receive message queue. Left out: sessions,
/// users, LAN, alerts, and any controller behind another channel.
///
/// A value without a clock: every entry takes `now`, monotonic nanoseconds. What the board has to
/// do is read with ``takeAction()``. State is volatile, unless the board keeps what ``Restorable``
/// saves of it. IPMI v2.0, sections 20 to 37.
public struct ManagementController: Sendable {
  /// What Get Device ID and Get Device GUID answer.
  public let identity: DeviceIdentity
  /// The latest time told.
  private(set) var now: UInt64
  var clock: EventLogClock
  var sel = SystemEventLog()
  var sdr: SensorDataRepository
  var fru = FRUInventory()
  var sensors = SensorTable()
  /// The reservation that guards partial reads of device SDRs.
  var deviceReservation = Reservation()
  /// The watchdog timer.
  public internal(set) var watchdog = WatchdogTimer()
  var eventBuffer = EventMessageBuffer()
  var receiveQueue = ReceiveMessageQueue()
  var messaging = Messaging()
  var filtering = PlatformEventFiltering()
  /// What it was given before it answered.
  var digest = ContentDigest()
  var chassis: Chassis
  var actions = BoardActionQueue()

  /// A controller with neither sensors nor records nor inventories: for content that is added.
  ///
  /// - Parameters:
  ///   - seconds: what the SEL clock starts from; 0 where the board has no real-time clock.
  ///   - now: monotonic time, nanoseconds.
  public init(
    identity: DeviceIdentity, powerIsOn: Bool = true, seconds: UInt32 = 0, now: UInt64 = 0
  ) {
    self.identity = identity
    self.now = now
    clock = EventLogClock(seconds: seconds, at: now)
    sdr = SensorDataRepository(builtAt: seconds)
    chassis = Chassis(powerIsOn: powerIsOn, now: now)
  }

  /// A controller with these sensors, a record for each and for itself, and one FRU device.
  ///
  /// - Parameters: as of ``init(identity:powerIsOn:seconds:now:)``.
  public init(
    identity: DeviceIdentity, sensors: SensorTable, fru: FRUDescription, powerIsOn: Bool = true,
    seconds: UInt32 = 0, now: UInt64 = 0
  ) {
    self.init(identity: identity, powerIsOn: powerIsOn, seconds: seconds, now: now)
    self.sensors = sensors
    for index in 0..<sensors.count { add(SensorDataRecord(self.sensors[index].description)) }
    add(SensorDataRecord(controller: identity.name))
    add(SensorDataRecord(fru: FixedBytes(text: "Board FRU")))
    addFRU(fru.image.bytes, size: FRUDescription.size)
    showPower(quietly: true)
  }

  // MARK: Time

  /// Lets time pass: watchdog pre-timeout and expiry, end of identify.
  ///
  /// Time never runs backwards; an earlier `now` counts as the latest one.
  public mutating func advance(to now: UInt64) {
    if now > self.now { self.now = now }
    while let milestone = watchdog.advance(to: self.now) {
      reach(milestone)
    }
    if chassis.endIdentify(at: self.now) { actions.append(.identify(false)) }
  }

  /// When ``advance(to:)`` next has something to do, nanoseconds.
  // In line, or it is passed a copy of the whole controller.
  @inline(__always)
  public var deadline: UInt64? {
    guard let watchdog = watchdog.deadline else { return chassis.identifyEnd }
    return min(watchdog, chassis.identifyEnd ?? watchdog)
  }

  // MARK: Board

  /// Level of SMS_ATN: a message, an event or a watchdog pre-timeout waits for the host.
  public var attention: Bool { messageFlags != 0 }

  /// ``attention`` and ``deadline`` in place, where the compiler would otherwise pass a copy of the
  /// whole controller for each.
  public mutating func status() -> (attention: Bool, deadline: UInt64?) {
    (messageFlags != 0, deadline)
  }

  /// The next thing the board must do; drain it after each call that takes `now`.
  public mutating func takeAction() -> BoardAction? { actions.take() }

  /// Whether the host has power: told by the board, never assumed from a command.
  public var powerIsOn: Bool {
    get { chassis.powerIsOn }
    set {
      setPower(newValue)
      showPower()
    }
  }

  /// The host has no power, perhaps only for a moment: the sensor of its power shows it, and the SEL
  /// has it, when ``powerIsOn`` says so as well.
  public mutating func losePowerQuietly() { setPower(false) }

  /// The host was reset, as the board tells: as it was asked to, or by itself.
  ///
  /// What its software has enabled and asked for is forgotten, as without power. The watchdog goes
  /// on: it guards the reset.
  public mutating func hostWasReset() {
    if !chassis.resetIsDue { chassis.restartCause = .softReset }
    chassis.resetIsDue = false
    forgetSystemSoftware()
  }

  // MARK: Requests

  /// The response to `request`. There always is one:
  ///
  /// * C1h for an odd NetFn and for a command that is not supported,
  /// * C2h for a LUN other than 0,
  /// * C7h for a length that the command does not have,
  /// * otherwise what the command says.
  public mutating func respond(to request: Message, now: UInt64) -> Message {
    advance(to: now)
    return answer(request)
  }

  /// ``respond(to:now:)`` without the passage of time.
  ///
  /// Every handler is `mutating`, also one that only reads: so it reads in place, where the
  /// compiler would otherwise pass a copy of the whole controller.
  mutating func answer(_ request: Message) -> Message {
    var response = Message(respondingTo: request)
    let code = execute(request, into: &response)
    return code == .success ? response : Message(respondingTo: request, code)
  }

  private mutating func execute(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    let command = request.command
    guard !request.netFn.isResponse, let length = command.requestLength,
      identity.providesDeviceSDRs || !command.needsDeviceSDRs
    else { return .invalidCommand }
    guard request.lun == .bmc else { return .invalidForLUN }
    guard length.contains(request.dataCount) else { return .requestLengthInvalid }
    switch command.netFn {
    case .app: return app(request, into: &response)
    case .chassis: return chassis(request, into: &response)
    case .sensorEvent: return sensorEvent(request, into: &response)
    case .storage: return storage(request, into: &response)
    default: return .invalidCommand
    }
  }
}
