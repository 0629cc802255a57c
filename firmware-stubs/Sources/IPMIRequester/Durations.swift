import LinuxProgram

/// How long requests took, in microseconds.
struct Durations {
  private var count: UInt64 = 0
  private var sum: UInt64 = 0
  private var longest: UInt64 = 0
  /// Eight for each doubling.
  private var buckets: [264 of UInt32] = .init(repeating: 0)

  mutating func add(nanoseconds: UInt64) {
    let microseconds = nanoseconds / 1000
    count += 1
    sum += microseconds
    longest = max(longest, microseconds)
    buckets[Self.bucket(of: microseconds)] += 1
  }

  /// Adds "mean 812 us, median 830 us, 99 % 1500 us, longest 9000 us" to a line.
  func write(to log: inout Log) {
    log.write("mean ")
    log.write(decimal: count == 0 ? 0 : sum / count)
    log.write(" us, median ")
    log.write(decimal: value(below: 50))
    log.write(" us, 99 % ")
    log.write(decimal: value(below: 99))
    log.write(" us, longest ")
    log.write(decimal: longest)
    log.write(" us")
  }

  private static func bucket(of value: UInt64) -> Int {
    guard value >= 8 else { return Int(value) }
    let exponent = 63 - value.leadingZeroBitCount
    let fraction = Int(value >> UInt64(exponent - 3)) & 7
    return min(263, (exponent - 2) * 8 + fraction)
  }

  /// The greatest value of the bucket that `percent` of all do not exceed.
  private func value(below percent: UInt64) -> UInt64 {
    var left = (count * percent + 99) / 100
    for index in 0..<264 where buckets[index] > 0 {
      if UInt64(buckets[index]) >= left { return min(longest, Self.greatest(of: index)) }
      left -= UInt64(buckets[index])
    }
    return 0
  }

  private static func greatest(of bucket: Int) -> UInt64 {
    guard bucket >= 8 else { return UInt64(bucket) }
    return UInt64(bucket % 8 + 9) << UInt64(bucket / 8 - 1) - 1
  }
}
