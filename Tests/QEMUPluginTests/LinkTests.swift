import BMCPeripherals
import Foundation
import IPMI
import RegisterLink
import RegisterLinkFile
import SystemInterfaces
import TestSupport
import Testing

/// A BMC and a PC in two stock QEMUs that share the registers of the BMC's channels: the test is the
/// firmware of one, and the driver of the other.
extension StockQEMUTests {
  @Suite struct LinkTests {
    /// A BMC's board, and which channel of it the PC has.
    struct Board: Sendable, CustomTestStringConvertible {
      var name: String
      var interruptController: String
      var line: Int
      var hasBT: Bool

      var testDescription: String { name }

      static let npcm750 = Board(
        name: "npcm750-evb", interruptController: "/machine/soc/a9mpcore/gic", line: 9,
        hasBT: false)
      static let ast2600 = Board(
        name: "ast2600-evb", interruptController: "/machine/soc/a7mpcore/gic", line: 140,
        hasBT: true)
      static let all = [npcm750, ast2600]
    }

    static func bmc(
      _ qemu: StockQEMU, _ directory: (here: URL, inside: String), _ board: Board
    ) throws -> QTestMachine {
      try QTestMachine(
        qemu, in: directory, machine: board.name, interruptController: board.interruptController,
        options: ["-device", "ipmi-host-link,link=\(directory.inside)/link"])
    }

    static func host(
      _ qemu: StockQEMU, _ directory: (here: URL, inside: String), irq: String = ",irq=10",
      delay: String = "0", properties: (kcs: String, bt: String) = ("", "")
    ) throws -> QTestMachine {
      let link = "link=\(directory.inside)/link"
      return try QTestMachine(
        qemu, in: directory, emulator: "qemu-system-x86_64", machine: "pc",
        interruptController: "ioapic",
        options: [
          "-device",
          "lpc-kcs,\(link),channel=3,ioport=0xca2,odr-delay=\(delay)\(irq)\(properties.kcs)",
          "-device", "lpc-bt,\(link),ioport=0xe4,irq=11\(properties.bt)",
          "-device", "lpc-post-codes,\(link)",
        ])
    }

    /// The BMC's KCS3, as its firmware has it.
    struct KCSAtBMC: KCSBMCRegisters {
      let machine: QTestMachine
      let isAspeed: Bool

      /// Enables the channel, its interrupt, and the host's.
      init(_ machine: QTestMachine, _ board: Board) throws {
        self.machine = machine
        isAspeed = board.hasBT
        guard isAspeed else {
          try machine.writeByte(0x01, to: 0xF000_703C)  // CTL
          try machine.writeByte(0x09, to: 0xF000_7040)  // IE
          return
        }
        try machine.writeWord(0x0C, to: AspeedTests.base + 0x14)
        try machine.writeWord(0xA2, to: AspeedTests.base + 0x18)
        try machine.writeWord(0x04, to: AspeedTests.base + 0x10)
        try machine.writeWord(0x80, to: AspeedTests.base + 0x00)
        try machine.writeWord(0x08, to: AspeedTests.base + 0x08)
        try machine.writeWord(10 << 20 | 1 << 15, to: AspeedTests.base + 0x80)
      }

      private func address(_ npcm: UInt64, _ aspeed: UInt64) -> UInt64 {
        isAspeed ? AspeedTests.base + aspeed : 0xF000_7000 + npcm
      }

      func bmcReadStatus() -> KCSStatus {
        KCSStatus(rawValue: recording { try machine.readByte(address(0x30, 0x44)) } ?? 0)
      }
      func bmcWriteStatus(_ value: KCSStatus) {
        recording { try machine.writeByte(value.rawValue, to: address(0x30, 0x44)) }
      }
      func bmcReadData() -> UInt8 { recording { try machine.readByte(address(0x34, 0x2C)) } ?? 0 }
      /// On ASPEED's IRQXE3 follows, as Linux does it.
      func bmcWriteData(_ value: UInt8) {
        recording { try machine.writeByte(value, to: address(0x32, 0x38)) }
        guard isAspeed else { return }
        recording { try machine.writeWord(10 << 20 | 0b11 << 14, to: AspeedTests.base + 0x80) }
      }
    }

