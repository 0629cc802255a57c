/// A byte that the host wrote to a port that the BMC may watch.
public struct PostCode: Hashable, Sendable {
  public var port: UInt16
  public var value: UInt8

  public init(port: UInt16, value: UInt8) {
    (self.port, self.value) = (port, value)
  }
}

/// The POST codes on their way from the host to the BMC: the last 32 that it has not taken.
///
/// On a board a code is in the BMC's registers in the same cycle. An emulated BMC may be asleep for
/// as long as it takes its host to write hundreds.
public struct PostCodeMailbox<Memory: LinkMemory> {
  private let memory: Memory

  public init(_ memory: Memory) {
    self.memory = memory
  }

  /// The host writes a code; where 32 wait, the oldest is lost.
  public func write(_ code: PostCode) {
    let written = memory.load(LinkWord.postCodesWritten)
    memory.store(UInt64(code.value) | UInt64(code.port) << 16, to: Self.word(written))
    memory.store(written &+ 1, to: LinkWord.postCodesWritten)
  }

  /// The oldest code that waits, which stays; `nil` where none does.
  public var oldest: PostCode? {
    let written = memory.load(LinkWord.postCodesWritten)
    let taken = memory.load(LinkWord.postCodesTaken)
    let waiting = written &- taken
    guard waiting != 0 else { return nil }
    let count = UInt64(LinkWord.postCodeCount)
    if waiting > count { memory.store(written &- count, to: LinkWord.postCodesTaken) }
    let word = memory.load(Self.word(waiting > count ? written &- count : taken))
    return PostCode(
      port: UInt16(truncatingIfNeeded: word >> 16), value: UInt8(truncatingIfNeeded: word))
  }

  /// The BMC has taken the oldest.
  public func removeOldest() {
    memory.store(memory.load(LinkWord.postCodesTaken) &+ 1, to: LinkWord.postCodesTaken)
  }

  /// None waits any more.
  public func removeAll() {
    memory.store(memory.load(LinkWord.postCodesWritten), to: LinkWord.postCodesTaken)
  }

  private static func word(_ number: UInt64) -> Int {
    LinkWord.postCodes + Int(number % UInt64(LinkWord.postCodeCount))
  }
}
