import BMCPeripherals
import CIPMIHostBridge
import EmulatorABI
import TestSupport
import Testing

/// Through the ABI the registers are the models', access by access.
@Suite struct RegisterTests {
  @Test(arguments: SystemOnChip.all.indices, [1 as UInt64, 2, 3])
  func randomAccessesAreTheModels(_ index: Int, seed: UInt64) throws {
    let chip = SystemOnChip.all[index]
    switch chip.module {
    case .npcm7xx: try compare(chip, NPCM7xxHostInterface(), seed: seed)
    case .aspeed(let generation):
      try compare(chip, AspeedHostInterface(AspeedLPC(generation)), seed: seed)
    }
  }

  private func compare(
    _ soc: SystemOnChip, _ module: some HostInterfaceModule, seed: UInt64
  ) throws {
    var random = SplitMix64(seed: seed)
    var model = module
    let chip = try Chip("\(soc.name)")
    for step in 0..<20_000 {
      let place: Comment = "\(random), step \(step)"
      let size: UInt32 = [1, 1, 1, 2, 4, 8][Int(random.next() % 6)]
      // Mostly where registers are.
      let offset = random.next() % (random.next() % 8 == 0 ? soc.size : 0x260)
      switch random.next() % 8 {
      case 0...2:
        #expect(
          try chip.read(offset, size) == model.read(Int(offset), width: Int(size)), place)
      case 3...5:
        let value = random.next()
        try chip.write(value, to: offset, size)
        model.write(value, to: Int(offset), width: Int(size))
      case 6:
        let port = ports[Int(random.next() % UInt64(ports.count))]
        #expect(try chip.portRead(port) == model.hostRead(port: port) ?? 0xFF, place)
      default:
        let port = ports[Int(random.next() % UInt64(ports.count))]
        let value = UInt8(truncatingIfNeeded: random.next())
        try chip.portWrite(value, to: port)
        model.hostWrite(value, port: port)
      }
      for line in soc.interruptLines {
        let level = model.interruptSources & line.sources != 0
        let number = UInt32(line.number)
        #expect(try chip.level(ofLine: number) == level, place)
        #expect(chip.levels[number] ?? false == level, place)
      }
    }
  }

  /// The AST's channels after reset, and POST codes.
  private var ports: [UInt16] { [0x60, 0x64, 0x62, 0x66, 0x00, 0x02, 0x03, 0x80, 0xE4, 0xCA2] }

  /// The list of chips is the catalogue's, and so is what is said of each.
  @Test func chipsAreDescribed() throws {
    for (index, soc) in SystemOnChip.all.enumerated() {
      var name: UnsafePointer<CChar>?
      #expect(unsafe ihb_soc_name(UInt32(index), &name) == IHB_OK)
      #expect(unsafe String(cString: try #require(unsafe name)) == "\(soc.name)")
      let chip = unsafe try Chip("\(soc.name)").description()
      #expect(unsafe String(cString: chip.name) == "\(soc.name)")
      #expect(unsafe chip.base == soc.base)
      #expect(unsafe chip.size == soc.size)
      let lines = unsafe withUnsafeBytes(of: chip.interrupt_lines) {
        unsafe Array($0.assumingMemoryBound(to: UInt32.self))
      }
      let count = unsafe Int(chip.interrupt_line_count)
      #expect(lines[..<count].elementsEqual(soc.interruptLines.lazy.map { UInt32($0.number) }))
      #expect(unsafe chip.responders == soc.responders.reduce(0) { $0 | 1 << UInt32($1.channel) })
      #expect(unsafe chip.decodes_host_ports == (soc.module != .npcm7xx))
    }
  }

  /// A host whose SuperIO part has a channel at ports of its own.
  @Test func aHostChoosesItsPortsOnANPCM750() throws {
    let chip = try Chip("npcm750")
    #expect(try chip.portRead(0xCA3) == 0xFF)
    unsafe try Chip.check(ihb_map_ports(chip.soc, IHB_KCS2, 0xCA2, 0xCA3))
    #expect(try chip.portRead(0xCA3) == 0x00)
    try chip.portWrite(0x61, to: 0xCA3)
    #expect(try chip.read(0x1E) == 0x0A)  // IBF, C/D
    #expect(try chip.read(0x22) == 0x61)
    try chip.write(0x5A, to: 0x20)
    #expect(try chip.portRead(0xCA2) == 0x5A)
    // The first port of POST codes.
    try chip.write(0x88, to: 0x46)  // BPCFEN: ADDR1EN, FRIE
    try chip.portWrite(0xC7, to: 0x80)
    #expect(try chip.level(ofLine: 9))
    #expect(try chip.read(0x4A) == 0xC7)
  }
}
