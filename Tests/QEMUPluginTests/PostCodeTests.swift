import Testing

/// POST codes from a chardev to the registers of a stock QEMU's board, with the test as the
/// firmware.
extension StockQEMUTests {
  @Suite struct PostCodeTests {
    /// More than the deepest queue holds, all in one write.
    private static let codes = (0..<100).map { UInt8(truncatingIfNeeded: $0 * 7 + 1) }

    private func with(
      _ qemu: StockQEMU, machine: String, interruptController: String,
      _ body: (QTestMachine) throws -> Void
    ) async throws {
      try await qemu.withTemporaryDirectory { here, inside in
        try body(
          QTestMachine(
            qemu, in: (here, inside), machine: machine, interruptController: interruptController,
            responders: ["kcs3"], postCodePort: "0x80"))
      }
    }

    @Test(arguments: StockQEMU.all)
    func theFIFOOfAnNPCM7xxGetsEveryCode(_ qemu: StockQEMU) async throws {
      let base: UInt64 = 0xF000_7000
      let line = 9
      try await with(
        qemu, machine: "npcm750-evb", interruptController: "/machine/soc/a9mpcore/gic"
      ) { machine in
        // ADDR1EN and FRIE; the port is 80h out of reset.
        try machine.writeByte(0x88, to: base + 0x46)
        let host = try machine.connect(to: "post-codes")
        try host.send(Self.codes)
        var taken: [UInt8] = []
        while taken.count < Self.codes.count {
          try machine.waitForInterrupt(line)
          #expect(try machine.readByte(base + 0x48) & 0x80 != 0)
          taken.append(try machine.readByte(base + 0x4A))
        }
        #expect(taken == Self.codes)
        #expect(try machine.readByte(base + 0x48) == 0)
        #expect(!machine.isRaised(line))
        withExtendedLifetime(host) {}
      }
    }

    @Test(arguments: StockQEMU.all, AspeedTests.Board.all)
    func theSnoopOfAnASPEEDGetsEveryCode(
      _ qemu: StockQEMU, _ board: AspeedTests.Board
    ) async throws {
      let base = AspeedTests.base
      try await with(
        qemu, machine: board.name, interruptController: board.interruptController
      ) { machine in
        try machine.writeWord(0x80, to: base + 0x90)
        try machine.writeWord(0b11, to: base + 0x80)
        let host = try machine.connect(to: "post-codes")
        try host.send(Self.codes)
        var taken: [UInt8] = []
        while taken.count < Self.codes.count {
          try machine.waitForInterrupt(board.snoop)
          // Linux's order.
          try machine.writeWord(1, to: base + 0x84)
          taken.append(UInt8(try machine.read("readl", base + 0x94)))
        }
        #expect(taken == Self.codes)
        #expect(!machine.isRaised(board.snoop))
        withExtendedLifetime(host) {}
      }
    }
  }
}
