import IPMI

/// A sensor: its description and its state.
struct Sensor: Sendable {
  /// What it is.
  private(set) var description: SensorDescription
  /// Raw reading; of a discrete sensor what system software set, which means nothing.
  private(set) var reading: UInt8 = 0
  /// Whether a reading came since start; discrete sensors always have their states.
  private(set) var isAvailable = false
  /// Threshold comparisons (bits 5:0, hysteresis applied) or discrete states (bits 14:0).
  private(set) var states: UInt16 = 0
  /// Event offsets of a discrete sensor that system software marked as deasserted.
  private(set) var markedDeasserted: UInt16 = 0
  /// Thresholds in force.
  var thresholds: Thresholds
  /// Counts below an upper threshold at which its event ends.
  var positiveHysteresis: UInt8 = 0
  /// Counts above a lower threshold at which its event ends.
  var negativeHysteresis: UInt8 = 0
  /// Whether the sensor sends event messages.
  var sendsEvents = true
  /// Whether the sensor takes readings.
  var isScanning = true
  /// Event offsets whose assertion is an event.
  var assertionEvents: UInt16
  /// Event offsets whose deassertion is an event.
  var deassertionEvents: UInt16

  init(_ description: SensorDescription) {
    self.description = description
    assertionEvents = 0
    deassertionEvents = 0
    thresholds = Thresholds()
    if case .discrete = description.kind { isAvailable = true }
    initialize()
  }

  /// Events, thresholds and hysteresis as the SDR has them.
  mutating func initialize() {
    sendsEvents = true
    isScanning = true
    assertionEvents = description.assertionEvents
    deassertionEvents = description.deassertionEvents
    guard case .threshold(let characteristics) = description.kind else { return }
    thresholds = characteristics.thresholds
    positiveHysteresis = characteristics.positiveHysteresis
    negativeHysteresis = characteristics.negativeHysteresis
  }

  /// Set Sensor Type, section 35.15; `false` for an event type of the other kind.
  mutating func set(type: SensorType, eventType: UInt8) -> Bool {
    guard isThreshold == (eventType == 0x01) else { return false }
    description.type = type
    if case .discrete(var characteristics) = description.kind {
      characteristics.eventType = eventType
      description.kind = .discrete(characteristics)
    }
    return true
  }

  /// Whether the sensor compares a reading with thresholds.
  var isThreshold: Bool {
    if case .threshold = description.kind { true } else { false }
  }

  /// What changed: bits of ``states``.
  struct Change {
    var asserted: UInt16
    var deasserted: UInt16
  }

  /// Takes a reading and compares it.
  mutating func update(_ raw: UInt8) -> Change {
    guard isThreshold, isScanning else { return Change(asserted: 0, deasserted: 0) }
    reading = raw
    isAvailable = true
    return compare()
  }

  /// Compares the reading with the thresholds in force. IPMI v2.0, section 36.2 (hysteresis).
  ///
  /// An upper event starts at `reading >= threshold` and ends at `reading < threshold -
  /// hysteresis`; lower events mirror this.
  mutating func compare() -> Change {
    var next = states
    guard case .threshold(let characteristics) = description.kind, isAvailable else {
      return Change(asserted: 0, deasserted: 0)
    }
    let format = characteristics.format
    for index in 0..<Thresholds.count where thresholds.present & 1 << UInt8(index) != 0 {
      let isUpper = index >= 3
      let hysteresis = Int(isUpper ? positiveHysteresis : negativeHysteresis)
      // Mirrored, so that both kinds cross upwards.
      let above = format.number(reading) - format.number(thresholds[index])
      let beyond = isUpper ? above : -above
      if beyond >= 0 {
        next |= 1 << UInt16(index)
      } else if beyond < -hysteresis {
        next &= ~(1 << UInt16(index))
      }
    }
    return change(to: next)
  }

  /// Asserts or deasserts one state of a discrete sensor.
  mutating func set(offset: UInt8, asserted: Bool) -> Change {
    guard offset < 15 else { return Change(asserted: 0, deasserted: 0) }
    let bit: UInt16 = 1 << UInt16(offset)
    return set(states: asserted ? states | bit : states & ~bit)
  }

  /// Brings a discrete sensor to `next`, of which it takes the states that it has.
  mutating func set(states next: UInt16) -> Change {
    guard case .discrete(let characteristics) = description.kind else {
      return Change(asserted: 0, deasserted: 0)
    }
    return change(to: next & characteristics.states)
  }

  /// Keeps what system software set of a discrete sensor. Section 35.17.
  mutating func mark(reading: UInt8? = nil, deasserted: UInt16? = nil) {
    guard !isThreshold else { return }
    if let reading { self.reading = reading }
    if let deasserted { markedDeasserted = deasserted & description.assertionEvents }
  }

  /// Asserts anew those states that still hold, of the event offsets in `events`.
  mutating func rearm(_ events: UInt16) -> Change {
    markedDeasserted &= ~events
    guard isThreshold else { return Change(asserted: states & events, deasserted: 0) }
    for index in 0..<Thresholds.count
    where events & 1 << UInt16(Thresholds.eventOffset(of: index)) != 0 {
      states &= ~(1 << UInt16(index))
    }
    return compare()
  }

  /// ``states`` as event offsets: what Get Sensor Event Status returns.
  var activeEvents: UInt16 {
    guard isThreshold else { return states }
    var events: UInt16 = 0
    for index in 0..<Thresholds.count where states & 1 << UInt16(index) != 0 {
      events |= 1 << UInt16(Thresholds.eventOffset(of: index))
    }
    return events
  }

  /// The status byte that begins most answers. IPMI v2.0, section 35.14.
  var flags: UInt8 {
    (sendsEvents ? 0x80 : 0) | (isScanning ? 0x40 : 0) | (isAvailable && isScanning ? 0 : 0x20)
  }

  private mutating func change(to next: UInt16) -> Change {
    defer { states = next }
    return Change(asserted: next & ~states, deasserted: states & ~next)
  }
}

/// The sensors of a controller, in the order of their SDRs.
///
/// Reading is `mutating` so that it happens in place, as in ``SystemEventLog``.
public struct SensorTable: Sendable {
  /// The most sensors held.
  public static var capacity: Int { SensorStorage.count }
  private var sensors = SensorStorage(repeating: Sensor(.watchdog(number: 0)))
  /// The number of sensors.
  public private(set) var count = 0

  /// No sensors.
  public init() {}

  /// Adds a sensor; `false`, and no change, when the table is full or the number is taken.
  @discardableResult
  public mutating func append(_ description: SensorDescription) -> Bool {
    guard count < Self.capacity, index(of: description.number) == nil,
      description.number != 0xFF
    else { return false }
    sensors[count] = Sensor(description)
    count += 1
    return true
  }

  /// The sensor at a position below ``count``.
  subscript(index: Int) -> Sensor {
    mutating _read { yield sensors[index] }
    _modify { yield &sensors[index] }
  }

  /// The position of a sensor number.
  mutating func index(of number: UInt8) -> Int? {
    for index in 0..<count where sensors[index].description.number == number {
      return index
    }
    return nil
  }

  /// The position of the first sensor of a type.
  mutating func index(of type: SensorType) -> Int? {
    for index in 0..<count where sensors[index].description.type == type {
      return index
    }
    return nil
  }
}
