import Foundation
import IPMI
import SystemInterfaces
import Testing

/// From the wire to the LPC block of ASPEED's boards and back, with the test as the firmware.
extension StockQEMUTests {
  @Suite struct AspeedTests {
    static let base: UInt64 = 0x1E78_9000
    /// Get Device ID with message id 0, as `ipmi-bmc-extern` sends it.
    private static let getDeviceID: [UInt8] = [0x00, 0x18, 0x01, 0xE7, 0xA0]
    /// What the bridge says on connect: the protocol's version, and that no attention is wanted.
    private static let greeting: [UInt8] = [0xFF, 0x01, 0xA1, 0x00, 0xA1]

    /// The response, with one byte of data so that it stays short.
    private static func deviceID(_ data: UInt8) -> [UInt8] {
      [0x00, 0x1C, 0x01, 0x00, data, 0 &- 0x1D &- data, 0xA0]
    }

    /// A board, and the lines of its interrupt controller.
    struct Board: Sendable, CustomTestStringConvertible {
      var name: String
      var interruptController: String
      /// Of KCS1 to KCS4.
      var kcs: [Int]
      var ibt: Int
      var snoop: Int

      var testDescription: String { name }

      static let all =
        ["palmetto-bmc", "ast2500-evb", "romulus-bmc"].map {
          Board(
            name: $0, interruptController: "/machine/soc/vic", kcs: [8, 8, 8, 8], ibt: 8,
            snoop: 8)
        } + [
          Board(
            name: "ast2600-evb", interruptController: "/machine/soc/a7mpcore/gic",
            kcs: [138, 139, 140, 141], ibt: 143, snoop: 144)
        ]
    }

    /// The registers of one KCS channel, as words.
    private struct KCS: KCSBMCRegisters {
      let machine: QTestMachine
      /// Offsets of IDR, ODR and STR.
      let offsets: (idr: UInt64, odr: UInt64, str: UInt64)

      /// Enables channel `number` and its interrupt.
      init(_ machine: QTestMachine, channel number: Int) throws {
        self.machine = machine
        let step = UInt64(number - 1) * 4
        offsets =
          number == 4 ? (0x114, 0x118, 0x11C) : (0x24 + step, 0x30 + step, 0x3C + step)
        if number == 4 {
          try set(0b11, at: 0x100)
        } else {
          try set(1 << (4 + UInt32(number)), at: 0x00)
          try set(1 << UInt32(number), at: 0x08)
          if number == 3 { try set(1 << 2, at: 0x10) }
        }
      }

      private func set(_ bits: UInt32, at offset: UInt64) throws {
        let value = UInt32(truncatingIfNeeded: try machine.read("readl", base + offset))
        try machine.writeWord(value | bits, to: base + offset)
      }

      func bmcReadStatus() -> KCSStatus { KCSStatus(rawValue: machine.load(offsets.str)) }
      func bmcWriteStatus(_ value: KCSStatus) { machine.store(value.rawValue, offsets.str) }
      func bmcReadData() -> UInt8 { machine.load(offsets.idr) }
      func bmcWriteData(_ value: UInt8) { machine.store(value, offsets.odr) }
    }

    /// The registers of the iBT that Linux's driver uses, as it does: BT_CTRL and data as bytes.
    private struct IBT: BTBMCRegisters {
      let machine: QTestMachine

      /// Ports at E4h, and an interrupt for H2B_ATN and H_BUSY.
      init(_ machine: QTestMachine) throws {
        self.machine = machine
        try machine.writeWord(0x41, to: base + 0x144)
        try machine.writeWord(0x00E4_A00D, to: base + 0x140)
      }

      /// Takes what has happened since.
      func acknowledge() throws {
        try machine.writeWord(
          UInt32(truncatingIfNeeded: try machine.read("readl", base + 0x148)), to: base + 0x148)
      }

      func bmcReadControl() -> BTControl { BTControl(rawValue: machine.load(0x150)) }
      func bmcWriteControl(_ value: BTControl) { machine.store(value.rawValue, 0x150) }
      func bmcReadData() -> UInt8 { machine.load(0x154) }
      func bmcWriteData(_ value: UInt8) { machine.store(value, 0x154) }
    }

    /// Answers one Get Device ID by KCS, each byte by its interrupt.
    private static func serve(
      _ registers: inout KCS, on line: Int, answering data: UInt8
    ) throws -> [UInt8] {
      var responder = KCSResponder<300>()
      var request: FixedBytes<300>?
      while request == nil {
        try registers.machine.waitForInterrupt(line)
        responder.service(&registers)
        request = responder.takeRequest()
      }
      responder.respond([0x1C, 0x01, 0x00, data], on: &registers)
      for _ in 0..<4 {
        try registers.machine.waitForInterrupt(line)
        responder.service(&registers)
      }
      return request.map { bytes in (0..<bytes.count).map { bytes[$0] } } ?? []
    }

    /// Answers one Get Device ID by iBT, and first what the host wants to know of the interface.
    private static func serve(
      _ registers: inout IBT, on line: Int, answering data: UInt8
    ) throws -> [[UInt8]] {
      var responder = BTResponder<64>()
      responder.open(on: &registers)
      var requests: [[UInt8]] = []
      while requests.last != [0x18, 0x01] {
        try registers.machine.waitForInterrupt(line)
        try registers.acknowledge()
        responder.service(&registers)
        guard let request = responder.takeRequest() else { continue }
        requests.append((0..<request.count).map { request[$0] })
        if request[1] == 0x36 {
          responder.respond([0x1C, 0x36, 0x00, 1, 63, 63, 2, 1], on: &registers)
        } else {
          responder.respond([0x1C, 0x01, 0x00, data], on: &registers)
        }
      }
      return requests
    }

