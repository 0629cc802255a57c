import BMCPeripherals
import ControllerContent
import IPMI
import SystemInterfaces

/// Any access of any width, by both processors, to the NPCM7xx's host interface.
///
/// The interrupt is the level that its registers say; an access that meets no register changes
/// nothing but the count of such; state that is saved and restored is the same; and KCS works.
func fuzzNPCM7xx(_ input: inout Input) {
  var block = NPCM7xxHostInterface()
  while !input.isAtEnd {
    switch input.number(below: 8) {
    case 0, 1, 2: access(&block, &input)
    case 3: hostKCS(&block, channel: 1 + input.number(below: 3), &input)
    case 4: block.switchOnHost(ofChannel: 1 + input.number(below: 3))
    case 5: block.postCode(port: UInt16(input.byte()), value: input.byte())
    case 6: block = restored(block, or: NPCM7xxHostInterface())
    default: checkInterrupt(block)
    }
  }
  checkInterrupt(block)
  for channel in 1...3 {
    block.switchOnHost(ofChannel: channel)
    block.withHost(ofChannel: channel) { recoverKCS(&$0) }
  }
}

/// The formula of the registers, read from a copy, for reading has effects.
private func checkInterrupt(_ block: NPCM7xxHostInterface) {
  var copy = block
  var level = false
  for base in [0x0C, 0x1E, 0x30] {
    let (status, control) = (copy.read(base, width: 1), copy.read(base + 0x0C, width: 1))
    if status & control & 1 << 1 != 0 && control & 1 != 0 { level = true }
    if status & 1 << 1 != 0 && control & 1 != 0 { level = true }
    if status & 1 == 0 && control & 1 << 1 != 0 { level = true }
  }
  if copy.read(0x48, width: 1) & 1 << 7 != 0 && copy.read(0x46, width: 1) & 1 << 3 != 0 {
    level = true
  }
  require(block.interrupt == level, "the interrupt is not the level of its causes")
}

/// The same for the ASPEED block of each generation, the iBT included.
func fuzzAspeed(_ input: inout Input) {
  let generation = AspeedGeneration.allCases[input.number(below: 3)]
  var block = AspeedHostInterface(AspeedLPC(generation))
  while !input.isAtEnd {
    switch input.number(below: 9) {
    case 0, 1, 2: access(&block, &input)
    case 3:
      let port = UInt16(input.byte()) << 8 | UInt16(input.byte())
      if input.bool() {
        _ = block.hostRead(port: port)
      } else {
        _ = block.hostWrite(input.byte(), port: port)
      }
    case 4: hostKCS(&block, channel: 1 + input.number(below: 4), &input)
    case 5: hostBT(&block, &input)
    case 6: block = restored(block, or: AspeedHostInterface(AspeedLPC(generation)))
    case 7:
      // The ports and enables that Linux's drivers program, now and then.
      for (offset, value) in [(0x00, 0xE0), (0x10, 0x04), (0x14, 0x0C), (0x18, 0xA2), (0x08, 0x0E)]
      {
        block.write(UInt64(value), to: offset, width: 4)
      }
    default: checkInterrupts(block)
    }
  }
  checkInterrupts(block)
  block.write(0xE0, to: 0x00, width: 1)
  block.write(0x04, to: 0x10, width: 1)
  block.write(0x01, to: 0x100, width: 1)
  for channel in 1...4 { block.withHost(ofChannel: channel) { recoverKCS(&$0) } }
  block.write(0x00E4_000D, to: 0x140, width: 4)
  block.withHostOfBT { recoverBT(&$0) }
}

private func checkInterrupts(_ block: AspeedHostInterface) {
  var copy = block
  var sources: UInt8 = 0
  let (hicr0, hicr2, hicr4) = (word(&copy, 0x00), word(&copy, 0x08), word(&copy, 0x10))
  let hicrb = word(&copy, 0x100)
  let enabled = [
    hicr0 & 1 << 5 != 0 && hicr2 & 1 << 1 != 0, hicr0 & 1 << 6 != 0 && hicr2 & 1 << 2 != 0,
    hicr0 & 1 << 7 != 0 && hicr4 & 1 << 2 != 0 && hicr2 & 1 << 3 != 0,
    hicrb & 1 << 0 != 0 && hicrb & 1 << 1 != 0,
  ]
  for (index, offset) in [0x3C, 0x40, 0x44, 0x11C].enumerated() {
    if word(&copy, offset) & 1 << 1 != 0, enabled[index] { sources |= 1 << UInt8(index) }
  }
  if word(&copy, 0x148) & word(&copy, 0x144) & 0xFFFF != 0 { sources |= 1 << 4 }
  require(block.interruptSources & 0x1F == sources, "an interrupt is not its causes' level")
}

