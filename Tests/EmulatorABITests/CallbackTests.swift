import CIPMIHostBridge
import EmulatorABI
import IPMI
import Testing

/// What the library tells the emulator, and when.
@Suite struct CallbackTests {
  @Test func anInterruptIsToldAtItsEdges() throws {
    let chip = try Chip("npcm750")
    unsafe try Chip.check(ihb_map_ports(chip.soc, IHB_KCS1, 0xCA2, 0xCA3))
    try chip.write(1, to: 0x18)  // CTL: IBFIE
    #expect(chip.edges.isEmpty)
    try chip.portWrite(1, to: 0xCA2)
    try chip.portWrite(2, to: 0xCA2)
    #expect(chip.edges == [Chip.Edge(line: 9, level: true)])
    #expect(try chip.read(0x10) == 2)
    #expect(chip.edges == [true, false].map { Chip.Edge(line: 9, level: $0) })
    #expect(try chip.read(0x10) == 2)
    #expect(chip.edges.count == 2)
  }

  /// One that is set late learns of what is asserted.
  @Test func aLateHandlerIsToldAtOnce() throws {
    let chip = try Chip("npcm750")
    try chip.write(2, to: 0x18)  // CTL: OBEIE, and ODR is empty
    #expect(chip.edges == [Chip.Edge(line: 9, level: true)])
    var told = 0
    unsafe try withUnsafeMutablePointer(to: &told) { counter in
      unsafe try Chip.check(
        ihb_on_interrupt(
          chip.soc,
          { user, line, level in
            unsafe user!.assumingMemoryBound(to: Int.self).pointee += level && line == 9 ? 1 : 100
          }, counter))
    }
    #expect(told == 1)
  }

  /// A handler may acknowledge at once: the emulator sees both edges, in their order.
  @Test func aHandlerMayCallBack() throws {
    let chip = try Chip("npcm750")
    unsafe try Chip.check(ihb_map_ports(chip.soc, IHB_KCS1, 0xCA2, 0xCA3))
    try chip.write(1, to: 0x18)
    final class Handler {
      let chip: Chip
      var levels: [Bool] = []
      var byte: UInt64 = 0
      init(_ chip: Chip) { self.chip = chip }
    }
    let handler = Handler(chip)
    unsafe try Chip.check(
      ihb_on_interrupt(
        chip.soc,
        { user, _, level in
          let handler = unsafe Unmanaged<Handler>.fromOpaque(user!).takeUnretainedValue()
          handler.levels.append(level)
          if level { handler.byte = (try? handler.chip.read(0x10)) ?? 0 }
        }, Unmanaged.passUnretained(handler).toOpaque()))
    try chip.portWrite(0x42, to: 0xCA2)
    #expect(handler.levels == [true, false])
    #expect(handler.byte == 0x42)
    #expect(try chip.level(ofLine: 9) == false)
  }

  /// What a channel asks of its host's interrupt, with the number that the BMC has chosen.
  @Test func theHostsInterruptIsTold() throws {
    let chip = try Chip("ast2600")
    final class Handler {
      var told: [String] = []
    }
    let handler = Handler()
    unsafe try Chip.check(
      ihb_on_host_interrupt(
        chip.soc,
        { user, responder, level, irqs in
          unsafe Unmanaged<Handler>.fromOpaque(user!).takeUnretainedValue().told.append(
            "\(responder.rawValue) \(level) \(irqs)")
        }, Unmanaged.passUnretained(handler).toOpaque()))
    try chip.write(0xCA2 >> 8, to: 0x14, 4)  // LADR3H
    try chip.write(0xCA2 & 0xFF, to: 0x18, 4)  // LADR3L
    try chip.write(1 << 7, to: 0x00, 4)  // HICR0: LPC3E
    try chip.write(1 << 2, to: 0x10, 4)  // HICR4: KCSENBL
    try chip.write(11 << 20, to: 0x80, 4)  // HICR5: ID3IRQX
    try chip.write(0x55, to: 0x38, 4)  // ODR3
    try chip.write(11 << 20 | 1 << 14, to: 0x80, 4)  // IRQXE3
    #expect(try chip.portRead(0xCA2) == 0x55)
    #expect(handler.told == ["3 true 2048", "3 false 2048"])
  }

  /// Everything that goes on, in its order.
  @Test func eventsAreSeen() throws {
    let chip = try Chip("npcm750")
    final class Handler {
      var seen: [String] = []
    }
    let handler = Handler()
    unsafe try Chip.check(ihb_attach_wire(chip.soc, IHB_KCS1))
    var firmware = try Firmware(chip)
    try chip.advance(to: 77)
    unsafe try Chip.check(
      ihb_on_event(
        chip.soc,
        { user, event in
          let event = unsafe event!.pointee
          let handler = unsafe Unmanaged<Handler>.fromOpaque(user!).takeUnretainedValue()
          unsafe handler.seen.append(
            "\(event.kind.rawValue) \(event.time) \(event.address) \(event.value) \(event.size)"
              + " \(event.length)")
        }, Unmanaged.passUnretained(handler).toOpaque()))
    try chip.send([0x00, 0x18, 0x01, 0xE7, 0xA0], to: IHB_KCS1)
    #expect(handler.seen == ["5 77 0 0 0 5", "2 77 9 1 0 0"])
    handler.seen = []
    _ = try firmware.step()
    #expect(handler.seen.first == "0 77 12 10 1 0")  // ST: IBF, C/D
    try firmware.run()
    handler.seen = []
    let bytes = try chip.receive(from: IHB_KCS1)
    #expect(handler.seen == ["6 77 0 0 0 \(bytes.count)"])
    try chip.portWrite(0xAB, to: 0x80)
    _ = try chip.portRead(0x81)
    #expect(handler.seen.suffix(2) == ["4 77 128 171 1 0", "3 77 129 255 1 0"])
    let count = handler.seen.count
    unsafe try Chip.check(ihb_on_event(chip.soc, nil, nil))
    _ = try chip.read(0x0C)
    #expect(handler.seen.count == count)
  }
}
