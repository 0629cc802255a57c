import Foundation
import SystemInterfaces
import Testing

/// `odr-delay=`, in a stock QEMU: the host leaves ODR full, and how long can be changed while the
/// machine runs.
extension StockQEMUTests {
  @Suite struct LateHostTests {
    private static let device = "/machine/peripheral-anon/device[0]"
    private static let wireGreeting: [UInt8] = [0xFF, 0x01, 0xA1, 0x00, 0xA1]

    @Test(arguments: StockQEMU.all)
    func theHostLeavesODRFullForAsLongAsItIsTold(_ qemu: StockQEMU) async throws {
      try await qemu.withTemporaryDirectory { here, inside in
        let machine = try QTestMachine(
          qemu, in: (here, inside), responders: ["kcs1"], properties: "odr-delay=100000")
        let host = try machine.connect(to: "kcs1")
        #expect(host.receive(Self.wireGreeting.count) == Self.wireGreeting)
        var firmware = try WireToRegisterTests.Firmware(machine, channel: 1)
        try host.send([0x00, 0x18, 0x01, 0xE7, 0xA0])

        // The dummy byte that answers WRITE_START.
        try firmware.takeInterrupt()
        #expect(try waitForEmptyODR(firmware) >= .milliseconds(100))

        // From the next byte on it is read at once, and the rest goes as it always does.
        let answer = try machine.monitor("qom-set \(Self.device) odr-delay 0")
        #expect(!answer.contains("Error"), "\(answer)")
        #expect(try firmware.takeRequest() == [0x18, 0x01])
        try firmware.respond([0x1C, 0x01, 0x00, 0x20])
        #expect(host.receive(7) == [0x00, 0x1C, 0x01, 0x00, 0x20, 0xC3, 0xA0])
      }
    }

    /// A value that a running machine does not take, and the property that keeps its own.
    @Test(
      arguments: StockQEMU.all,
      [
        ("odr-delay", "soon", "'soon' is no time", "5"),
        ("responder", "kcs2", "cannot be changed while the machine runs", "kcs1"),
      ])
    func aChangeThatCannotBeIsRefused(
      _ qemu: StockQEMU, _ row: (property: String, value: String, message: String, kept: String)
    ) async throws {
      try await qemu.withTemporaryDirectory { here, inside in
        let machine = try QTestMachine(
          qemu, in: (here, inside), responders: ["kcs1"], properties: "odr-delay=5")
        let answer = try machine.monitor("qom-set \(Self.device) \(row.property) \(row.value)")
        #expect(answer.contains(row.message), "\(answer)")
        #expect(
          try machine.monitor("qom-get \(Self.device) \(row.property)").contains("\"\(row.kept)\""))
      }
    }

    /// How long OBF stays set.
    private func waitForEmptyODR(_ firmware: WireToRegisterTests.Firmware) throws -> Duration {
      let start = ContinuousClock.now
      while firmware.registers.bmcReadStatus().contains(.outputBufferFull) {
        try #require(ContinuousClock.now - start < .seconds(20))
      }
      return ContinuousClock.now - start
    }
  }
}
