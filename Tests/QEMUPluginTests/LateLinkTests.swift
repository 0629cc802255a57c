import SystemInterfaces
import Testing

/// `odr-delay=` of the host's end of a link.
extension StockQEMUTests.LinkTests {
  /// OBF and its interrupt come late, and as late as the running machine is told.
  @Test(arguments: StockQEMU.all, Board.all)
  func theHostSeesOBFAsLateAsItIsTold(_ qemu: StockQEMU, _ board: Board) async throws {
    try await with(qemu) { directory in
      let machine = try Self.bmc(qemu, directory, board)
      let host = try Self.host(qemu, directory, delay: "100000")
      let device = "/machine/peripheral-anon/device[0]"
      let bmc = try KCSAtBMC(machine, board)
      for value: UInt8 in 1...2 {
        let start = ContinuousClock.now
        bmc.bmcWriteData(value)
        if value == 1 {
          // By the interrupt alone, which the timer brings.
          try host.waitForInterrupt(10)
        } else {
          while try host.input(0xCA3) & 1 == 0 {
            try #require(ContinuousClock.now - start < .seconds(20))
          }
          try host.waitForInterrupt(10)
        }
        #expect(ContinuousClock.now - start >= .milliseconds(100))
        #expect(bmc.bmcReadStatus().contains(.outputBufferFull))
        #expect(try host.input(0xCA2) == value)
        #expect(try !host.isRaisedNow(10))
      }
      // One that waits for a second is there at once.
      _ = try host.monitor("qom-set \(device) odr-delay 1000000")
      let start = ContinuousClock.now
      bmc.bmcWriteData(3)
      #expect(try host.input(0xCA3) & 1 == 0)
      let refused = try host.monitor("qom-set \(device) odr-delay soon")
      #expect(refused.contains("'soon' is no time"), "\(refused)")
      #expect(try host.monitor("qom-get \(device) odr-delay").contains("\"1000000\""))
      #expect(try host.monitor("qom-set \(device) channel 4").contains("cannot be changed"))
      _ = try host.monitor("qom-set \(device) odr-delay 0")
      #expect(try host.input(0xCA3) & 1 == 1)
      try host.waitForInterrupt(10)
      #expect(ContinuousClock.now - start < .seconds(1))
      #expect(try host.input(0xCA2) == 3)
    }
  }
}
