import Foundation
import IPMI
import SystemInterfaces
import Testing

/// A stock QEMU's own migration to a file, which `savevm` shares, with our registers in it.
extension StockQEMUTests {
  @Suite struct SnapshotTests {
    private static let greeting: [UInt8] = [0xFF, 0x01, 0xA1, 0x00, 0xA1]
    private static let getDeviceID: [UInt8] = [0x00, 0x18, 0x01, 0xE7, 0xA0]

    /// Waits until a monitor command's answer contains `text`.
    private func wait(_ machine: QTestMachine, _ command: String, for text: String) throws {
      let start = ContinuousClock.now
      while true {
        let answer = try machine.monitor(command)
        if answer.contains(text) { return }
        try #require(ContinuousClock.now - start < .seconds(30), "\(command): \(answer)")
      }
    }

    /// The firmware stops after each number of interrupts that a request has, and goes on in another
    /// process.
    @Test(arguments: StockQEMU.all, 0..<4)
    func aTransactionGoesOnInAnotherProcess(_ qemu: StockQEMU, _ interrupts: Int) async throws {
      try await qemu.withTemporaryDirectory { here, inside in
        let file = "exec:cat >\(inside)/state"
        let before = try QTestMachine(
          qemu, in: (here, inside), responders: ["kcs1", "kcs2"], postCodePort: "0x80")
        let host = try before.connect(to: "kcs1")
        #expect(host.receive(Self.greeting.count) == Self.greeting)
        var firmware = try WireToRegisterTests.Firmware(before, channel: 1)
        try host.send(Self.getDeviceID)
        for _ in 0..<interrupts {
          try firmware.takeInterrupt()
        }
        try before.waitForInterrupt(9)
        _ = try before.monitor("migrate \"\(file)\"")
        try wait(before, "info migrate", for: "completed")

        let directory = here.appending(path: "after")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        let after = try QTestMachine(
          qemu, in: (directory, "\(inside)/after"), responders: ["kcs1", "kcs2"],
          postCodePort: "0x80", incoming: "exec:cat \(inside)/state")
        try wait(after, "info status", for: "paused")
        _ = try after.monitor("cont")
        // The firmware's memory goes with its machine.
        var resumed = try WireToRegisterTests.Firmware(after, channel: 1)
        resumed.responder = firmware.responder
        #expect(try resumed.takeRequest() == [0x18, 0x01])
        try resumed.respond([0x1C, 0x01, 0x00, 0x20])
        // The host of old is gone; a new one finds everything in order.
        let other = try after.connect(to: "kcs1")
        #expect(other.receive(Self.greeting.count) == Self.greeting)
        try other.send([0x01, 0x18, 0x01, 0xE6, 0xA0])
        #expect(try resumed.takeRequest() == [0x18, 0x01])
        try resumed.respond([0x1C, 0x01, 0x00, 0x20])
        #expect(other.receive(7) == [0x01, 0x1C, 0x01, 0x00, 0x20, 0xC2, 0xA0])
      }
    }
  }
}
