import IPMI

/// FRU inventories: byte-addressed and writable, one for each logical FRU device, 0 first.
///
/// IPMI v2.0, section 34. Reading is `mutating` so that it happens in place, as in
/// ``SystemEventLog``.
struct FRUInventory: Sendable {
  /// The most devices.
  static let deviceLimit = 8
  /// The bytes there are for all devices.
  static var capacity: Int { FRUStorage.count }

  private var bytes = FRUStorage(repeating: 0)
  private var sizes = [8 of UInt16](repeating: 0)
  /// The number of devices.
  private(set) var count = 0
  private var used = 0

  /// Adds a device of `size` bytes, all zero; `nil` where there is no room for it.
  mutating func addDevice(size: Int) -> Int? {
    guard count < Self.deviceLimit, size > 0, size <= Self.capacity - used else { return nil }
    sizes[count] = UInt16(size)
    used += size
    count += 1
    return count - 1
  }

  /// The bytes of a device in the whole of them; `nil` where there is no such device.
  mutating func range(of device: Int) -> Range<Int>? {
    guard device < count else { return nil }
    var start = 0
    for earlier in 0..<device { start += Int(sizes[earlier]) }
    return start..<start + Int(sizes[device])
  }

  /// The byte at an index within ``range(of:)``.
  subscript(index: Int) -> UInt8 {
    mutating get { bytes[index] }
    set { bytes[index] = newValue }
  }
}

extension FRUInventory: Restorable {
  /// The size and the bytes of every device.
  mutating func transfer(through stream: inout some StateStream) {
    stream.transfer(&count, in: 0...Self.deviceLimit)
    var total = 0
    for device in 0..<count {
      stream.transfer(&sizes[device])
      total += Int(sizes[device])
    }
    guard total <= Self.capacity else {
      stream.reject()
      self = FRUInventory()
      return
    }
    used = total
    for index in 0..<used { stream.transfer(&bytes[index]) }
  }
}
