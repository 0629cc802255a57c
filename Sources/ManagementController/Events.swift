import IPMI

extension ManagementController {
  /// A new raw reading of a threshold sensor, which may start and end events.
  ///
  /// An unknown sensor, a discrete one, or one whose scanning is off ignores it.
  public mutating func update(sensor number: UInt8, reading raw: UInt8, now: UInt64) {
    advance(to: now)
    guard let index = sensors.index(of: number) else { return }
    raise(sensors[index].update(raw), sensor: index)
  }

  /// Asserts or deasserts a state of a discrete sensor, which may be an event.
  ///
  /// An unknown sensor, a threshold sensor, or a state that the sensor does not have ignores it.
  public mutating func set(sensor number: UInt8, offset: UInt8, asserted: Bool, now: UInt64) {
    advance(to: now)
    guard let index = sensors.index(of: number) else { return }
    raise(sensors[index].set(offset: offset, asserted: asserted), sensor: index)
  }

  /// Sends an event for each state that changed, where the sensor has it enabled.
  ///
  /// - Parameter details: upper bits of event data 1, then event data 2 and 3, of a discrete
  ///   sensor.
  mutating func raise(
    _ change: Sensor.Change, sensor index: Int, details: (UInt8, UInt8, UInt8) = (0, 0xFF, 0xFF)
  ) {
    guard change.asserted | change.deasserted != 0, sensors[index].sendsEvents,
      messaging.eventReceiver == 0x20
    else { return }
    for state in 0..<15 {
      let bit: UInt16 = 1 << UInt16(state)
      guard (change.asserted | change.deasserted) & bit != 0 else { continue }
      let asserted = change.asserted & bit != 0
      let isThreshold = sensors[index].isThreshold
      let offset =
        isThreshold ? Thresholds.eventOffset(of: state) : UInt8(truncatingIfNeeded: state)
      let enabled =
        asserted ? sensors[index].assertionEvents : sensors[index].deassertionEvents
      guard enabled & 1 << UInt16(offset) != 0 else { continue }
      // Threshold events carry the reading and the threshold that triggered them.
      let data: (UInt8, UInt8, UInt8) =
        isThreshold
        ? (0x50 | offset, sensors[index].reading, sensors[index].thresholds[state])
        : (details.0 | offset, details.1, details.2)
      record(
        EventRecord(
          generator: 0x0020, sensorType: sensors[index].description.type.rawValue,
          sensor: sensors[index].description.number,
          eventType: sensors[index].description.eventType, asserted: asserted, data: data))
    }
  }

  /// Takes an event into the SEL and the event message buffer, each where it is enabled, and to the
  /// event filters.
  ///
  /// - Returns: whether there was room in the SEL, or none was asked for.
  @discardableResult
  mutating func record(_ event: EventRecord) -> Bool {
    var event = event
    let isLogged = log(&event)
    filter(event)
    showLogLevel()
    return isLogged
  }

  /// ``record(_:)`` without the filters: for what they did themselves.
  mutating func log(_ event: EventRecord) {
    var event = event
    _ = log(&event)
  }

  private mutating func log(_ event: inout EventRecord) -> Bool {
    var isLogged = true
    event.stamp(clock.seconds(at: now))
    if messaging.globalEnables.contains(.systemEventLogging) {
      if let id = sel.append(event, at: clock.seconds(at: now)) {
        event.id = id
      } else {
        isLogged = false
      }
    }
    // What the log says of itself stays in it: whoever cleared it knows, and ipmitool takes an
    // event that waits for it as the response to its next request.
    if messaging.globalEnables.contains(.eventMessageBuffer), !event.isAboutLog {
      eventBuffer.store(event)
    }
    return isLogged
  }

  /// Brings the Event Logging Disabled sensor in line with the SEL: 4 full, 5 almost full.
  ///
  /// The last free record is for the event that says the log is full. These events are records
  /// too; the state is set before they are, which ends the recursion.
  ///
  /// - Parameter quietly: without events, for a log that is restored.
  mutating func showLogLevel(quietly: Bool = false) {
    guard let index = sensors.index(of: .eventLoggingDisabled) else { return }
    let almostFull = sel.count >= SystemEventLog.almostFull
    let full = sel.count >= SystemEventLog.capacity - 1
    let becameAlmostFull = sensors[index].set(offset: 5, asserted: almostFull)
    if !quietly { raise(becameAlmostFull, sensor: index) }
    let becameFull = sensors[index].set(offset: 4, asserted: full)
    if !quietly { raise(becameFull, sensor: index) }
  }

  /// Signals that the SEL was cleared: an event, not a state that lasts.
  mutating func signalLogCleared() {
    guard let index = sensors.index(of: .eventLoggingDisabled) else { return }
    let change = sensors[index].set(offset: 2, asserted: true)
    _ = sensors[index].set(offset: 2, asserted: false)
    raise(change, sensor: index)
  }

  /// Brings the System ACPI Power State sensor in line with the host: 0 S0/G0, 5 S5/G2.
  ///
  /// - Parameter quietly: without an event, for the state at start.
  mutating func showPower(quietly: Bool = false) {
    guard let index = sensors.index(of: .systemACPIPowerState) else { return }
    let off = sensors[index].set(offset: 5, asserted: !powerIsOn)
    let on = sensors[index].set(offset: 0, asserted: powerIsOn)
    guard !quietly else { return }
    raise(off, sensor: index)
    raise(on, sensor: index)
  }
}
