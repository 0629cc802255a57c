/// The random numbers of a seed: SplitMix64, of which every platform makes the same ones.
public struct SplitMix64: Hashable, Sendable {
  private var state: UInt64

  public init(seed: UInt64) {
    state = seed
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// A number in `range`, which is not empty.
  public mutating func next(in range: ClosedRange<UInt64>) -> UInt64 {
    let span = range.upperBound - range.lowerBound
    return span == .max ? next() : range.lowerBound + next() % (span + 1)
  }

  /// Whether something happens that does once in `count` times.
  public mutating func happens(onceIn count: UInt64) -> Bool { next() % count == 0 }
}
