import IPMI

/// The outgoing bytes of a VM protocol link: frames in, encoded, and runs of bytes out.
///
/// A ring of `capacity` bytes, stored in place. A frame is appended whole or not at all, so what
/// the peer receives is always cut at terminators. A message takes at most
/// ``VMFrame/encodedCapacity`` bytes, a control command 5.
public struct VMOutput<let capacity: Int>: Sendable {
  private var storage: [capacity of UInt8]
  /// The offset of the oldest byte, `0..<capacity`.
  private var head = 0

  /// The number of bytes held, `0...capacity`.
  public private(set) var count = 0

  /// An empty queue.
  public init() {
    storage = .init(repeating: 0)
  }

  /// Whether no byte is held.
  @inlinable
  public var isEmpty: Bool { count == 0 }
  /// The number of bytes that still fit.
  @inlinable
  public var free: Int { capacity - count }

  /// Replaces what `chunk` holds by the oldest bytes, as many as fit; they stay in the queue.
  ///
  /// Mutating so that it reads in place: Swift 6.3 copies a large value for a getter, and takes a
  /// span of the copy; see ``IPMI/FixedBytes``.
  public mutating func copy<let size: Int>(into chunk: inout FixedBytes<size>) {
    chunk.removeAll()
    var offset = head
    while chunk.count < count, chunk.append(storage[offset]) {
      offset = wrapped(offset + 1)
    }
  }

  /// Moves the oldest bytes to the end of `span`, as many as fit.
  public mutating func move(to span: inout OutputRawSpan) {
    let moved = min(count, span.freeCapacity)
    var offset = head
    for _ in 0..<moved {
      span.append(storage[offset])
      offset = wrapped(offset + 1)
    }
    removeFirst(moved)
  }

  /// Removes the `n` oldest bytes, which were written: `0...count`.
  public mutating func removeFirst(_ n: Int) {
    precondition(n >= 0 && n <= count)
    count -= n
    head = count == 0 ? 0 : wrapped(head + n)
  }

  /// Removes every byte: for a new connection, which must not receive the rest of a frame.
  public mutating func removeAll() {
    head = 0
    count = 0
  }

  /// Adds a message frame; `false`, and no change, where it does not fit.
  public mutating func append(id: UInt8, message: Message) -> Bool {
    let (end, free) = (end, free)
    var frame = VMFrameWriter(storage.mutableSpan, offset: end, free: free)
    frame.write(id: id, message: message)
    return commit(free: frame.free)
  }

  /// Adds a control command; `false`, and no change, where it does not fit.
  public mutating func append(control: VMControl, argument: UInt8? = nil) -> Bool {
    let (end, free) = (end, free)
    var frame = VMFrameWriter(storage.mutableSpan, offset: end, free: free)
    frame.write(control: control, argument: argument)
    return commit(free: frame.free)
  }

  /// Makes a written frame part of the queue, where all of it fitted.
  private mutating func commit(free: Int) -> Bool {
    guard free >= 0 else { return false }
    count = capacity - free
    return true
  }

  /// The offset behind the newest byte.
  private var end: Int { wrapped(head + count) }

  private func wrapped(_ offset: Int) -> Int {
    offset < capacity ? offset : offset - capacity
  }
}
