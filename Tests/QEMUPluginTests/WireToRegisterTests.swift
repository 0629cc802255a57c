import Foundation
import IPMI
import SystemInterfaces
import Testing

/// From the wire to the registers and back, in a stock QEMU, with the test as the firmware.
extension StockQEMUTests {
  @Suite struct WireToRegisterTests {
    /// Get Device ID with message id `id`, as `ipmi-bmc-extern` sends it.
    private static func getDeviceID(_ id: UInt8 = 0) -> [UInt8] {
      [id, 0x18, 0x01, 0xE7 &- id, 0xA0]
    }

    /// The response, with one byte of data so that it stays short.
    private static func deviceID(_ id: UInt8 = 0, _ data: UInt8 = 0x20) -> [UInt8] {
      [id, 0x1C, 0x01, 0x00, data, 0 &- id &- 0x1D &- data, 0xA0]
    }

    /// What the bridge says on connect: the protocol's version, and that no attention is wanted.
    private static let greeting: [UInt8] = [0xFF, 0x01, 0xA1, 0x00, 0xA1]

    /// Firmware for one KCS channel: Linux's driver, over the machine's bus.
    struct Firmware {
      let machine: QTestMachine
      var registers: Registers
      var responder = KCSResponder<300>()

      init(_ machine: QTestMachine, channel: Int) throws {
        self.machine = machine
        registers = Registers(machine: machine, base: 0xF000_700C + UInt64(channel - 1) * 0x12)
        let inputBufferFullInterrupt: UInt8 = 1 << 0
        try machine.writeByte(inputBufferFullInterrupt, to: registers.base + 0x0C)
      }

      /// Waits for the interrupt as the bus shows it, then takes it.
      mutating func takeInterrupt() throws {
        let start = ContinuousClock.now
        while !machine.isRaised(9) {
          _ = try machine.readByte(registers.base)
          if ContinuousClock.now - start > .seconds(20) {
            throw QTestMachine.Failure(description: "no interrupt")
          }
        }
        responder.service(&registers)
      }

      /// Serves interrupts until a request is complete.
      mutating func takeRequest() throws -> [UInt8] {
        while true {
          try takeInterrupt()
          if let request = responder.takeRequest() {
            return (0..<request.count).map { request[$0] }
          }
        }
      }

      /// Answers with `response` and serves the host's reads of it, `response.count` in all.
      mutating func respond(_ response: [UInt8]) throws {
        responder.respond(FixedBytes(response.span) ?? [], on: &registers)
        for _ in response { try takeInterrupt() }
      }

      struct Registers: KCSBMCRegisters {
        let machine: QTestMachine
        let base: UInt64

        func bmcReadStatus() -> KCSStatus { KCSStatus(rawValue: read(0x00)) }
        func bmcWriteStatus(_ value: KCSStatus) { write(value.rawValue, 0x00) }
        func bmcReadData() -> UInt8 { read(0x04) }
        func bmcWriteData(_ value: UInt8) { write(value, 0x02) }

        private func read(_ offset: UInt64) -> UInt8 {
          do { return try machine.readByte(base + offset) } catch {
            Issue.record(error)
            return 0
          }
        }

        private func write(_ value: UInt8, _ offset: UInt64) {
          do { try machine.writeByte(value, to: base + offset) } catch { Issue.record(error) }
        }
      }
    }

    private func with(
      _ qemu: StockQEMU, _ responders: [String] = ["kcs1"],
      _ body: (QTestMachine) async throws -> Void
    ) async throws {
      try await qemu.withTemporaryDirectory { here, inside in
        try await body(QTestMachine(qemu, in: (here, inside), responders: responders))
      }
    }

    @Test(arguments: StockQEMU.all)
    func aRequestIsAnswered(_ qemu: StockQEMU) async throws {
      try await with(qemu) { machine in
        let host = try machine.connect(to: "kcs1")
        var firmware = try Firmware(machine, channel: 1)
        #expect(host.receive(Self.greeting.count) == Self.greeting)
        try host.send(Self.getDeviceID())
        #expect(try firmware.takeRequest() == [0x18, 0x01])
        try firmware.respond([0x1C, 0x01, 0x00, 0x20])
        #expect(host.receive(7) == Self.deviceID())
        #expect(!machine.isRaised(9))
      }
    }

    @Test(arguments: StockQEMU.all)
    func everyChannelHasItsOwnHost(_ qemu: StockQEMU) async throws {
      try await with(qemu, ["kcs3", "kcs1", "kcs2"]) { machine in
        for channel in [2, 3, 1] {
          let host = try machine.connect(to: "kcs\(channel)")
          var firmware = try Firmware(machine, channel: channel)
          #expect(host.receive(Self.greeting.count) == Self.greeting)
          try host.send(Self.getDeviceID())
          #expect(try firmware.takeRequest() == [0x18, 0x01])
          try firmware.respond([0x1C, 0x01, 0x00, UInt8(channel)])
          #expect(host.receive(7) == Self.deviceID(0, UInt8(channel)))
        }
      }
    }

