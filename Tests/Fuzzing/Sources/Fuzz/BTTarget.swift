import IPMI
import SystemInterfaces

/// BT_CTRL, BT_INTMASK and the buffers in plain variables: what every access of either side must
/// leave in the channel, its events aside.
private struct Shadow {
  var control: UInt8 = 0x80
  var toBMC = Side()
  var toHost = Side()

  struct Side {
    var bytes = [UInt8](repeating: 0, count: 64)
    var (written, read) = (0, 0)

    mutating func write(_ byte: UInt8) {
      guard written < 64 else { return }
      bytes[written] = byte
      written += 1
    }

    mutating func next() -> UInt8? {
      guard read < written else { return nil }
      defer { read += 1 }
      return bytes[read]
    }
  }
}

/// A channel that compares every access with its shadow.
struct CheckedBT: BTHostRegisters, BTBMCRegisters {
  var channel = BTChannel()
  private var shadow = Shadow()

  init() { channel.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer] }

  private func check() {
    require(channel.control.rawValue == shadow.control, "BT_CTRL is not what it was made")
    let pointers = channel.pointers
    require(
      Int(pointers.hostWrite) == shadow.toBMC.written && Int(pointers.bmcRead) == shadow.toBMC.read
        && Int(pointers.bmcWrite) == shadow.toHost.written
        && Int(pointers.hostRead) == shadow.toHost.read, "a pointer is not where it was moved")
  }

  mutating func hostReadControl() -> BTControl {
    require(channel.hostReadControl().rawValue == shadow.control, "not BT_CTRL")
    return channel.hostReadControl()
  }

  mutating func hostWriteControl(_ value: BTControl) {
    channel.hostWriteControl(value)
    let bits = value.rawValue
    shadow.control = (shadow.control | bits & 0x24) & ~(bits & 0x18) ^ bits & 0x40
    if bits & 1 != 0 { shadow.toBMC.written = 0 }
    if bits & 2 != 0 { shadow.toHost.read = 0 }
    check()
  }

  mutating func hostReadData() -> UInt8 {
    let byte = channel.hostReadData()
    require(byte == shadow.toHost.next() ?? 0xFF, "not the BMC's next byte")
    check()
    return byte
  }

  mutating func hostWriteData(_ value: UInt8) {
    channel.hostWriteData(value)
    shadow.toBMC.write(value)
    check()
  }

  mutating func hostReadInterruptMask() -> BTInterruptMask { channel.hostReadInterruptMask() }

  mutating func hostWriteInterruptMask(_ value: BTInterruptMask) {
    channel.hostWriteInterruptMask(value)
    require(
      channel.interruptMask.rawValue & 0x60 == 0
        && channel.interruptMask.rawValue & 0x1D & ~0x80 == value.rawValue & 0x1D,
      "BT_INTMASK is not what was written")
    check()
  }

  mutating func bmcReadControl() -> BTControl {
    require(channel.bmcReadControl().rawValue == shadow.control, "not BT_CTRL")
    return channel.bmcReadControl()
  }

  mutating func bmcWriteControl(_ value: BTControl) {
    channel.bmcWriteControl(value)
    let bits = value.rawValue
    shadow.control = (shadow.control | bits & 0x18) & ~(bits & 0x24) ^ bits & 0x80
    if bits & 1 != 0 { shadow.toHost.written = 0 }
    if bits & 2 != 0 { shadow.toBMC.read = 0 }
    check()
  }

  mutating func bmcReadData() -> UInt8 {
    let byte = channel.bmcReadData()
    require(byte == shadow.toBMC.next() ?? 0, "not the host's next byte")
    check()
    return byte
  }

  mutating func bmcWriteData(_ value: UInt8) {
    channel.bmcWriteData(value)
    shadow.toHost.write(value)
    check()
  }
}

/// Host and BMC on one channel, each its state machine, and what strangers do to the registers.
private struct BTPair: InterfacePair {
  var registers = CheckedBT()
  var host = BTHost()
  var responder = BTResponder<300>()
  var now: UInt64 = 0
  var taken: Message?
  var isClean = true

  init() { responder.open(on: &registers) }

  @discardableResult
  mutating func step() -> HostEvent {
    let event = host.event(on: &registers, now: now)
    if case .waiting(let end) = event { require(end > now, "a wait that is over") }
    if event == .complete {
      guard let response = host.response else { fatalError("complete, and no response") }
      require(response.command == host.request.command, "a response to something else")
      if isClean, response.completionCode == .success {
        require(
          response == answer(to: host.request), "not the answer to this request")
      }
    }
    return event
  }

  mutating func take() {
    guard let bytes = responder.takeRequest() else { return }
    guard let request = Message(bytes) else { fatalError("a request that is none") }
    taken = request
  }

  mutating func respond() {
    guard let request = taken else { return }
    responder.respond(answer(to: request).bytes, on: &registers)
    taken = nil
  }

  private func answer(to request: Message) -> Message {
    guard request.command == .getBTInterfaceCapabilities else {
      return echo(request, capacity: BTChannel.messageCapacity)
    }
    var response = Message(respondingTo: request)
    response.append(contentsOf: [1, 63, 63, 10, 0] as FixedBytes<5>)
    return response
  }

  mutating func serve() -> Bool {
    let served = responder.service(&registers)
    take()
    let answers = taken != nil
    respond()
    return served || answers
  }
}

/// Both state machines and both sides' accesses in any order; as for KCS.
func fuzzBT(_ input: inout Input) {
  var pair = BTPair()
  let strangers = input.bool()
  while !input.isAtEnd {
    switch input.number(below: strangers ? 20 : 12) {
    case 0: pair.host.start(input.request(longest: BTChannel.messageCapacity + 2))
    case 1, 2, 3: pair.step()
    case 4, 5, 6: pair.responder.service(&pair.registers)
    case 7: pair.take()
    case 8: pair.respond()
    case 9: pair.now += input.duration()
    case 10: pair.host.abort()
    case 11:
      if input.bool() {
        pair.responder.setAttention(on: &pair.registers)
      } else if input.bool() {
        pair.responder.close(on: &pair.registers)
      } else {
        pair.responder.open(on: &pair.registers)
      }
    default:
      pair.isClean = false
      disturb(&pair.registers, &input)
    }
  }
  pair.responder.open(on: &pair.registers)
  // The first ones may meet what a stranger left behind.
  _ = pair.transact(probe(0))
  _ = pair.transact(probe(1))
  pair.isClean = true
  let request = probe(2)
  require(pair.transact(request) == echo(request), "the link does not recover")
}

/// One access that no driver makes.
private func disturb(_ registers: inout CheckedBT, _ input: inout Input) {
  let value = input.byte()
  switch input.number(below: 8) {
  case 0: registers.hostWriteControl(BTControl(rawValue: value))
  case 1: _ = registers.hostReadData()
  case 2: registers.hostWriteData(value)
  case 3: registers.hostWriteInterruptMask(BTInterruptMask(rawValue: value))
  case 4: registers.bmcWriteControl(BTControl(rawValue: value))
  case 5: _ = registers.bmcReadData()
  case 6: registers.bmcWriteData(value)
  default: registers.channel.bmcWriteInterruptMask(BTInterruptMask(rawValue: value))
  }
  require(
    registers.channel.hostInterrupt == (registers.channel.interruptMask.rawValue & 3 == 3),
    "the host's interrupt is not its level")
}
