/// How often each latency came, to three digits that count: bounded however long a trace is.
public struct Latencies: Equatable, Sendable {
  private var counts: [UInt64: Int] = [:]
  /// How many there are.
  public private(set) var count = 0
  /// The shortest one, in nanoseconds; `UInt64.max` without any.
  public private(set) var shortest = UInt64.max
  /// The longest one, in nanoseconds.
  public private(set) var longest: UInt64 = 0

  public init() {}

  /// Counts one, in nanoseconds.
  public mutating func add(_ latency: UInt64) {
    count += 1
    shortest = min(shortest, latency)
    longest = max(longest, latency)
    var unit: UInt64 = 1
    while latency / unit >= 1000 { unit *= 10 }
    counts[latency / unit * unit, default: 0] += 1
  }

  /// The latency that `share` of all do not exceed, in nanoseconds, to three digits; `nil` without any.
  public func quantile(_ share: Double) -> UInt64? {
    guard count > 0 else { return nil }
    var rest = max(1, Int((Double(count) * share).rounded(.up)))
    for (latency, count) in counts.sorted(by: { $0.key < $1.key }) {
      rest -= count
      if rest <= 0 { return min(max(latency, shortest), longest) }
    }
    return longest
  }

  /// The count of each range of the histogram: 1, 2, 5, 10… of a nanosecond, as far as there are any.
  public var histogram: [Bar] {
    guard count > 0 else { return [] }
    var bars: [Bar] = []
    var lower: UInt64 = 0
    var upper: UInt64 = 1
    var step = 0
    while lower <= longest {
      if upper > shortest { bars.append(Bar(lower: lower, upper: upper, count: 0)) }
      lower = upper
      // 1, 2, 5, 10: times 2, 2.5, 2.
      let (next, overflow) = upper.multipliedReportingOverflow(by: step == 1 ? 5 : 2)
      if overflow { break }
      upper = step == 1 ? next / 2 : next
      step = (step + 1) % 3
    }
    if lower <= longest, lower < .max, bars.last?.upper != .max {
      bars.append(Bar(lower: lower, upper: .max, count: 0))
    }
    for (latency, count) in counts {
      // A latency was rounded down, never out of its range: the ranges' ends have one digit.
      if let index = bars.lastIndex(where: { $0.lower <= latency }) { bars[index].count += count }
    }
    return bars
  }

  /// A range of latencies.
  public struct Bar: Equatable, Sendable {
    /// In nanoseconds, the first that belongs to it.
    public var lower: UInt64
    /// In nanoseconds, the first that does not.
    public var upper: UInt64
    public var count: Int
  }
}