    @Test(arguments: StockQEMU.all)
    func aRegisterTakesByteAccessesOnly(_ qemu: StockQEMU) async throws {
      try await with(qemu) { machine in
        let control: UInt64 = 0xF000_703C  // of channel 3, for which no device is there
        #expect(try machine.readByte(control) == 0xC0)
        try machine.writeByte(0x43, to: control)
        #expect(try machine.readByte(control) == 0xC3)
        try machine.command("writel 0x\(String(control, radix: 16)) 0")
        #expect(try machine.readByte(control) == 0xC3)
        #expect(try machine.read("readl", control) == 0)
        #expect(try machine.read("readq", control) == 0)
        #expect(try machine.readByte(0xF000_7FFF) == 0)
      }
    }

    @Test(arguments: StockQEMU.all)
    func requestsThatComeTooFastWaitInTheChardev(_ qemu: StockQEMU) async throws {
      try await with(qemu) { machine in
        let host = try machine.connect(to: "kcs1")
        var firmware = try Firmware(machine, channel: 1)
        #expect(host.receive(Self.greeting.count) == Self.greeting)
        let ids = UInt8(0)..<25  // none of their checksums needs an escape
        try host.send(ids.flatMap { Self.getDeviceID($0) })
        for id in ids {
          #expect(try firmware.takeRequest() == [0x18, 0x01])
          try firmware.respond([0x1C, 0x01, 0x00, id])
        }
        let expected = ids.flatMap { Self.deviceID($0, $0) }
        #expect(host.receive(expected.count) == expected)
      }
    }

    @Test(arguments: StockQEMU.all)
    func aHostThatDoesNotReadLosesNothing(_ qemu: StockQEMU) async throws {
      try await with(qemu) { machine in
        let host = try machine.connect(to: "kcs1")
        #expect(host.receive(Self.greeting.count) == Self.greeting)
        // Each change is a command on the wire, until the socket and the bridge are full.
        let status: UInt64 = 0xF000_700C
        let attention: UInt8 = 1 << 2
        for _ in 0..<5000 {
          try machine.writeByte(attention, to: status)
          try machine.writeByte(0, to: status)
        }
        try machine.writeByte(attention, to: status)
        var received: [UInt8] = []
        while true {
          let more = host.receive(within: 500)
          if more.isEmpty { break }
          received += more
        }
        let commands = received.split(separator: 0xA1)
        #expect((200..<10_001).contains(commands.count))  // the rest found no room
        #expect(commands.last?.first == 0x02)
        for (index, command) in commands.enumerated() {
          #expect(Array(command) == [index % 2 == 0 ? 0x02 : 0x00])
        }
      }
    }

    @Test(arguments: StockQEMU.all)
    func aHostThatReturnsIsServed(_ qemu: StockQEMU) async throws {
      try await with(qemu) { machine in
        var firmware = try Firmware(machine, channel: 1)
        // The host leaves after each number of interrupts that a transaction has.
        for interrupts in 0...5 {
          let host = try machine.connect(to: "kcs1")
          #expect(host.receive(Self.greeting.count) == Self.greeting)
          try host.send(Self.getDeviceID())
          for _ in 0..<interrupts {
            try firmware.takeInterrupt()
            if firmware.responder.takeRequest() != nil {
              firmware.responder.respond([0x1C, 0x01, 0x00, 0x20], on: &firmware.registers)
            }
          }
        }
        let host = try machine.connect(to: "kcs1")
        #expect(host.receive(Self.greeting.count) == Self.greeting)
        try host.send(Self.getDeviceID(9))
        #expect(try firmware.takeRequest() == [0x18, 0x01])
        try firmware.respond([0x1C, 0x01, 0x00, 0x21])
        #expect(host.receive(7) == Self.deviceID(9, 0x21))
      }
    }

    @Test(arguments: StockQEMU.all)
    func firmwareThatNeverAnswersIsAnsweredFor(_ qemu: StockQEMU) async throws {
      try await with(qemu) { machine in
        let host = try machine.connect(to: "kcs1")
        var firmware = try Firmware(machine, channel: 1)
        #expect(host.receive(Self.greeting.count) == Self.greeting)
        try host.send(Self.getDeviceID())
        #expect(try firmware.takeRequest() == [0x18, 0x01])
        // The machine is paused all the time, and its virtual clock with it.
        let start = ContinuousClock.now
        #expect(host.receive(6) == [0x00, 0x1C, 0x01, 0xC3, 0x20, 0xA0])
        #expect((2...4).contains((ContinuousClock.now - start).components.seconds))
      }
    }

    @Test(arguments: StockQEMU.all)
    func aSystemResetLeavesTheRegistersAndTheirInterrupt(_ qemu: StockQEMU) async throws {
      try await with(qemu) { machine in
        let host = try machine.connect(to: "kcs1")
        var firmware = try Firmware(machine, channel: 1)
        #expect(host.receive(Self.greeting.count) == Self.greeting)
        try host.send(Self.getDeviceID())
        while !machine.isRaised(9) { _ = try machine.readByte(0xF000_700C) }
        try machine.monitor("system_reset")
        #expect(try machine.readByte(0xF000_700C) == 0x0A)  // C/D and IBF
        #expect(try machine.readByte(0xF000_7018) == 0x81)  // IBFIE
        // The controller has forgotten the level, and is told it again.
        #expect(machine.edges == [.raised(9), .lowered(9), .raised(9)])
        #expect(try firmware.takeRequest() == [0x18, 0x01])
      }
    }
  }
}
