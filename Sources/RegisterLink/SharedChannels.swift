import SystemInterfaces

/// What an access to a channel of a link did.
public struct LinkAccess<Channel, Result> {
  /// What the accessor gets.
  public var result: Result
  /// The channel just before, and just after: there was no other access in between.
  public var before: Channel
  public var after: Channel
}

/// A KCS channel in a word of a link: ``SystemInterfaces/KCSChannel``, each access of which is one
/// change of the word.
public struct SharedKCSChannel<Memory: LinkMemory> {
  let memory: Memory
  let word: Int

  /// Channel `number`, `1...4`.
  public init(_ memory: Memory, channel number: Int) {
    self.memory = memory
    word = LinkWord.kcs(number)
  }

  /// The channel now.
  public var channel: KCSChannel { KCSChannel(word: memory.load(word)) }

  /// Makes one access, which may be tried several times before it counts.
  @discardableResult
  public func access<Result>(
    _ transition: (inout KCSChannel) -> Result
  ) -> LinkAccess<KCSChannel, Result> {
    var found = memory.load(word)
    var attempts = 0
    while true {
      let before = KCSChannel(word: found)
      var after = before
      let result = transition(&after)
      attempts += 1
      if memory.replace(word, &found, by: after.word, isLastAttempt: attempts == attemptLimit) {
        return LinkAccess(result: result, before: before, after: after)
      }
    }
  }
}

/// A BT channel in a link: ``SystemInterfaces/BTChannel``, whose control word each access changes
/// once, and whose buffers are beside it.
///
/// A buffer has one writer, who also owns the pointer: its byte is stored first, then the pointer is
/// moved, and a reader moves its own only where it has read below the writer's.
public struct SharedBTChannel<Memory: LinkMemory> {
  let memory: Memory

  public init(_ memory: Memory) {
    self.memory = memory
  }

  /// The channel now, without its buffers.
  public var channel: BTChannel { BTChannel(word: memory.load(LinkWord.bt)) }

  /// Makes one access of the writer of `own`, which may be tried several times before it counts.
  @discardableResult
  public func access<Result>(
    writing own: BTChannel.Buffer, _ transition: (inout BTChannel) -> Result
  ) -> LinkAccess<BTChannel, Result> {
    var found = memory.load(LinkWord.bt)
    var attempts = 0
    while true {
      let before = load(found, for: own)
      var after = before
      let result = transition(&after)
      attempts += 1
      if replace(
        before, &found, by: after, writing: own, isLastAttempt: attempts == attemptLimit)
      {
        return LinkAccess(result: result, before: before, after: after)
      }
    }
  }

  /// The channel that `word` is, with the byte that the writer of `own` reads next.
  func load(_ word: UInt64, for own: BTChannel.Buffer) -> BTChannel {
    var channel = BTChannel(word: word)
    let other: BTChannel.Buffer = own == .hostToBMC ? .bmcToHost : .hostToBMC
    let index = channel.readPointer(of: other)
    if index < BTChannel.bufferSize {
      channel[other, index] = UInt8(
        truncatingIfNeeded: memory.load(other.firstWord + index / 8) >> UInt64(index % 8 * 8))
    }
    return channel
  }

  /// Replaces what was found by `after`, and before that stores the byte that was written.
  func replace(
    _ before: BTChannel, _ found: inout UInt64, by after: BTChannel,
    writing own: BTChannel.Buffer, isLastAttempt: Bool
  ) -> Bool {
    let index = before.writePointer(of: own)
    if after.writePointer(of: own) == index + 1 {
      let shift = UInt64(index % 8 * 8)
      let word = own.firstWord + index / 8
      let byte = UInt64(after[own, index]) << shift
      memory.store(memory.load(word) & ~(0xFF << shift) | byte, to: word)
    }
    return memory.replace(LinkWord.bt, &found, by: after.word, isLastAttempt: isLastAttempt)
  }
}

extension LinkMemory {
  /// Makes `found` `value`; `false`, and what is there instead, where another one was faster.
  ///
  /// - Parameter isLastAttempt: The other one's change is overwritten.
  func replace(
    _ word: Int, _ found: inout UInt64, by value: UInt64, isLastAttempt: Bool
  ) -> Bool {
    if value == found || compareExchange(word, expected: &found, value) { return true }
    if isLastAttempt { store(value, to: word) }
    return isLastAttempt
  }
}

extension BTChannel {
  func writePointer(of buffer: Buffer) -> Int {
    Int(buffer == .hostToBMC ? pointers.hostWrite : pointers.bmcWrite)
  }

  func readPointer(of buffer: Buffer) -> Int {
    Int(buffer == .hostToBMC ? pointers.bmcRead : pointers.hostRead)
  }
}

extension BTChannel.Buffer {
  /// The word with its first eight bytes.
  var firstWord: Int { self == .hostToBMC ? LinkWord.hostToBMC : LinkWord.bmcToHost }
}
