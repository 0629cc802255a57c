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
  /// When the oldest request must be answered, in nanoseconds; `.max` where there is none.
  ///
  /// Kept here because it is asked for at every access to a register, and reading it out of the
  /// storage copies the storage.
  private(set) var firstDeadline = UInt64.max

  init() {
    storage = .init(
      repeating: QueuedRequest(
        id: 0, message: Message(.getDeviceID), isAnswered: false, deadline: 0))
  }

  var isEmpty: Bool { count == 0 }
  var isFull: Bool { count == Self.capacity }
  var free: Int { Self.capacity - count }

  /// Adds a request; `false`, and no change, when full.
  mutating func append(_ request: QueuedRequest) -> Bool {
    guard !isFull else { return false }
    storage[(head + count) % Self.capacity] = request
    if isEmpty { firstDeadline = request.deadline }
    count += 1
    return true
  }

  /// Adds a request before all others; `false`, and no change, when full.
  mutating func prepend(_ request: QueuedRequest) -> Bool {
    guard !isFull else { return false }
    head = (head + Self.capacity - 1) % Self.capacity
    storage[head] = request
    count += 1
    firstDeadline = request.deadline
    return true
  }

  /// The oldest request, read in place; there must be one.
  var first: QueuedRequest {
    _read { yield storage[head] }
  }

  /// Removes the oldest request; there must be one.
  mutating func removeFirst() {
    head = (head + 1) % Self.capacity
    count -= 1
    firstDeadline = isEmpty ? .max : storage[head].deadline
  }

  mutating func removeAll() {
    count = 0
    firstDeadline = .max
  }
}