    /// The host's ports.
    struct KCSAtHost: KCSHostRegisters {
      let machine: QTestMachine

      func hostReadStatus() -> KCSStatus {
        KCSStatus(rawValue: recording { try machine.input(0xCA3) } ?? 0)
      }
      func hostReadData() -> UInt8 { recording { try machine.input(0xCA2) } ?? 0 }
      func hostWriteData(_ value: UInt8) { recording { try machine.output(value, to: 0xCA2) } }
      func hostWriteCommand(_ value: UInt8) { recording { try machine.output(value, to: 0xCA3) } }
    }

    func with(
      _ qemu: StockQEMU, _ body: ((here: URL, inside: String)) throws -> Void
    ) async throws {
      try await qemu.withTemporaryDirectory { here, inside in try body((here, inside)) }
    }

    /// A request of `bytes` by the host, answered by the BMC: byte by byte, each by its interrupt.
    func exchange(
      _ bytes: FixedBytes<300>, _ host: KCSAtHost, _ bmc: inout KCSAtBMC, line: Int
    ) throws {
      var responder = KCSResponder<300>()
      host.hostWriteCommand(KCSControl.writeStart)
      for index in 0..<bytes.count {
        try bmc.machine.waitForInterrupt(line)
        responder.service(&bmc)
        #expect(host.hostReadStatus().state == .write)
        _ = host.hostReadData()
        if index == bytes.count - 1 {
          host.hostWriteCommand(KCSControl.writeEnd)
          try bmc.machine.waitForInterrupt(line)
          responder.service(&bmc)
          _ = host.hostReadData()
        }
        host.hostWriteData(bytes[index])
      }
      try bmc.machine.waitForInterrupt(line)
      responder.service(&bmc)
      let request = responder.takeRequest()
      #expect(request == bytes)
      responder.respond([0x1C, 0x01, 0x00, 0x42], on: &bmc)
      var response: [UInt8] = []
      while true {
        try host.machine.waitForInterrupt(10)
        let status = host.hostReadStatus()
        let byte = host.hostReadData()
        guard status.state == .read else { break }
        response.append(byte)
        #expect(try !host.machine.isRaisedNow(10))
        host.hostWriteData(KCSControl.read)
        try bmc.machine.waitForInterrupt(line)
        responder.service(&bmc)
      }
      #expect(response == [0x1C, 0x01, 0x00, 0x42])
    }

    @Test(arguments: StockQEMU.all, Board.all)
    func kcsGoesByteByByteFromOneQEMUToTheOther(_ qemu: StockQEMU, _ board: Board) async throws {
      try await with(qemu) { directory in
        let host = try Self.host(qemu, directory)
        #expect(try host.input(0xCA3) == 0xFF, "no BMC has ever been there")
        let machine = try Self.bmc(qemu, directory, board)
        #expect(try host.input(0xCA3) == (board.hasBT ? 0xFF : 0))
        var bmc = try KCSAtBMC(machine, board)
        #expect(try host.input(0xCA3) == 0)
        for _ in 0..<3 {
          try exchange([0x18, 0x01, 0x55], KCSAtHost(machine: host), &bmc, line: board.line)
        }
      }
    }

    /// SerIRQ: the BMC has chosen IRQ 10, and its host takes that.
    @Test(arguments: StockQEMU.all)
    func theHostTakesTheInterruptThatTheBMCHasChosen(_ qemu: StockQEMU) async throws {
      try await with(qemu) { directory in
        let machine = try Self.bmc(qemu, directory, .ast2600)
        let host = try Self.host(qemu, directory, irq: "")
        var bmc = try KCSAtBMC(machine, .ast2600)
        try exchange([0x18, 0x01], KCSAtHost(machine: host), &bmc, line: 140)
      }
    }

