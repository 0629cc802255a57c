import IPMI
import SystemInterfaces

/// The registers of KCS in plain variables, as the specification has them: what every access of
/// either side must leave in the channel.
private struct Shadow {
  var idr: UInt8 = 0
  var odr: UInt8 = 0
  var (inputFull, outputFull, commandData) = (false, false, false)
  /// S1, S0, OEM and SMS_ATN, in their places.
  var software: UInt8 = 0

  var status: UInt8 {
    software | (commandData ? 8 : 0) | (inputFull ? 2 : 0) | (outputFull ? 1 : 0)
  }
}

/// A channel that compares every access with its shadow.
struct CheckedKCS: KCSHostRegisters, KCSBMCRegisters {
  var channel = KCSChannel()
  private var shadow = Shadow()

  init() { channel.enables = .hostDecode }

  private func check() {
    require(channel.str.rawValue == shadow.status, "STR is not what the accesses made it")
    require(channel.idr == shadow.idr, "IDR is not what the host wrote last")
    require(channel.odr == shadow.odr, "ODR is not what the BMC wrote last")
  }

  private var isDecoded: Bool { channel.enables.contains(.hostDecode) }

  mutating func hostReadStatus() -> KCSStatus {
    let status = channel.hostReadStatus()
    require(status.rawValue == (isDecoded ? shadow.status : 0xFF), "not STR")
    return status
  }

  mutating func hostReadData() -> UInt8 {
    let byte = channel.hostReadData()
    require(byte == (isDecoded ? shadow.odr : 0xFF), "not ODR")
    if isDecoded { shadow.outputFull = false }
    check()
    return byte
  }

  mutating func hostWriteData(_ value: UInt8) { hostWrite(value, isCommand: false) }
  mutating func hostWriteCommand(_ value: UInt8) { hostWrite(value, isCommand: true) }

  private mutating func hostWrite(_ value: UInt8, isCommand: Bool) {
    if isCommand { channel.hostWriteCommand(value) } else { channel.hostWriteData(value) }
    if isDecoded { (shadow.idr, shadow.inputFull, shadow.commandData) = (value, true, isCommand) }
    check()
  }

  mutating func bmcReadStatus() -> KCSStatus {
    require(channel.bmcReadStatus().rawValue == shadow.status, "not STR")
    return channel.bmcReadStatus()
  }

  mutating func bmcWriteStatus(_ value: KCSStatus) {
    channel.bmcWriteStatus(value)
    shadow.software = value.rawValue & 0xF4
    check()
  }

  mutating func bmcReadData() -> UInt8 {
    require(channel.bmcReadData() == shadow.idr, "not IDR")
    shadow.inputFull = false
    check()
    return shadow.idr
  }

  mutating func bmcWriteData(_ value: UInt8) {
    channel.bmcWriteData(value)
    (shadow.odr, shadow.outputFull) = (value, true)
    check()
  }
}

/// Host and BMC on one channel, each its state machine, and what strangers do to the registers.
private struct KCSPair: InterfacePair {
  var registers = CheckedKCS()
  var host = KCSHost()
  var responder = KCSResponder<300>()
  var now: UInt64 = 0
  /// What the BMC works on.
  var taken: Message?
  /// No stranger has touched the registers: then nothing may be lost, or made up.
  var isClean = true

  @discardableResult
  mutating func step() -> HostEvent {
    let event = host.event(on: &registers, now: now)
    if case .waiting(let end) = event { require(end > now, "a wait that is over") }
    if event == .complete {
      require(host.isIdle && host.response != nil, "complete, and no response")
      if isClean {
        require(host.response == echo(host.request), "not the answer to this request")
      }
    }
    return event
  }

  mutating func take() {
    guard let bytes = responder.takeRequest() else { return }
    guard let request = Message(bytes) else { fatalError("a request that is none") }
    if isClean { require(request == host.request, "not the request that was sent") }
    taken = request
  }

  mutating func answer() {
    guard let request = taken else { return }
    responder.respond(echo(request).bytes, on: &registers)
    taken = nil
  }

  mutating func serve() -> Bool {
    let served = responder.service(&registers)
    take()
    let answers = taken != nil
    answer()
    return served || answers
  }
}

/// Both state machines and both sides' accesses in any order.
///
/// Every access leaves the registers as the specification says. Where only the state machines
/// act, each response is the one to its request, and each request arrives whole. Whatever was done,
/// the link works again.
func fuzzKCS(_ input: inout Input) {
  var pair = KCSPair()
  let strangers = input.bool()
  while !input.isAtEnd {
    switch input.number(below: strangers ? 20 : 12) {
    case 0: pair.host.start(input.request(longest: 300))
    case 1, 2, 3: pair.step()
    case 4, 5, 6: pair.responder.service(&pair.registers)
    case 7: pair.take()
    case 8: pair.answer()
    case 9: pair.now += input.duration()
    case 10:
      if input.bool() { pair.host.abort() } else { pair.responder.forceAbort(on: &pair.registers) }
    case 11:
      if input.bool() {
        pair.responder.setAttention(input.bool(), on: &pair.registers)
      } else {
        pair.host.outputDelay = UInt64(input.byte()) * 1_000
      }
    default:
      pair.isClean = false
      disturb(&pair.registers, &input)
    }
  }
  pair.registers.channel.enables.insert(.hostDecode)
  // The first may meet what a stranger left behind.
  let request = probe(1)
  _ = pair.transact(probe(0))
  pair.isClean = true
  require(pair.transact(request) == echo(request), "the link does not recover")
  require(pair.registers.channel.str.state == .idle, "not idle after a transaction")
}

/// One access that no driver makes.
private func disturb(_ registers: inout CheckedKCS, _ input: inout Input) {
  let value = input.byte()
  switch input.number(below: 8) {
  case 0: _ = registers.hostReadStatus()
  case 1: _ = registers.hostReadData()
  case 2: registers.hostWriteData(value)
  case 3: registers.hostWriteCommand(value)
  case 4: _ = registers.bmcReadData()
  case 5: registers.bmcWriteData(value)
  case 6: registers.bmcWriteStatus(KCSStatus(rawValue: value))
  default:
    registers.channel.enables = KCSChannel.Enables(rawValue: UInt32(value & 0xF))
    let (flags, enables) = (registers.channel.str.rawValue, value)
    let bmc = flags & enables & 2 != 0 || ~flags & enables & 1 != 0
    require(registers.channel.bmcInterrupt == bmc, "the BMC's interrupt is not its level")
    require(
      registers.channel.hostInterrupt == (flags & 1 != 0 && enables & 8 != 0),
      "the host's interrupt is not its level")
  }
}