    private func with(
      _ qemu: StockQEMU, _ board: Board, _ responders: [String],
      _ body: (QTestMachine) async throws -> Void
    ) async throws {
      try await qemu.withTemporaryDirectory { here, inside in
        try await body(
          QTestMachine(
            qemu, in: (here, inside), machine: board.name,
            interruptController: board.interruptController, responders: responders))
      }
    }

    @Test(arguments: StockQEMU.all, Board.all)
    func everyChannelAnswersAHost(_ qemu: StockQEMU, _ board: Board) async throws {
      try await with(qemu, board, ["kcs3", "kcs1", "kcs4", "kcs2"]) { machine in
        for number in [3, 4, 1, 2] {
          let host = try machine.connect(to: "kcs\(number)")
          #expect(host.receive(Self.greeting.count) == Self.greeting)
          var registers = try KCS(machine, channel: number)
          try host.send(Self.getDeviceID)
          let line = board.kcs[number - 1]
          #expect(try Self.serve(&registers, on: line, answering: UInt8(number)) == [0x18, 0x01])
          #expect(host.receive(7) == Self.deviceID(UInt8(number)))
          #expect(!machine.isRaised(line))
        }
        #expect(Set(machine.edges) == Set(board.kcs.flatMap { [.raised($0), .lowered($0)] }))
      }
    }

    @Test(arguments: StockQEMU.all, Board.all)
    func theIBTAnswersAHost(_ qemu: StockQEMU, _ board: Board) async throws {
      try await with(qemu, board, ["ibt", "kcs3"]) { machine in
        let other = try machine.connect(to: "kcs3")
        #expect(other.receive(Self.greeting.count) == Self.greeting)
        let host = try machine.connect(to: "ibt")
        #expect(host.receive(Self.greeting.count) == Self.greeting)
        var registers = try IBT(machine)
        try host.send(Self.getDeviceID)
        #expect(
          try Self.serve(&registers, on: board.ibt, answering: 0x20) == [
            [0x18, 0x36], [0x18, 0x01],
          ])
        #expect(host.receive(7) == Self.deviceID(0x20))
        try registers.acknowledge()
        #expect(!machine.isRaised(board.ibt))
        // The other host has its own registers.
        var channel = try KCS(machine, channel: 3)
        try other.send(Self.getDeviceID)
        #expect(try Self.serve(&channel, on: board.kcs[2], answering: 0x21) == [0x18, 0x01])
        #expect(other.receive(7) == Self.deviceID(0x21))
      }
    }

    /// Neither a reset of the BMC nor a host that goes away and comes back clears anything.
    @Test(arguments: StockQEMU.all, Board.all)
    func theRegistersOutliveAResetAndTheHost(_ qemu: StockQEMU, _ board: Board) async throws {
      try await with(qemu, board, ["kcs3"]) { machine in
        var registers = try KCS(machine, channel: 3)
        let line = board.kcs[2]
        func expectTheByteToWait() throws {
          #expect(try machine.read("readl", Self.base + 0x44) == 0x0A)  // STR: C/D and IBF
          #expect(try machine.read("readl", Self.base + 0x00) == 0x80)  // LPC3E
          #expect(try machine.read("readl", Self.base + 0x08) == 0x08)  // IBFIE3
          #expect(try machine.read("readl", Self.base + 0x10) == 0x04)  // KCSENBL
          #expect(machine.isRaised(line))
        }
        do {
          let host = try machine.connect(to: "kcs3")
          #expect(host.receive(Self.greeting.count) == Self.greeting)
          try host.send(Self.getDeviceID)
          try machine.waitForInterrupt(line)
          try expectTheByteToWait()
          try machine.monitor("system_reset")
          try expectTheByteToWait()
        }
        let host = try machine.connect(to: "kcs3")
        #expect(host.receive(Self.greeting.count) == Self.greeting)
        try expectTheByteToWait()
        try host.send(Self.getDeviceID)
        #expect(try Self.serve(&registers, on: line, answering: 0x22) == [0x18, 0x01])
        #expect(host.receive(7) == Self.deviceID(0x22))
      }
    }

    @Test(arguments: StockQEMU.all, Board.all)
    func whatIsNotModelledIsKept(_ qemu: StockQEMU, _ board: Board) async throws {
      try await with(qemu, board, ["kcs3"]) { machine in
        // HICR7 and HICR8, HICR9, a UART's, a scratch register.
        for offset: UInt64 in [0x88, 0x8C, 0x98, 0x15C, 0x170] {
          #expect(try machine.read("readl", Self.base + offset) == 0)
          try machine.writeWord(0x1234_5678 ^ UInt32(offset), to: Self.base + offset)
          #expect(try machine.read("readl", Self.base + offset) == 0x1234_5678 ^ offset)
        }
        #expect(try machine.read("readw", Self.base + 0x8A) == 0x1234)
      }
    }
  }
}

extension QTestMachine {
  /// A byte of the LPC block.
  fileprivate func load(_ offset: UInt64) -> UInt8 {
    do { return try readByte(StockQEMUTests.AspeedTests.base + offset) } catch {
      Issue.record(error)
      return 0
    }
  }

  /// A byte of the LPC block.
  fileprivate func store(_ value: UInt8, _ offset: UInt64) {
    do { try writeByte(value, to: StockQEMUTests.AspeedTests.base + offset) } catch {
      Issue.record(error)
    }
  }
}