    @Test(arguments: StockQEMU.all)
    func btGoesThroughItsBuffers(_ qemu: StockQEMU) async throws {
      try await with(qemu) { directory in
        let bmc = try Self.bmc(qemu, directory, .ast2600)
        let host = try Self.host(qemu, directory)
        let base = AspeedTests.base
        #expect(try host.input(0xE4) == 0xFF)
        try bmc.writeWord(0x41, to: base + 0x144)
        try bmc.writeWord(0x00E4_A00D, to: base + 0x140)
        #expect(try host.input(0xE4) == 0x80)
        try bmc.writeByte(0x80, to: base + 0x150)
        let request: [UInt8] = [3, 0x18, 7, 1]
        let response: [UInt8] = [4, 0x1C, 7, 1, 0]
        try host.output(0x01, to: 0xE6)
        for _ in 0..<3 {
          try host.output(0x01, to: 0xE4)
          for byte in request { try host.output(byte, to: 0xE5) }
          try host.output(0x04, to: 0xE4)
          try bmc.waitForInterrupt(143)
          try bmc.writeWord(0xFFFF, to: base + 0x148)
          #expect(try !bmc.isRaisedNow(143))
          try bmc.writeByte(0x86, to: base + 0x150)
          #expect(try request.map { _ in try bmc.readByte(base + 0x154) } == request)
          try bmc.writeByte(0x81, to: base + 0x150)
          for byte in response { try bmc.writeByte(byte, to: base + 0x154) }
          try bmc.writeByte(0x08, to: base + 0x150)
          try host.waitForInterrupt(11)
          try host.output(0x03, to: 0xE6)
          #expect(try !host.isRaisedNow(11))
          try host.output(0x4A, to: 0xE4)
          #expect(try response.map { _ in try host.input(0xE5) } == response)
          try host.output(0x40, to: 0xE4)
        }
      }
    }

    @Test(arguments: StockQEMU.all)
    func postCodesReachTheSnoop(_ qemu: StockQEMU) async throws {
      try await with(qemu) { directory in
        let bmc = try Self.bmc(qemu, directory, .ast2600)
        let host = try Self.host(qemu, directory)
        try bmc.writeWord(0x80, to: AspeedTests.base + 0x90)
        try bmc.writeWord(0b11, to: AspeedTests.base + 0x80)
        for code: UInt8 in 1...20 { try host.output(code, to: 0x80) }
        for code: UInt8 in 1...20 {
          try bmc.waitForInterrupt(144)
          try bmc.writeWord(1, to: AspeedTests.base + 0x84)
          #expect(try bmc.readByte(AspeedTests.base + 0x94) == code)
        }
        #expect(try !bmc.isRaisedNow(144))
      }
    }

    /// Either is killed with a byte on its way; the other one runs on, and the next request is
    /// answered.
    @Test(arguments: StockQEMU.all, Board.all)
    func eitherSideDiesAndComesBack(_ qemu: StockQEMU, _ board: Board) async throws {
      try await with(qemu) { directory in
        var machine = try Self.bmc(qemu, directory, board)
        var bmc = try KCSAtBMC(machine, board)
        var host = KCSAtHost(machine: try Self.host(qemu, directory))
        for round in 0..<3 {
          try exchange([0x18, 0x01], host, &bmc, line: board.line)
          host.hostWriteCommand(KCSControl.writeStart)
          if round == 1 {
            host.machine.kill()
            try machine.waitForInterrupt(board.line)
            host = KCSAtHost(machine: try Self.host(qemu, directory))
            #expect(bmc.bmcReadData() == KCSControl.writeStart, "what it wrote is still there")
          } else {
            machine.kill()
            let status = host.hostReadStatus()
            #expect(status.contains([.inputBufferFull, .commandData]), "the registers stay")
            machine = try Self.bmc(qemu, directory, board)
            bmc = try KCSAtBMC(machine, board)
            #expect(host.hostReadStatus() == [], "it has powered on")
          }
        }
        try exchange([0x18, 0x01], host, &bmc, line: board.line)
      }
    }

