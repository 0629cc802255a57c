import IPMI

/// What waits for its turn: a request for the BMC, or an answer that needs none.
struct QueuedRequest: Sendable {
  /// The peer's id, which the response must carry.
  var id: UInt8
  /// The request, or the response where ``isAnswered``.
  var message: Message
  /// Whether ``message`` is already the response: the request could not be understood.
  var isAnswered: Bool
  /// When the peer must have its response, in nanoseconds.
  var deadline: UInt64
}

/// The requests that have arrived and are not open yet, oldest first; bounded, in place.
struct RequestQueue: Sendable {
  static let capacity = 8

  private var storage: [8 of QueuedRequest]
  private var head = 0
  private(set) var count = 0

  init() {
    storage = .init(
      repeating: QueuedRequest(
        id: 0, message: Message(.getDeviceID), isAnswered: false, deadline: 0))
  }

  var isEmpty: Bool { count == 0 }
  var isFull: Bool { count == Self.capacity }
  var free: Int { Self.capacity - count }

  /// The oldest request.
  var first: QueuedRequest? { isEmpty ? nil : storage[head] }

  /// When the oldest request must be answered.
  var firstDeadline: UInt64? { isEmpty ? nil : storage[head].deadline }

  /// Adds a request; `false`, and no change, when full.
  mutating func append(_ request: QueuedRequest) -> Bool {
    guard !isFull else { return false }
    storage[(head + count) % Self.capacity] = request
    count += 1
    return true
  }

  mutating func removeFirst() {
    guard !isEmpty else { return }
    head = (head + 1) % Self.capacity
    count -= 1
  }

  mutating func removeAll() {
    count = 0
  }
}
