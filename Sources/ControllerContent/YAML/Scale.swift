import ManagementController

#if canImport(Glibc)
  import Glibc
#endif

/// The values of a threshold sensor, written in its unit, and the raw readings that they are.
struct Scale {
  let conversion: LinearConversion
  let format: ReadingFormat

  /// The raw reading that is nearest to the value at a place.
  func raw(_ place: YAMLValue) throws(ContentError) -> UInt8 {
    let value = try place.number()
    let scaled = value * power(-Int(conversion.resultExponent))
    let number =
      (scaled - Double(conversion.offset) * power(Int(conversion.offsetExponent)))
      / Double(conversion.multiplier)
    let ends = [format.number(format.lowest), format.number(format.highest)]
    // Half a step is the nearest that is left at each end.
    guard number > Double(ends[0]) - 0.5, number < Double(ends[1]) + 0.5 else {
      throw place.error(
        "\(try place.text()) is outside what the conversion reaches, "
          + "\(text(format.lowest)) to \(text(format.highest))")
    }
    return format.raw(Int64(number.rounded()))
  }

  /// The value of a raw reading, exactly.
  func text(_ raw: UInt8) -> String {
    let offsetExponent = Int(conversion.offsetExponent)
    let shift = min(0, offsetExponent)
    let reading = Int(conversion.multiplier) * format.number(raw) * Self.ten(-shift)
    let mantissa = reading + Int(conversion.offset) * Self.ten(offsetExponent - shift)
    return Self.text(mantissa, exponent: Int(conversion.resultExponent) + shift)
  }

  /// `mantissa · 10^exponent` in decimals.
  private static func text(_ mantissa: Int, exponent: Int) -> String {
    guard exponent < 0 else { return String(mantissa * ten(exponent)) }
    var digits = String(mantissa.magnitude)
    digits = String(repeating: "0", count: max(0, 1 - exponent - digits.count)) + digits
    var fraction = digits.suffix(-exponent)
    while fraction.last == "0" { fraction.removeLast() }
    let sign = mantissa < 0 ? "-" : ""
    return sign + digits.dropLast(-exponent) + (fraction.isEmpty ? "" : "." + fraction)
  }

  /// `10^exponent`, for an exponent of `0...15`.
  private static func ten(_ exponent: Int) -> Int {
    (0..<exponent).reduce(1) { product, _ in product * 10 }
  }

  private func power(_ exponent: Int) -> Double { pow(10, Double(exponent)) }
}
