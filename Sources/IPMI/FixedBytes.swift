/// A byte buffer of fixed capacity, stored in place: no heap, copied like any value.
///
/// Bytes past ``count`` are not part of the value: two buffers that hold the same bytes are equal
/// whatever they held before.
///
/// There is no span of the bytes: Swift 6.3, optimising, turns `self` of a generic type's getter
/// into a copy that ends with the getter, and the caller reads what the stack holds by then. Pass
/// the buffer, or read it by index.
public struct FixedBytes<let capacity: Int>: Sendable {
  @usableFromInline
  var storage: [capacity of UInt8]

  @usableFromInline
  var length: Int

  /// The number of bytes held, `0...capacity`.
  @inlinable
  public var count: Int { length }

  /// An empty buffer.
  @inlinable
  public init() {
    storage = .init(repeating: 0)
    length = 0
  }

  /// A copy of `bytes`, or `nil` where they do not fit.
  @inlinable
  public init?(_ bytes: Span<UInt8>) {
    self.init()
    guard append(contentsOf: bytes) else { return nil }
  }

  /// Whether no byte is held.
  @inlinable
  public var isEmpty: Bool { count == 0 }

  /// Whether ``append(_:)`` would refuse a further byte.
  @inlinable
  public var isFull: Bool { count == capacity }

  /// All of the storage, of which the first ``count`` bytes are held: for a loop over the bytes,
  /// where Swift 6.3 would copy a borrowed buffer for every byte that is read by its index.
  @inlinable
  public var array: [capacity of UInt8] { storage }

  /// The byte at `index`, which must be below ``count``.
  @inlinable
  public subscript(index: Int) -> UInt8 {
    _read {
      precondition(index < count)
      yield storage[index]
    }
    set {
      precondition(index < count)
      storage[index] = newValue
    }
  }

  /// The byte at `index`, or `nil` where there is none: for input whose length a peer chose.
  @inlinable
  public func byte(at index: Int) -> UInt8? {
    index >= 0 && index < count ? storage[index] : nil
  }

  /// Adds one byte; `false`, and no change, when full.
  @inlinable
  @discardableResult
  public mutating func append(_ byte: UInt8) -> Bool {
    guard count < capacity else { return false }
    storage[count] = byte
    length += 1
    return true
  }

  /// Adds all of `bytes`; `false`, and no change, when they do not all fit.
  @inlinable
  @discardableResult
  public mutating func append(contentsOf bytes: Span<UInt8>) -> Bool {
    guard bytes.count <= capacity - count else { return false }
    for index in bytes.indices {
      storage[count + index] = bytes[index]
    }
    length += bytes.count
    return true
  }

  /// Adds the bytes of another buffer; `false`, and no change, when they do not all fit.
  @inlinable
  @discardableResult
  public mutating func append<let other: Int>(contentsOf bytes: FixedBytes<other>) -> Bool {
    append(contentsOf: bytes, in: 0..<bytes.count)
  }

  /// Adds the bytes at `range`, which are within `bytes`; `false`, and no change, when they do not
  /// all fit.
  @inlinable
  @discardableResult
  public mutating func append<let other: Int>(
    contentsOf bytes: FixedBytes<other>, in range: Range<Int>
  ) -> Bool {
    guard range.count <= capacity - count else { return false }
    for index in range {
      append(bytes[index])
    }
    return true
  }

  /// Adds a little-endian 16-bit value, as all multi-byte fields of IPMI are.
  @inlinable
  @discardableResult
  public mutating func append(littleEndian value: UInt16) -> Bool {
    guard capacity - count >= 2 else { return false }
    append(UInt8(truncatingIfNeeded: value))
    append(UInt8(truncatingIfNeeded: value >> 8))
    return true
  }

  /// Adds a little-endian 32-bit value.
  @inlinable
  @discardableResult
  public mutating func append(littleEndian value: UInt32) -> Bool {
    guard capacity - count >= 4 else { return false }
    append(littleEndian: UInt16(truncatingIfNeeded: value))
    append(littleEndian: UInt16(truncatingIfNeeded: value >> 16))
    return true
  }

  /// Forgets the first `number` bytes, of which there must be so many; the others move up.
  @inlinable
  public mutating func removeFirst(_ number: Int) {
    precondition(number >= 0 && number <= count)
    for index in number..<count { storage[index - number] = storage[index] }
    length -= number
  }

  /// Forgets every byte.
  @inlinable
  public mutating func removeAll() {
    length = 0
  }
}

extension FixedBytes: Equatable {
  @inlinable
  public static func == (lhs: Self, rhs: Self) -> Bool {
    guard lhs.count == rhs.count else { return false }
    for index in 0..<lhs.count where lhs.storage[index] != rhs.storage[index] {
      return false
    }
    return true
  }
}

extension FixedBytes: ExpressibleByArrayLiteral {
  /// A buffer of the listed bytes, of which there must be at most `capacity`.
  @inlinable
  public init(arrayLiteral bytes: UInt8...) {
    self.init()
    for byte in bytes {
      let fits = append(byte)
      precondition(fits)
    }
  }
}
