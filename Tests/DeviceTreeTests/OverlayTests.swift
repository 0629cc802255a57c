import BMCPeripherals
import DeviceTree
import EmulatedPair
import Testing

@Suite struct OverlayTests {
  @Test(arguments: OverlayBoard.testable)
  func `an overlay applies to the board's device tree and enables every host interface`(
    _ board: OverlayBoard
  ) throws {
    let directory = try TemporaryDirectory()
    let before = try DeviceTree(contents(of: board.base(in: directory))).hostPeripherals
    let after = try DeviceTree(contents(of: board.overlaid(in: directory))).hostPeripherals
    // Two are enabled already: the AST2400's iBT, and the channels in the NPCM750's own file.
    #expect(
      before.allSatisfy {
        !$0.isEnabled || $0.kind == .aspeedIBT || $0.kind == .npcm7xxKCS && board.origin == .source
      })
    #expect(after.allSatisfy { $0.isEnabled && $0.status == "okay" })
    // It adds to what the kernel's file says, and changes no address or interrupt in it.
    for old in before {
      let new = try #require(after.first { $0.path == old.path })
      #expect(new.registers == old.registers)
      #expect(new.interrupts == old.interrupts)
      #expect(new.compatible == old.compatible)
    }
  }

  @Test(.enabled(if: Self.canTest("npcm750-evb")))
  func `npcm750-evb has KCS 1 to 3 and the POST-code FIFO where the module is emulated`() throws {
    let peripherals = try peripherals(of: "npcm750-evb")
    #expect(peripherals.count == 4)
    for channel in 1...NPCM7xxHostInterface.channelCount {
      let kcs = try #require(peripherals.first { $0.channel == channel })
      #expect(kcs.kind == .npcm7xxKCS)
      #expect(kcs.path == "/ahb/apb/lpc_kcs@7000/kcs\(channel)@0")
      #expect(kcs.registers == [AddressRange(start: NPCM7xxHostInterface.base, size: 0x40)])
      #expect(kcs.interrupts.map(\.description) == ["SPI 9 high"])
      #expect(kcs.interrupts.map(\.number) == [UInt32(NPCM7xxHostInterface.interrupt)])
      #expect(kcs.hostPorts == [])
      #expect(kcs.serialInterrupt == nil)
    }
    let fifo = try #require(peripherals.first { $0.kind == .npcm7xxPOSTCodeFIFO })
    #expect(fifo.registers == [AddressRange(start: 0xF000_7040, size: 0x20)])
    #expect(fifo.hostPorts == [0x80])
    #expect(fifo.interrupts.map(\.description) == ["SPI 9 high"])
  }

  /// AST2400 and AST2500 share input 8 of their interrupt controller; the AST2600 has a line for
  /// each.
  @Test(
    .enabled(if: Self.canTest("ast2600-evb")),
    arguments: [
      (
        "ast2600-evb", ["SPI 138 high", "SPI 139 high", "SPI 140 high", "SPI 141 high"],
        "SPI 143 high", "SPI 144 high", UInt64(0x1E78_9080)
      ),
      ("ast2500-evb", ["8", "8", "8", "8"], "8", "8", 0x1E78_9090),
      ("palmetto-bmc", ["8", "8", "8", "8"], "8", "8", 0x1E78_9090),
    ])
  func `ASPEED boards have KCS 1 to 4, iBT and the snoop`(
    _ board: String, _ kcsLines: [String], _ ibtLine: String, _ snoopLine: String, _ snoop: UInt64
  ) throws {
    let peripherals = try peripherals(of: board)
    #expect(peripherals.count == 6)
    let registers: [[UInt64]] = [
      [0x24, 0x30, 0x3C], [0x28, 0x34, 0x40], [0x2C, 0x38, 0x44], [0x114, 0x118, 0x11C],
    ]
    let ports: [[UInt16]] = [[0xCA0, 0xCA4], [0xCA8, 0xCAC], [0xCA2, 0xCA3], [0xCB2, 0xCB3]]
    for channel in 1...4 {
      let kcs = try #require(peripherals.first { $0.channel == channel })
      #expect(kcs.kind == .aspeedKCS)
      #expect(kcs.registers.map(\.start) == registers[channel - 1].map { 0x1E78_9000 + $0 })
      #expect(kcs.registers.allSatisfy { $0.size == 1 })
      #expect(kcs.hostPorts == ports[channel - 1])
      #expect(kcs.interrupts.map(\.description) == [kcsLines[channel - 1]])
      #expect(kcs.serialInterrupt?.description == (channel == 3 ? "11 low" : nil))
    }
    let ibt = try #require(peripherals.first { $0.kind == .aspeedIBT })
    #expect(ibt.registers == [AddressRange(start: 0x1E78_9140, size: 0x18)])
    #expect(ibt.hostPorts == [0xE4, 0xE5, 0xE6])
    #expect(ibt.interrupts.map(\.description) == [ibtLine])
    let codes = try #require(peripherals.first { $0.kind == .aspeedSnoop })
    #expect(codes.registers.map(\.start) == [snoop])
    #expect(codes.hostPorts == [0x80])
    #expect(codes.interrupts.map(\.description) == [snoopLine])
  }

  static func canTest(_ board: String) -> Bool {
    OverlayBoard.testable.contains { $0.name == board }
  }

  private func peripherals(of name: String) throws -> [HostPeripheral] {
    let board = try #require(OverlayBoard.all.first { $0.name == name })
    return try DeviceTree(board.overlaid()).hostPeripherals
  }
}
