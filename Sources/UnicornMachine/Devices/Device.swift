/// A device with 32-bit registers: what the processor's loads and stores become.
///
/// Time is an argument, in nanoseconds of virtual time that does not run backwards.
protocol Device {
  /// Loads the register at `offset`, a multiple of 4.
  mutating func read(_ offset: Int, now: UInt64) -> UInt32
  /// Stores the bits of `mask` to the register at `offset`, a multiple of 4.
  mutating func write(_ value: UInt32, to offset: Int, mask: UInt32, now: UInt64)
}

extension Device {
  /// A load of `width` bytes within one register; one that crosses two reads 0.
  mutating func load(_ offset: Int, width: Int, now: UInt64) -> UInt64 {
    let shift = UInt32(offset & 3) * 8
    guard (offset & 3) + width <= 4 else { return 0 }
    let word = read(offset & ~3, now: now) >> shift
    return UInt64(word & (UInt32.max >> UInt32(32 - width * 8)))
  }

  /// A store of `width` bytes within one register; one that crosses two is lost.
  mutating func store(_ value: UInt64, to offset: Int, width: Int, now: UInt64) {
    let shift = UInt32(offset & 3) * 8
    guard (offset & 3) + width <= 4 else { return }
    let mask = (UInt32.max >> UInt32(32 - width * 8)) << shift
    let word = UInt32(truncatingIfNeeded: value) << shift
    write(word & mask, to: offset & ~3, mask: mask, now: now)
  }
}

/// A set of interrupt lines, a bit for each.
struct LineSet: Hashable, Sendable {
  private var words: [6 of UInt32] = .init(repeating: 0)

  /// How many lines there can be.
  static let capacity = 6 * 32

  subscript(line: Int) -> Bool {
    get { words[line / 32] >> UInt32(line % 32) & 1 != 0 }
    set {
      let bit = 1 << UInt32(line % 32) as UInt32
      if newValue { words[line / 32] |= bit } else { words[line / 32] &= ~bit }
    }
  }

  /// 32 lines, from 32 × `word` on; 0 past the last.
  subscript(word word: Int) -> UInt32 {
    get { word < 6 ? words[word] : 0 }
    set { if word < 6 { words[word] = newValue } }
  }

  static func == (lhs: LineSet, rhs: LineSet) -> Bool {
    (0..<6).allSatisfy { lhs.words[$0] == rhs.words[$0] }
  }

  func hash(into hasher: inout Hasher) {
    for word in 0..<6 { hasher.combine(words[word]) }
  }
}
