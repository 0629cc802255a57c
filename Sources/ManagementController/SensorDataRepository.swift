import IPMI

/// SDR repository: records one behind the other, in the order in which they came.
///
/// IPMI v2.0, section 33. A record keeps its ID until it is deleted; IDs count from 1 and, once they
/// wrap, skip those still in use. Both ways of updating are supported, modal and non-modal.
///
/// Reading is `mutating` so that it happens in place, as in ``SystemEventLog``.
struct SensorDataRepository: Sendable {
  /// The bytes there are for records.
  static var capacity: Int { SDRStorage.count }
  /// ID, version, type, and the number of bytes behind them. Section 43.
  static let headerSize = 5
  /// The longest record: one that Get SDR returns whole in a message that BT carries, 255 bytes.
  static let longestRecord = 249

  private var bytes = SDRStorage(repeating: 0)
  /// The bytes in use.
  private(set) var used = 0
  /// The number of records.
  private(set) var count = 0
  private var lastID: UInt16 = 0
  /// When a record was last added, seconds of the SEL clock.
  private(set) var lastAddition: UInt32
  /// When a record was last deleted or the repository cleared, seconds of the SEL clock.
  private(set) var lastErase: UInt32 = 0
  /// Whether a record was refused for want of room since the repository was last cleared.
  private(set) var hasOverflowed = false
  /// The reservation that guards partial reads, deletes and clears.
  var reservation = Reservation()
  /// A record that comes in parts.
  var partial = PartialRecord()
  /// Whether system software is between Enter and Exit Update Mode.
  var isUpdating = false

  init(builtAt seconds: UInt32) {
    lastAddition = seconds
  }

  /// The bytes that no record uses.
  var free: Int { Self.capacity - used }

  /// Where a record is; 0000h names the first and FFFFh the last.
  mutating func offset(of id: UInt16) -> Int? {
    guard count > 0 else { return nil }
    if id == 0x0000 { return 0 }
    var offset = 0
    while true {
      let next = offset + size(at: offset)
      if recordID(at: offset) == id || id == 0xFFFF && next == used { return offset }
      guard next < used else { return nil }
      offset = next
    }
  }

  /// The number of bytes of the record at `offset`.
  mutating func size(at offset: Int) -> Int { Self.headerSize + Int(bytes[offset + 4]) }

  /// The ID of the record at `offset`.
  mutating func recordID(at offset: Int) -> UInt16 {
    UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
  }

  /// The ID of the record that follows the one at `offset`; FFFFh behind the last.
  mutating func nextID(after offset: Int) -> UInt16 {
    let next = offset + size(at: offset)
    return next < used ? recordID(at: next) : 0xFFFF
  }

  /// The byte at `index`, which must be below ``used``.
  subscript(index: Int) -> UInt8 {
    mutating get {
      precondition(index < used)
      return bytes[index]
    }
  }

  /// The next ID that no record has.
  mutating func freshID() -> UInt16 {
    var id = lastID
    repeat {
      id = id >= 0xFFFE ? 1 : id + 1
    } while offset(of: id) != nil
    return id
  }

  /// Numbers and adds a record, and cancels the reservation; returns its ID, or `nil` where there
  /// is no room. The header's length must be the record's, and no more than the longest.
  mutating func append(_ record: FixedBytes<255>, at seconds: UInt32) -> UInt16? {
    guard record.count <= free else {
      hasOverflowed = true
      return nil
    }
    let id = freshID()
    for index in 0..<record.count {
      bytes[used + index] = record[index]
    }
    bytes[used] = UInt8(truncatingIfNeeded: id)
    bytes[used + 1] = UInt8(truncatingIfNeeded: id >> 8)
    used += record.count
    count += 1
    lastID = id
    lastAddition = seconds
    cancelReservation()
    return id
  }

  /// Deletes the record at `offset`, and cancels the reservation.
  mutating func remove(at offset: Int, seconds: UInt32) {
    let size = size(at: offset)
    for index in offset..<used - size {
      bytes[index] = bytes[index + size]
    }
    used -= size
    count -= 1
    lastErase = seconds
    cancelReservation()
  }

  /// Deletes every record, and cancels the reservation.
  mutating func removeAll(at seconds: UInt32) {
    used = 0
    count = 0
    lastErase = seconds
    hasOverflowed = false
    cancelReservation()
  }

  /// Hands out a reservation, which ends the one before and what was added under it.
  mutating func reserve() -> UInt16 {
    partial = PartialRecord()
    return reservation.renew()
  }

  private mutating func cancelReservation() {
    reservation.cancel()
    partial = PartialRecord()
  }
}

extension SensorDataRepository: Restorable {
  /// The records and what is told of them; not what system software has under way.
  mutating func transfer(through stream: inout some StateStream) {
    stream.transfer(&used, in: 0...Self.capacity)
    for index in 0..<used { stream.transfer(&bytes[index]) }
    stream.transfer(&lastID)
    stream.transfer(&lastAddition)
    stream.transfer(&lastErase)
    stream.transfer(&hasOverflowed)
    guard stream.isRestoring else { return }
    cancelReservation()
    count = 0
    var offset = 0
    while offset < used {
      guard used - offset >= Self.headerSize, used - offset >= size(at: offset),
        size(at: offset) <= Self.longestRecord, recordID(at: offset) != 0,
        recordID(at: offset) != 0xFFFF,
        // Two of one ID would follow themselves: a host's walk would not come to its end.
        count == 0 || self.offset(of: recordID(at: offset)) == offset
      else {
        stream.reject()
        removeAll(at: lastErase)
        return
      }
      offset += size(at: offset)
      count += 1
    }
  }
}
