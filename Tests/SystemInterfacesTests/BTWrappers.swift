import IPMI

@testable import SystemInterfaces

/// A channel that writes down every access that changes something.
struct TracedBT: BTHostRegisters, BTBMCRegisters {
  var channel: BTChannel
  var accesses: [String] = []

  init(channel: BTChannel) {
    self.channel = channel
  }

  private mutating func log(_ what: String, _ value: UInt8) -> UInt8 {
    let hex = String(value, radix: 16, uppercase: true)
    accesses.append(what + " " + (hex.count == 1 ? "0" : "") + hex)
    return value
  }

  mutating func hostReadControl() -> BTControl { channel.hostReadControl() }
  mutating func hostWriteControl(_ value: BTControl) {
    channel.hostWriteControl(BTControl(rawValue: log("H ctl", value.rawValue)))
  }
  mutating func hostReadData() -> UInt8 { log("H in", channel.hostReadData()) }
  mutating func hostWriteData(_ value: UInt8) { channel.hostWriteData(log("H dat", value)) }
  mutating func hostReadInterruptMask() -> BTInterruptMask { channel.hostReadInterruptMask() }
  mutating func hostWriteInterruptMask(_ value: BTInterruptMask) {
    channel.hostWriteInterruptMask(BTInterruptMask(rawValue: log("H msk", value.rawValue)))
  }
  mutating func bmcReadControl() -> BTControl { channel.bmcReadControl() }
  mutating func bmcWriteControl(_ value: BTControl) {
    channel.bmcWriteControl(BTControl(rawValue: log("B ctl", value.rawValue)))
  }
  mutating func bmcReadData() -> UInt8 { log("B dat", channel.bmcReadData()) }
  mutating func bmcWriteData(_ value: UInt8) { channel.bmcWriteData(log("B out", value)) }
}

/// The BMC's registers, with a host that acts as far as it can before one of the accesses.
struct RacingBMC: BTBMCRegisters {
  var pair: BTPair
  let access: Int
  var event = HostEvent.waiting(until: 0)
  private var accesses = 0

  init(pair: BTPair, access: Int) {
    self.pair = pair
    self.access = access
  }

  var hasRaced: Bool { accesses > access }

  private mutating func count() {
    if accesses == access { event = pair.runHost() }
    accesses += 1
  }

  mutating func bmcReadControl() -> BTControl {
    count()
    return pair.channel.bmcReadControl()
  }
  mutating func bmcWriteControl(_ value: BTControl) {
    count()
    pair.channel.bmcWriteControl(value)
  }
  mutating func bmcReadData() -> UInt8 {
    count()
    return pair.channel.bmcReadData()
  }
  mutating func bmcWriteData(_ value: UInt8) {
    count()
    pair.channel.bmcWriteData(value)
  }
}

/// The host's registers, with a BMC that acts as far as it can before one of the accesses.
struct RacingHost: BTHostRegisters {
  var pair: BTPair
  let access: Int
  private var accesses = 0

  init(pair: BTPair, access: Int) {
    self.pair = pair
    self.access = access
  }

  var hasRaced: Bool { accesses > access }

  private mutating func count() {
    if accesses == access { while pair.runBMC() {} }
    accesses += 1
  }

  mutating func hostReadControl() -> BTControl {
    count()
    return pair.channel.hostReadControl()
  }
  mutating func hostWriteControl(_ value: BTControl) {
    count()
    pair.channel.hostWriteControl(value)
  }
  mutating func hostReadData() -> UInt8 {
    count()
    return pair.channel.hostReadData()
  }
  mutating func hostWriteData(_ value: UInt8) {
    count()
    pair.channel.hostWriteData(value)
  }
  mutating func hostReadInterruptMask() -> BTInterruptMask {
    count()
    return pair.channel.hostReadInterruptMask()
  }
  mutating func hostWriteInterruptMask(_ value: BTInterruptMask) {
    count()
    pair.channel.hostWriteInterruptMask(value)
  }
}

/// A BMC that does not react to the first `ignored` clearings of B2H_ATN.
struct StubbornBT: BTHostRegisters {
  var channel: BTChannel
  var ignored: Int

  mutating func hostReadControl() -> BTControl { channel.hostReadControl() }
  mutating func hostWriteControl(_ value: BTControl) {
    if value == .bmcToHostAttention, ignored > 0 {
      ignored -= 1
    } else {
      channel.hostWriteControl(value)
    }
  }
  mutating func hostReadData() -> UInt8 { channel.hostReadData() }
  mutating func hostWriteData(_ value: UInt8) { channel.hostWriteData(value) }
  mutating func hostReadInterruptMask() -> BTInterruptMask { channel.hostReadInterruptMask() }
  mutating func hostWriteInterruptMask(_ value: BTInterruptMask) {
    channel.hostWriteInterruptMask(value)
  }
}
