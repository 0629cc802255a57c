import Testing

/// Host control in a stock QEMU: GPIO pins that the BMC drives and reads, with the test as the
/// firmware, and the wire as the host.
extension StockQEMUTests {
  @Suite struct HostControlTests {
    /// A GPIO controller as this needs it, and the pins in it.
    struct GPIO: Sendable, CustomTestStringConvertible {
      var machine: String
      var interruptController: String
      /// The properties of the device.
      var properties: String
      /// What makes power, reset and NMI outputs that are high.
      var setUp: [(address: UInt64, value: UInt32)]
      /// The register, and its value, that makes all of them high but one low; in this order.
      var data: (address: UInt64, high: UInt32, bits: [UInt32])
      /// What shows inputs, and the bits of power good and platform reset.
      var inputs: (address: UInt64, powerGood: UInt32, platformReset: UInt32)

      var testDescription: String { machine }

      static let all =
        [
          // Pins 96 to 100 are GPIO3's lowest five. OTYP 0: push-pull.
          GPIO(
            machine: "npcm750-evb", interruptController: "/machine/soc/a9mpcore/gic",
            properties: "power-gpio=96,reset-gpio=97,nmi-gpio=98:low,pgood-gpio=99,pltrst-gpio=100",
            // DOUT, then OE, then IEM for the inputs.
            setUp: [(0xF001_300C, 0b111), (0xF001_3010, 0b111), (0xF001_3058, 0b11000)],
            data: (0xF001_300C, 0b111, [0b110, 0b101, 0b011]),
            inputs: (0xF001_3004, 0b01000, 0b10000))
        ]
        + [
          ("palmetto-bmc", "/machine/soc/vic"), ("ast2500-evb", "/machine/soc/vic"),
          ("ast2600-evb", "/machine/soc/a7mpcore/gic"),
        ].map { machine, controller in
          GPIO(
            machine: machine, interruptController: controller,
            properties: "power-gpio=I0,reset-gpio=i1,nmi-gpio=J7:low,pgood-gpio=K3,pltrst-gpio=L7",
            // Direction, then data, of IJKL.
            setUp: [(0x1E78_0074, 0x8003), (0x1E78_0070, 0x8003)],
            data: (0x1E78_0070, 0x8003, [0x8002, 0x8001, 0x0003]),
            inputs: (0x1E78_0070, 0x0008_0000, 0x8000_0000))
        }
    }

    private static let greeting: [UInt8] = [0xFF, 0x01, 0xA1, 0x00, 0xA1]
    /// As QEMU's `ipmi-bmc-extern` says what it can do.
    private static let capabilities: [UInt8] = [0xFF, 0x01, 0xA1, 0x08, 0x3F, 0xA1]

    private func with(
      _ qemu: StockQEMU, _ gpio: GPIO, _ body: (QTestMachine) throws -> Void
    ) async throws {
      try await qemu.withTemporaryDirectory { here, inside in
        try body(
          QTestMachine(
            qemu, in: (here, inside), machine: gpio.machine,
            interruptController: gpio.interruptController, responders: ["kcs3"],
            properties: gpio.properties))
      }
    }

    @Test(arguments: StockQEMU.all, GPIO.all)
    func pinsBecomeCommands(_ qemu: StockQEMU, _ gpio: GPIO) async throws {
      try await with(qemu, gpio) { machine in
        let host = try machine.connect(to: "kcs3")
        #expect(host.receive(Self.greeting.count) == Self.greeting)
        try host.send(Self.capabilities)
        // No interrupts for the host before firmware enables them.
        #expect(host.receive(2) == [0x06, 0xA1])
        for (address, value) in gpio.setUp { try machine.writeWord(value, to: address) }
        let (data, high, low) = gpio.data
        // A short press of the power button, reset, NMI: twice, as pulses do.
        for _ in 0..<2 {
          for (value, command) in zip(low, [0x09, 0x04, 0x07] as [UInt8]) {
            try machine.writeWord(value, to: data)
            try machine.writeWord(high, to: data)
            #expect(host.receive(2) == [command, 0xA1])
          }
        }
        // A long one turns off, after its 4 s, while it is held.
        try machine.writeWord(low[0], to: data)
        #expect(host.receive(2) == [0x03, 0xA1])
        try machine.writeWord(high, to: data)
        #expect(host.receive(within: 0) == [])
      }
    }

    @Test(arguments: StockQEMU.all, GPIO.all)
    func theBMCSeesItsHostComeAndGo(_ qemu: StockQEMU, _ gpio: GPIO) async throws {
      try await with(qemu, gpio) { machine in
        for (address, value) in gpio.setUp { try machine.writeWord(value, to: address) }
        let (address, powerGood, platformReset) = gpio.inputs
        func wait(for level: UInt32) throws {
          let start = ContinuousClock.now
          while true {
            let pins = UInt32(truncatingIfNeeded: try machine.read("readl", address))
            if pins & (powerGood | platformReset) == level { return }
            try #require(ContinuousClock.now - start < .seconds(20), "pins are \(pins)")
          }
        }
        try wait(for: 0)
        for _ in 0..<2 {
          do {
            let host = try machine.connect(to: "kcs3")
            try wait(for: powerGood | platformReset)
            // A reset of the BMC's machine is not the host's.
            _ = try machine.monitor("system_reset")
            for (address, value) in gpio.setUp { try machine.writeWord(value, to: address) }
            try wait(for: powerGood | platformReset)
            // The host says that it was reset.
            try host.send([0x04, 0xA1])
            try wait(for: powerGood)
            try wait(for: powerGood | platformReset)
            withExtendedLifetime(host) {}
          }
          try wait(for: 0)
        }
      }
    }
  }
}
