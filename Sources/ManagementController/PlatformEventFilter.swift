import IPMI

/// PEF: platform event filtering, 16 filters that act on events. IPMI v2.0, section 17.
///
/// A filter that matches an event asks the board for one of power down, power cycle, reset and
/// diagnostic interrupt. Left out: alerts, their policies and strings, since nobody can be reached;
/// both startup delays; the postpone timer.
struct PlatformEventFiltering: Sendable {
  /// The number of filters; set selectors count from 1.
  static let capacity = 16

  /// Parameter 1: bit 0 enables PEF, bit 1 logs what it does.
  var control: UInt8 = 0
  /// Parameter 2: the actions that are enabled at all, as ``EventFilter/actions``.
  var enabledActions: UInt8 = 0
  /// Parameter 0: whether a set is in progress.
  var isBeingSet = false
  /// Parameter 6.
  var filters = [16 of EventFilter](repeating: EventFilter())
  /// The last SEL record that system software has dealt with.
  var lastSoftwareProcessed: UInt16 = 0
  /// The last SEL record that a filter matched.
  var lastFiltered: UInt16 = 0

  /// The actions of all filters that match `event`, where they are enabled.
  mutating func actions(on event: EventRecord) -> PEFActions {
    guard control & 1 != 0 else { return [] }
    var actions: PEFActions = []
    for index in 0..<Self.capacity where filters[index].matches(event) {
      actions.formUnion(filters[index].actions)
    }
    return actions.intersection(PEFActions(rawValue: enabledActions))
  }
}

/// What a filter asks for. IPMI v2.0, section 17.7, byte 2.
struct PEFActions: OptionSet, Sendable {
  var rawValue: UInt8

  static let powerDown = PEFActions(rawValue: 1 << 1)
  static let reset = PEFActions(rawValue: 1 << 2)
  static let powerCycle = PEFActions(rawValue: 1 << 3)
  static let diagnosticInterrupt = PEFActions(rawValue: 1 << 5)
  /// All that there are here.
  static let supported: PEFActions = [.powerDown, .reset, .powerCycle, .diagnosticInterrupt]

  /// The one of them that is taken. IPMI v2.0, table 17-3: power down goes before power cycle,
  /// reset and diagnostic interrupt.
  var first: BoardAction? {
    if contains(.powerDown) { return .powerDown }
    if contains(.powerCycle) { return .powerCycle }
    if contains(.reset) { return .hardReset }
    return contains(.diagnosticInterrupt) ? .diagnosticInterrupt : nil
  }
}

/// An event filter: 20 bytes. IPMI v2.0, table 17-2.
///
/// | Byte  | Field                                                             |
/// |------:|-------------------------------------------------------------------|
/// |     0 | bit 7: enabled; bits 6:5: type                                    |
/// |     1 | actions                                                           |
/// |   2–3 | alert policy, severity                                            |
/// |   4–8 | generator ID (two), sensor type, sensor, event type; FFh for any  |
/// |  9–10 | event offsets, a bit each                                         |
/// | 11–19 | for each byte of event data: AND mask, compare 1, compare 2       |
struct EventFilter: Sendable {
  static let size = 20
  var bytes = [20 of UInt8](repeating: 0)

  var actions: PEFActions { PEFActions(rawValue: bytes[1]) }

  /// Whether it is enabled and matches a system event record.
  func matches(_ event: EventRecord) -> Bool {
    guard bytes[0] & 0x80 != 0, event.type == 0x02 else { return false }
    guard isAny(4, or: event.bytes[7]), isAny(5, or: event.bytes[8]),
      isAny(6, or: event.bytes[10]), isAny(7, or: event.bytes[11]),
      isAny(8, or: event.bytes[12] & 0x7F)
    else { return false }
    let offset = UInt16(event.bytes[13] & 0x0F)
    guard (UInt16(bytes[9]) | UInt16(bytes[10]) << 8) & 1 << offset != 0 else { return false }
    for data in 0..<3 where !matches(event.bytes[13 + data], at: 11 + 3 * data) { return false }
    return true
  }

  /// Whether a field takes any value, or this one.
  private func isAny(_ field: Int, or value: UInt8) -> Bool {
    bytes[field] == 0xFF || bytes[field] == value
  }

  /// Bits under the AND mask are compared with compare 2: all of those that are 1 in compare 1, and
  /// of the others one that is set in both, where compare 2 has any.
  private func matches(_ data: UInt8, at offset: Int) -> Bool {
    let value = data & bytes[offset]
    let (exact, compared) = (bytes[offset + 1], bytes[offset + 2])
    let anyOf = compared & ~exact
    return (value ^ compared) & exact == 0 && (anyOf == 0 || value & anyOf != 0)
  }
}

extension PlatformEventFiltering: Restorable {
  mutating func transfer(through stream: inout some StateStream) {
    stream.transfer(&control)
    stream.transfer(&enabledActions)
    for filter in filters.indices {
      for index in 0..<EventFilter.size { stream.transfer(&filters[filter].bytes[index]) }
    }
    stream.transfer(&lastSoftwareProcessed)
    stream.transfer(&lastFiltered)
    if stream.isRestoring { isBeingSet = false }
  }
}
