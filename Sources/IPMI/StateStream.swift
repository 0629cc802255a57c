/// A value whose state can be saved as bytes, and restored from them.
///
/// One function does both, so that the two cannot differ. A restored value need not be sensible
/// where the bytes were not: it is to be dropped when the stream has rejected them.
public protocol Restorable {
  /// Saves every field, or restores it, in one order.
  mutating func transfer(through stream: inout some StateStream)
}

/// The bytes of a saved state, as they are written or read.
public protocol StateStream {
  /// Whether bytes are read.
  var isRestoring: Bool { get }
  /// The time, in nanoseconds of the clock of all deadlines: they are saved as what is left.
  var now: UInt64 { get }
  /// Saves the byte, or replaces it by the one that was saved.
  mutating func transfer(_ byte: inout UInt8)
  /// The bytes are not the state of such a value.
  mutating func reject()
}

extension StateStream {
  /// Two to eight bytes, the lowest first.
  public mutating func transfer<Value: FixedWidthInteger>(_ value: inout Value) {
    var result: Value = 0
    var shift = 0
    while shift < Value.bitWidth {
      var byte = UInt8(truncatingIfNeeded: value >> Value(shift))
      transfer(&byte)
      result |= Value(truncatingIfNeeded: byte) << Value(shift)
      shift += 8
    }
    value = result
  }

  /// A byte: 1 or 0.
  public mutating func transfer(_ value: inout Bool) {
    var byte: UInt8 = value ? 1 : 0
    transfer(&byte)
    if byte > 1 { reject() }
    value = byte == 1
  }

  /// An index or a count, as two bytes; the stream rejects one that is not in `range`.
  public mutating func transfer(_ value: inout Int, in range: ClosedRange<Int>) {
    var short = UInt16(truncatingIfNeeded: value)
    transfer(&short)
    if range.contains(Int(short)) { value = Int(short) } else { reject() }
  }

  /// The raw value; the stream rejects one that no case has.
  public mutating func transfer<Value: RawRepresentable>(_ value: inout Value)
  where Value.RawValue: FixedWidthInteger {
    var rawValue = value.rawValue
    transfer(&rawValue)
    if let restored = Value(rawValue: rawValue) { value = restored } else { reject() }
  }

  /// A deadline, as the time that is left; `.max`, which is never, stays it.
  public mutating func transfer(deadline: inout UInt64) {
    var left = deadline == .max ? .max : deadline > now ? deadline - now : 0
    transfer(&left)
    deadline = left == .max ? .max : now.addingReportingOverflow(left).partialValue
  }

  /// A deadline that there may be.
  public mutating func transfer(deadline: inout UInt64?) {
    var time = deadline ?? .max
    transfer(deadline: &time)
    deadline = time == .max ? nil : time
  }
}

extension FixedBytes: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    stream.transfer(&length, in: 0...capacity)
    for index in 0..<length { stream.transfer(&storage[index]) }
  }
}

extension Message: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    var copy = bytes
    copy.transfer(through: &stream)
    if let message = Message(copy) { self = message } else { stream.reject() }
  }
}

extension Optional: Restorable where Wrapped == Message {
  public mutating func transfer(through stream: inout some StateStream) {
    var isThere = self != nil
    stream.transfer(&isThere)
    guard isThere else {
      self = nil
      return
    }
    var message = self ?? Message(.getDeviceID)
    message.transfer(through: &stream)
    self = message
  }
}
