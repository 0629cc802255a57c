/// Sees transactions begin and end by what the host does on the bus, whoever the host is.
///
/// KCS: from WRITE_START to the byte that is read in the IDLE state. BT: from H2B_ATN, while B_BUSY
/// is clear, to the end of H_BUSY, after the response was read. IPMI v2.0, sections 9.15 and 11.6.
struct TransactionMeter {
  private var kcsStart: UInt64?
  private var kcsIsIdle = false
  private var btStart: UInt64?
  private var btIsBusy = false
  private(set) var latencies = Distribution()

  /// Whether one is going on.
  var isOpen: Bool { kcsStart != nil || btStart != nil }

  mutating func read(_ port: UInt16, _ value: UInt8, at time: UInt64) {
    switch port {
    case 0xCA3: kcsIsIdle = value >> 6 == 0
    case 0xCA2:
      guard kcsIsIdle, let start = kcsStart else { return }
      latencies.add(time - start)
      kcsStart = nil
    default: break
    }
  }

  mutating func write(_ port: UInt16, _ value: UInt8, at time: UInt64) {
    switch (port, value) {
    case (0xCA3, 0x61): kcsStart = time
    // GET_STATUS/ABORT.
    case (0xCA3, 0x60): kcsStart = nil
    case (0xE4, let control):
      if control & 0x04 != 0 { btStart = time }
      guard control & 0x40 != 0 else { return }
      btIsBusy.toggle()
      guard !btIsBusy, let start = btStart else { return }
      latencies.add(time - start)
      btStart = nil
    default: break
    }
  }
}

/// Numbers, as far as a summary of many of them needs: two can be joined.
public struct Distribution: Hashable, Sendable {
  public private(set) var count: UInt64 = 0
  public private(set) var sum: UInt64 = 0
  public private(set) var minimum = UInt64.max
  public private(set) var maximum: UInt64 = 0

  public init() {}

  init(count: UInt64, sum: UInt64, minimum: UInt64, maximum: UInt64) {
    (self.count, self.sum, self.minimum, self.maximum) = (count, sum, minimum, maximum)
  }

  mutating func add(_ value: UInt64) {
    count += 1
    sum &+= value
    minimum = min(minimum, value)
    maximum = max(maximum, value)
  }

  mutating func join(_ other: Distribution) {
    count += other.count
    sum &+= other.sum
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
  }

  /// `nil` where there is none.
  public var mean: Double? { count == 0 ? nil : Double(sum) / Double(count) }
}
