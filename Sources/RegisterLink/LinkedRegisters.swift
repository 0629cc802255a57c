import IPMI
import SystemInterfaces

/// The BMC's end of a link: an SoC's registers, whose channels are the link's.
///
/// An access of the BMC's reaches one register, so it changes one channel's flags and data at most.
/// It is made on a copy of everything, as the channels are at that moment, and counts if the channel
/// that it changes is still the same; otherwise it is made again. Enables are the BMC's alone and
/// follow.
public struct LinkedRegisters<Module: LinkableRegisters, Memory: LinkMemory> {
  /// The registers, as they were after the last access.
  public private(set) var module: Module
  public let memory: Memory
  /// The host's interrupts, or what its ports are, may have changed.
  private var concernsHost = false
  /// What the host was told last: KCS1 to KCS4, BT.
  private var decodes: [5 of UInt64] = .init(repeating: 0)

  /// An older state of the registers has been restored.
  private var isRestored = false

  /// Powers a BMC on: the channels are as `module` has them, and older POST codes are gone.
  public init(_ module: Module, on memory: Memory) {
    self.module = module
    self.memory = memory
    self.module.switchOnHosts()
    for number in 1...Module.kcsChannelCount {
      memory.store(self.module[shared: number].word, to: LinkWord.kcs(number))
    }
    memory.store(self.module.sharedBT?.word ?? 0, to: LinkWord.bt)
    PostCodeMailbox(memory).removeAll()
    for index in decodes.indices { decodes[index] = decode(at: index) }
    for index in decodes.indices { memory.store(decodes[index], to: Self.decodeWord(index)) }
    concernsHost = true
  }

  /// Whether the host is to be told since this was asked last.
  public mutating func takeHostConcern() -> Bool {
    defer { concernsHost = false }
    return concernsHost
  }

  /// A load by the BMC.
  public mutating func read(_ offset: Int, width: Int) -> UInt64 {
    access { $0.read(offset, width: width) }
  }

  /// A store by the BMC.
  public mutating func write(_ value: UInt64, to offset: Int, width: Int) {
    access { $0.write(value, to: offset, width: width) }
    tellDecodes()
  }

  /// Takes over what the host has done, POST codes included; after every access, and when told.
  public mutating func synchronize() {
    if !isCurrent { access { _ in } }
    if isRestored { tellDecodes() }
    isRestored = false
    let mailbox = PostCodeMailbox(memory)
    var count = 0
    while count < LinkWord.postCodeCount, let code = mailbox.oldest,
      module.hasRoomForPostCode(port: code.port)
    {
      module.postCode(port: code.port, value: code.value)
      mailbox.removeOldest()
      count += 1
    }
  }

  // MARK: Decode

  private static func decodeWord(_ index: Int) -> Int {
    index == 4 ? LinkWord.btDecode : LinkWord.kcsDecode(index + 1)
  }

  private func decode(at index: Int) -> UInt64 {
    if index == 4 { return module.btDecode.word }
    return index < Module.kcsChannelCount ? module.decode(ofChannel: index + 1).word : 0
  }

  private mutating func tellDecodes() {
    for index in decodes.indices {
      let decode = decode(at: index)
      guard decode != decodes[index] else { continue }
      decodes[index] = decode
      memory.store(decode, to: Self.decodeWord(index))
      concernsHost = true
    }
  }

  // MARK: Channels

  /// Whether the host has changed nothing since the last access.
  private var isCurrent: Bool {
    for number in 1...Module.kcsChannelCount
    where memory.load(LinkWord.kcs(number)) != module[shared: number].word {
      return false
    }
    guard let bt = module.sharedBT else { return true }
    return memory.load(LinkWord.bt) == bt.word
  }

  /// The channels' words, as an access found them; BT's is the last.
  private typealias Found = [5 of UInt64]

  private mutating func access<Result>(_ body: (inout Module) -> Result) -> Result {
    var attempts = 0
    while true {
      var found: Found = .init(repeating: 0)
      var before = module
      load(into: &before, &found)
      var after = before
      let result = body(&after)
      attempts += 1
      if store(before, after, &found, isLastAttempt: attempts == attemptLimit) {
        module = after
        return result
      }
    }
  }

  private func load(into module: inout Module, _ found: inout Found) {
    for number in 1...Module.kcsChannelCount {
      found[number - 1] = memory.load(LinkWord.kcs(number))
      module[shared: number] = KCSChannel(word: found[number - 1])
    }
    guard module.sharedBT != nil else { return }
    found[4] = memory.load(LinkWord.bt)
    module.sharedBT = SharedBTChannel(memory).load(found[4], for: .bmcToHost)
  }

  /// Brings the channel that the access has changed to the link, and then enables; `false` where
  /// somebody else has changed the channel in the meantime.
  private mutating func store(
    _ before: Module, _ after: Module, _ found: inout Found, isLastAttempt: Bool
  ) -> Bool {
    for number in 1...Module.kcsChannelCount {
      let (old, new) = (before[shared: number].word, after[shared: number].word)
      guard (old ^ new) & 0xFFFF_FFFF != 0 else { continue }
      let known = KCSChannel(word: found[number - 1])
      guard
        memory.replace(
          LinkWord.kcs(number), &found[number - 1], by: new, isLastAttempt: isLastAttempt)
      else { return false }
      note(known, after[shared: number])
      found[number - 1] = new
    }
    if let old = before.sharedBT, let new = after.sharedBT, old.word != new.word {
      guard
        SharedBTChannel(memory).replace(
          old, &found[4], by: new, writing: .bmcToHost, isLastAttempt: isLastAttempt)
      else { return false }
      if old.hostInterrupt != new.hostInterrupt { concernsHost = true }
      found[4] = new.word
    }
    for number in 1...Module.kcsChannelCount {
      enable(after[shared: number].enables, ofChannel: number, found[number - 1])
    }
    return true
  }

  /// Has a channel's enables be the registers'; whatever else the channel is by now, stays.
  private mutating func enable(
    _ enables: KCSChannel.Enables, ofChannel number: Int, _ found: UInt64
  ) {
    guard KCSChannel(word: found).enables != enables else { return }
    let access = SharedKCSChannel(memory, channel: number).access { $0.enables = enables }
    note(access.before, access.after)
  }

  private mutating func note(_ before: KCSChannel, _ after: KCSChannel) {
    if before.hostInterrupt != after.hostInterrupt { concernsHost = true }
  }
}

extension LinkedRegisters: Restorable where Module: Restorable {
  /// The registers. What of them is on the link is what it is there: the host is another machine,
  /// and has no older state.
  public mutating func transfer(through stream: inout some StateStream) {
    module.transfer(through: &stream)
    if stream.isRestoring { isRestored = true }
  }
}

extension LinkedRegisters: PostCodeRegisters {
  public func hasRoomForPostCode(port: UInt16) -> Bool { module.hasRoomForPostCode(port: port) }

  public mutating func postCode(port: UInt16, value: UInt8) {
    module.postCode(port: port, value: value)
  }
}
