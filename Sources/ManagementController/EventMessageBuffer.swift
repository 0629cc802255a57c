import IPMI

/// The event message buffer: one event for system software to read. IPMI v2.0, section 22.8.
///
/// While an event waits, further ones reach only the SEL.
struct EventMessageBuffer: Sendable {
  private var event: EventRecord?

  /// Whether an event waits.
  var isFull: Bool { event != nil }

  /// Holds `record`, unless another one waits.
  mutating func store(_ record: EventRecord) {
    if event == nil { event = record }
  }

  /// Removes the event.
  mutating func take() -> EventRecord? {
    defer { event = nil }
    return event
  }
}

/// The receive message queue: answers to Send Message, oldest first. IPMI v2.0, section 22.6.
struct ReceiveMessageQueue: Sendable {
  private static var capacity: Int { MessageStorage.count }
  private var messages = MessageStorage(repeating: FixedBytes())
  private var first = 0
  private var count = 0

  /// Whether no message waits.
  var isEmpty: Bool { count == 0 }
  /// Whether ``append(_:)`` would lose the message.
  var isFull: Bool { count == Self.capacity }

  /// Adds a message; a full queue loses it.
  mutating func append(_ message: FixedBytes<300>) {
    guard !isFull else { return }
    messages[(first + count) % Self.capacity] = message
    count += 1
  }

  /// Removes the oldest message.
  mutating func take() -> FixedBytes<300>? {
    guard !isEmpty else { return nil }
    defer {
      first = (first + 1) % Self.capacity
      count -= 1
    }
    return messages[first]
  }

  /// Drops every message.
  mutating func removeAll() { count = 0 }
}