private func word(_ block: inout AspeedHostInterface, _ offset: Int) -> UInt32 {
  UInt32(block.read(offset, width: 4))
}

// MARK: What both have in common

/// A BMC's access, mostly within the registers.
private func access<Block: HostInterfaceModule>(_ block: inout Block, _ input: inout Input) {
  let selector = input.byte()
  let width = [1, 1, 2, 4, 4, 8, 0, 3][Int(selector & 7)]
  let page = selector & 8 == 0 ? 0 : Int(input.byte() & 0xF) << 8
  let offset = page | Int(input.byte())
  // To save a state takes longer than all else here.
  let isRefused = ![1, 2, 4].contains(width)
  let before = isRefused ? StateData(saving: block).bytes : []
  if selector & 0x10 == 0 {
    let value = block.read(offset, width: width)
    require(
      width >= 8 || value >> UInt64(8 * width) == 0, "more bits were read than there are")
  } else {
    block.write(input.word(), to: offset, width: width)
  }
  guard isRefused else { return }
  // The count of refused accesses is the last field, or nearly so.
  let after = StateData(saving: block).bytes
  require(
    before.dropLast(5) == after.dropLast(5), "an access of no register's width changes something")
}

private func hostKCS<Block: HostInterfaceModule>(
  _ block: inout Block, channel: Int, _ input: inout Input
) {
  let (choice, value) = (input.number(below: 4), input.byte())
  block.withHost(ofChannel: channel) { registers in
    switch choice {
    case 0: _ = registers.hostReadStatus()
    case 1: _ = registers.hostReadData()
    case 2: registers.hostWriteData(value)
    default: registers.hostWriteCommand(value)
    }
    return true
  }
}

private func hostBT(_ block: inout AspeedHostInterface, _ input: inout Input) {
  let (choice, value) = (input.number(below: 4), input.byte())
  block.withHostOfBT { registers in
    switch choice {
    case 0: registers.hostWriteControl(BTControl(rawValue: value))
    case 1: _ = registers.hostReadData()
    case 2: registers.hostWriteData(value)
    default: registers.hostWriteInterruptMask(BTInterruptMask(rawValue: value))
    }
    return true
  }
}

/// What comes of `block` by way of a saved state.
private func restored<Block: Restorable>(_ block: Block, or blank: Block) -> Block {
  let bytes = StateData(saving: block).bytes
  var copy = blank
  require(StateData.restore(&copy, from: bytes), "a state that was saved is refused")
  require(StateData(saving: copy).bytes == bytes, "a state that was restored is another one")
  return copy
}

/// A host's driver and a BMC's meet on the channel, whatever state it is in.
private func recoverKCS(_ channel: inout KCSChannel) -> Bool {
  var (host, responder) = (KCSHost(), KCSResponder<300>())
  let request = probe(1)
  host.start(request)
  var now: UInt64 = 0
  for _ in 0..<1_000 {
    let event = host.event(on: &channel, now: now)
    if event == .complete, host.response == echo(request) { return true }
    require(event != .failed && event != .complete, "KCS does not recover")
    let served = responder.service(&channel)
    if let bytes = responder.takeRequest(), let request = Message(bytes) {
      responder.respond(echo(request).bytes, on: &channel)
    } else if case .waiting(let end) = event, !served {
      now = end
    }
  }
  fatalError("KCS does not recover")
}

private func recoverBT(_ channel: inout BTChannel) -> Bool {
  var (host, responder) = (BTHost(), BTResponder<300>())
  responder.open(on: &channel)
  var now: UInt64 = 0
  for number in UInt8(0)..<3 {
    let request = probe(number)
    host.start(request)
    for _ in 0..<1_000 where !host.isIdle {
      let event = host.event(on: &channel, now: now)
      let served = responder.service(&channel)
      if let bytes = responder.takeRequest(), let request = Message(bytes) {
        responder.respond(echo(request).bytes, on: &channel)
      } else if case .waiting(let end) = event, !served {
        now = end
      }
    }
    if host.response == echo(request) { return true }
  }
  fatalError("BT does not recover")
}
