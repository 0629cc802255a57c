/// Registers that keep what is stored, for parts of the chip that nothing else depends on.
struct RegisterFile: Device, Sendable {
  private var words: [UInt32]
  private let fixed: [FixedBits]

  /// Bits of a register that read what they are wired to.
  struct FixedBits: Sendable {
    /// Bytes from the first register, a multiple of 4.
    var offset: Int
    var ones: UInt32 = 0
    var zeros: UInt32 = 0
  }

  /// - Parameter size: Bytes, a multiple of 4.
  init(size: Int, fixed: [FixedBits] = []) {
    words = Array(repeating: 0, count: size / 4)
    self.fixed = fixed
  }

  func read(_ offset: Int, now: UInt64) -> UInt32 {
    guard offset / 4 < words.count else { return 0 }
    var word = words[offset / 4]
    for bits in fixed where bits.offset == offset { word = word & ~bits.zeros | bits.ones }
    return word
  }

  mutating func write(_ value: UInt32, to offset: Int, mask: UInt32, now: UInt64) {
    guard offset / 4 < words.count else { return }
    words[offset / 4] = words[offset / 4] & ~mask | value
  }
}
