import IPMI

/// A saved state as an array of bytes.
public struct StateData: StateStream {
  public let isRestoring: Bool
  public let now: UInt64
  public private(set) var bytes: [UInt8]
  /// Whether the bytes were not a state, or not all of them were.
  public var isRejected: Bool { wasRejected || isRestoring && offset != bytes.count }
  private var wasRejected = false
  private var offset = 0

  /// To be saved to, behind `bytes`.
  init(following bytes: [UInt8], now: UInt64) {
    (isRestoring, self.now, self.bytes) = (false, now, bytes)
  }

  /// What `value` saves at the time `now`.
  public init(saving value: some Restorable, now: UInt64 = 0) {
    self.init(following: [], now: now)
    var value = value
    value.transfer(through: &self)
  }

  /// To be restored from, from `offset` on.
  init(restoring bytes: [UInt8], from offset: Int = 0, now: UInt64) {
    (isRestoring, self.now, self.bytes, self.offset) = (true, now, bytes, offset)
  }

  /// Restores `value` from `bytes`; `false` where they are not such a state, and `value` is as
  /// before.
  public static func restore(
    _ value: inout some Restorable, from bytes: [UInt8], now: UInt64 = 0
  ) -> Bool {
    var stream = Self(restoring: bytes, now: now)
    var copy = value
    copy.transfer(through: &stream)
    guard !stream.isRejected else { return false }
    value = copy
    return true
  }

  public mutating func transfer(_ byte: inout UInt8) {
    guard isRestoring else {
      bytes.append(byte)
      return
    }
    guard offset < bytes.count else { return reject() }
    byte = bytes[offset]
    offset += 1
  }

  public mutating func reject() { wasRejected = true }
}
