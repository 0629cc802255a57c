import Faults

/// A seeded random number generator; its description is the seed, for a test that fails.
public struct SplitMix64: RandomNumberGenerator, CustomStringConvertible, Sendable {
  private let seed: UInt64
  private var numbers: Faults.SplitMix64

  public init(seed: UInt64) {
    self.seed = seed
    numbers = Faults.SplitMix64(seed: seed)
  }

  public var description: String { "seed 0x\(String(seed, radix: 16))" }

  public mutating func next() -> UInt64 { numbers.next() }
}
