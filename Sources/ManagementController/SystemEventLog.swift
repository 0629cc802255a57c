import IPMI

/// SEL: the system event log, 128 records. IPMI v2.0, section 31.
///
/// Records keep the order in which they came. A record keeps its ID until it is deleted; IDs grow
/// from 1 and, once they wrap, skip those still in use. A full log refuses further records and
/// remembers that it did.
///
/// Reading a record is `mutating` only so that it happens in place: the compiler passes a large
/// value that cannot change as a copy, in firmware of 3 KiB.
public struct SystemEventLog: Sendable {
  /// The most records held.
  public static var capacity: Int { EventStorage.count }
  /// The count from which the log is almost full: three quarters.
  public static let almostFull = 96

  private var records = EventStorage(repeating: EventRecord())
  private var lastID: UInt16 = 0
  private var reservation = Reservation()
  /// A record that comes in parts.
  var partial = PartialRecord()
  /// The number of records held.
  public private(set) var count = 0
  /// Whether a record was refused since the log was last cleared.
  public private(set) var hasOverflowed = false
  /// When a record was last added, seconds of the SEL clock.
  public private(set) var lastAddition: UInt32 = 0
  /// When a record was last deleted or the log cleared, seconds of the SEL clock.
  public private(set) var lastErase: UInt32 = 0

  init() {}

  /// Whether the next record would be refused.
  public var isFull: Bool { count == Self.capacity }

  /// The record at `position`, `0..<count`, oldest first.
  public subscript(position: Int) -> EventRecord {
    mutating get {
      precondition(position < count)
      return records[position]
    }
  }

  /// The position of a record; 0000h names the first and FFFFh the last.
  public mutating func position(of id: UInt16) -> Int? {
    guard count > 0 else { return nil }
    switch id {
    case 0x0000: return 0
    case 0xFFFF: return count - 1
    default:
      for position in 0..<count where records[position].id == id {
        return position
      }
      return nil
    }
  }

  /// The ID of the record that follows `position`; FFFFh behind the last.
  public mutating func nextID(after position: Int) -> UInt16 {
    position + 1 < count ? records[position + 1].id : 0xFFFF
  }

  /// Numbers, stamps and adds a record; returns its ID, or `nil` when the log is full.
  mutating func append(_ record: EventRecord, at seconds: UInt32) -> UInt16? {
    guard !isFull else {
      hasOverflowed = true
      return nil
    }
    var stamped = record
    stamped.stamp(seconds)
    return load(stamped, at: seconds)
  }

  /// Numbers and adds a record that has its time; returns its ID, or `nil` when the log is full.
  mutating func load(_ record: EventRecord, at seconds: UInt32) -> UInt16? {
    guard !isFull else { return nil }
    lastID = nextFreshID
    records[count] = record
    records[count].id = lastID
    count += 1
    lastAddition = seconds
    partial = PartialRecord()
    return lastID
  }

  /// Deletes the record at `position` and cancels the reservation.
  mutating func remove(at position: Int, seconds: UInt32) {
    guard position < count else { return }
    for later in position + 1..<count {
      records[later - 1] = records[later]
    }
    count -= 1
    lastErase = seconds
    cancelReservation()
  }

  /// Deletes every record and cancels the reservation.
  mutating func removeAll(at seconds: UInt32) {
    count = 0
    hasOverflowed = false
    lastErase = seconds
    cancelReservation()
  }

  /// Makes a reservation, which ends the one before and what was added under it.
  mutating func reserve() -> UInt16 {
    partial = PartialRecord()
    return reservation.renew()
  }
  /// Whether `id` is the reservation in force.
  func isReserved(by id: UInt16) -> Bool { reservation.isHeld(by: id) }

  /// The next ID that no record has.
  ///
  /// IDs grow with age, all the way round, so only the oldest records can be in the way.
  var nextFreshID: UInt16 {
    mutating get {
      var id = lastID
      var oldest = 0
      repeat {
        id = id >= 0xFFFE ? 1 : id + 1
        oldest += 1
      } while oldest <= count && records[oldest - 1].id == id
      return id
    }
  }

  private mutating func cancelReservation() {
    reservation.cancel()
    partial = PartialRecord()
  }
}

extension SystemEventLog: Restorable {
  /// The records and what is told of them; not what system software has under way.
  public mutating func transfer(through stream: inout some StateStream) {
    stream.transfer(&count, in: 0...Self.capacity)
    for position in 0..<count { records[position].transfer(through: &stream) }
    stream.transfer(&lastID)
    stream.transfer(&hasOverflowed)
    stream.transfer(&lastAddition)
    stream.transfer(&lastErase)
    guard stream.isRestoring else { return }
    cancelReservation()
    // Two of one ID would follow themselves: a host that walks the log would not come to its end.
    for place in 0..<count {
      let id = records[place].id
      guard id != 0, id != 0xFFFF, position(of: id) == place else { return stream.reject() }
    }
  }
}

/// A reservation: the ID that guards partial reads, deletes and clears. IPMI v2.0, section 31.4.
struct Reservation: Sendable {
  private var last: UInt16 = 0
  private var isInForce = false

  /// Hands out a new ID, never 0000h, and forgets the one before.
  mutating func renew() -> UInt16 {
    last = last == 0xFFFF ? 1 : last + 1
    isInForce = true
    return last
  }

  /// Ends the reservation in force.
  mutating func cancel() { isInForce = false }

  /// Whether `id` is the one in force.
  func isHeld(by id: UInt16) -> Bool { isInForce && id == last }
}

/// The SEL clock: seconds, kept as an offset to monotonic time. IPMI v2.0, section 37.
///
/// Values to 20000000h count from the start of the controller; larger ones from 1970.
struct EventLogClock: Sendable {
  private var base: UInt32
  private var baseTime: UInt64
  /// Minutes from UTC, -1440...1440; 7FFh means unspecified.
  var minutesFromUTC: Int16 = 0x07FF

  init(seconds: UInt32, at now: UInt64) {
    base = seconds
    baseTime = now
  }

  /// The clock's value at `now`.
  func seconds(at now: UInt64) -> UInt32 {
    base &+ UInt32(truncatingIfNeeded: (now &- baseTime) / 1_000_000_000)
  }

  /// Sets the clock.
  mutating func set(_ seconds: UInt32, at now: UInt64) {
    base = seconds
    baseTime = now
  }
}

extension EventLogClock: Restorable {
  /// What it shows, and its offset from UTC.
  mutating func transfer(through stream: inout some StateStream) {
    var shown = seconds(at: stream.now)
    stream.transfer(&shown)
    if stream.isRestoring { set(shown, at: stream.now) }
    stream.transfer(&minutesFromUTC)
  }
}
