/// From a raw reading to a value: `(M · raw + B · 10^K1) · 10^K2`. IPMI v2.0, section 36.3.
public struct LinearConversion: Hashable, Sendable {
  /// M, `-512...511`, not zero.
  public let multiplier: Int16
  /// B, `-512...511`.
  public let offset: Int16
  /// K1, the exponent of B, `-8...7`.
  public let offsetExponent: Int8
  /// K2, the exponent of the result, `-8...7`.
  public let resultExponent: Int8

  /// Factors that fit the fields of an SDR; others are clamped, and M = 0 becomes 1.
  public init(
    multiplier: Int16, offset: Int16 = 0, offsetExponent: Int8 = 0, resultExponent: Int8 = 0
  ) {
    let clamped = min(max(multiplier, -512), 511)
    self.multiplier = clamped == 0 ? 1 : clamped
    self.offset = min(max(offset, -512), 511)
    self.offsetExponent = min(max(offsetExponent, -8), 7)
    self.resultExponent = min(max(resultExponent, -8), 7)
  }

  /// The raw reading nearest to `value · 10^exponent`, clamped to what `format` has.
  ///
  /// Fixed point, for firmware without a floating-point unit: 12.1 V is `(12_100, exponent: -3)`.
  /// - Parameter exponent: clamped to `-9...0`.
  public func raw(
    nearest value: Int32, exponent: Int, format: ReadingFormat = .unsigned
  ) -> UInt8 {
    // Both sides are scaled by a power of ten that leaves only whole numbers.
    let shift = min(max(exponent, -9), 0) - Int(resultExponent)
    let scale = max(0, -shift, -Int(offsetExponent))
    let scaled = Self.times(Int64(value), powerOfTen: shift + scale)
    let origin = Self.times(Int64(offset), powerOfTen: Int(offsetExponent) + scale)
    let (difference, overflow) = scaled.subtractingReportingOverflow(origin)
    let distance = overflow ? Self.limit(scaled) : max(difference, -Int64.max)
    let step = Self.times(Int64(multiplier), powerOfTen: scale)
    let quotient = distance / step
    let rest = (distance % step).magnitude
    let roundsAway = rest >= step.magnitude - rest
    let away: Int64 = (distance < 0) == (step < 0) ? 1 : -1
    return format.raw(roundsAway ? quotient &+ away : quotient)
  }

  /// The six bytes of an SDR or Get Sensor Reading Factors, tolerance and accuracy zero.
  var fields: [6 of UInt8] {
    let m = UInt16(bitPattern: multiplier)
    let b = UInt16(bitPattern: offset)
    return [
      UInt8(truncatingIfNeeded: m),
      UInt8(truncatingIfNeeded: m >> 2) & 0xC0,
      UInt8(truncatingIfNeeded: b),
      UInt8(truncatingIfNeeded: b >> 2) & 0xC0,
      0,
      UInt8(bitPattern: resultExponent) << 4 | UInt8(bitPattern: offsetExponent) & 0x0F,
    ]
  }

  /// `value · 10^exponent`, held at ±(2^63 - 1): far outside what a byte can reach.
  private static func times(_ value: Int64, powerOfTen exponent: Int) -> Int64 {
    var result = value
    for _ in 0..<max(exponent, 0) {
      let (product, overflow) = result.multipliedReportingOverflow(by: 10)
      guard !overflow else { return limit(value) }
      result = product
    }
    return result
  }

  private static func limit(_ value: Int64) -> Int64 { value < 0 ? -Int64.max : Int64.max }
}