    /// A peer writes anything into the file while both run: they answer, and are there afterwards.
    @Test(arguments: StockQEMU.all)
    func anythingInTheFileStopsNobody(_ qemu: StockQEMU) async throws {
      try await with(qemu) { directory in
        let machine = try Self.bmc(qemu, directory, .ast2600)
        var bmc = try KCSAtBMC(machine, .ast2600)
        let host = KCSAtHost(machine: try Self.host(qemu, directory))
        let file = try FileHandle(forUpdating: directory.here.appending(path: "link"))
        var random = SplitMix64(seed: 0xF11E)
        for round in 0..<300 {
          try file.seek(toOffset: 16)
          try file.write(
            contentsOf: Data((0..<700).map { _ in UInt8(truncatingIfNeeded: random.next()) }))
          for port: UInt16 in [0xCA2, 0xCA3, 0xE4, 0xE5, 0xE6, 0x80] {
            _ = try host.machine.input(port)
            try host.machine.output(UInt8(truncatingIfNeeded: round), to: port)
          }
          for offset: UInt64 in [0x2C, 0x38, 0x44, 0x148, 0x14C, 0x150, 0x154, 0x158, 0x94] {
            _ = try machine.read("readl", AspeedTests.base + offset)
            try machine.writeWord(UInt32(round), to: AspeedTests.base + offset)
          }
        }
        // What is sensible again is used again.
        machine.kill()
        let again = try Self.bmc(qemu, directory, .ast2600)
        bmc = try KCSAtBMC(again, .ast2600)
        try exchange([0x18, 0x01], host, &bmc, line: 140)
      }
    }

    /// The file made shorter: a mapping past its end is a bus error, which must not end QEMU.
    @Test(arguments: StockQEMU.all)
    func aFileThatIsCutStopsNobody(_ qemu: StockQEMU) async throws {
      try await with(qemu) { directory in
        let machine = try Self.bmc(qemu, directory, .npcm750)
        let host = KCSAtHost(machine: try Self.host(qemu, directory))
        let bmc = try KCSAtBMC(machine, .npcm750)
        #expect(host.hostReadStatus() == [])
        try FileHandle(forUpdating: directory.here.appending(path: "link")).truncate(atOffset: 0)
        _ = host.hostReadStatus()
        host.hostWriteCommand(0x61)
        _ = bmc.bmcReadStatus()
        bmc.bmcWriteData(1)
        // Each is alone now, and still there.
        _ = try machine.readByte(0)
        _ = try host.machine.readByte(0)
      }
    }
  }
}

extension QTestMachine {
  /// The host reads an I/O port.
  func input(_ port: UInt16) throws -> UInt8 {
    let words = try command("inb 0x\(String(port, radix: 16))")
    guard words.count == 2, let value = UInt8(words[1].dropFirst(2), radix: 16) else {
      throw Failure(description: "\(words)")
    }
    return value
  }

  /// The host writes an I/O port.
  func output(_ value: UInt8, to port: UInt16) throws {
    try command("outb 0x\(String(port, radix: 16)) 0x\(String(value, radix: 16))")
  }

  /// Whether an input of the interrupt controller is high, now.
  func isRaisedNow(_ number: Int) throws -> Bool {
    _ = try readByte(0)
    return isRaised(number)
  }
}

/// What `body` returns; `nil` where the machine has failed, which the test then shows.
@discardableResult
private func recording<Result>(_ body: () throws -> Result) -> Result? {
  do { return try body() } catch {
    Issue.record(error)
    return nil
  }
}
