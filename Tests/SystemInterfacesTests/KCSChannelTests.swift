import Testing

@testable import SystemInterfaces

@Suite struct KCSChannelTests {
  @Test func fitsOneAtomicWord() {
    #expect(MemoryLayout<KCSChannel>.size == 8)
    #expect(MemoryLayout<KCSChannel>.stride == 8)
  }

  /// Every value of STR, reached by accesses alone.
  static let everyStatus: [KCSChannel] = (UInt8.min...UInt8.max).map { raw in
    let status = KCSStatus(rawValue: raw)
    var channel = KCSChannel()
    channel.enables = .hostDecode
    if status.contains(.commandData) {
      channel.hostWriteCommand(0x11)
    } else {
      channel.hostWriteData(0x11)
    }
    if !status.contains(.inputBufferFull) { _ = channel.bmcReadData() }
    channel.bmcWriteData(0x22)
    if !status.contains(.outputBufferFull) { _ = channel.hostReadData() }
    channel.bmcWriteStatus(status)
    return channel
  }

  @Test func everyStatusCanBeReached() {
    #expect(Self.everyStatus.map(\.str.rawValue) == Array(UInt8.min...UInt8.max))
  }

  @Test func hostWritesSetIBFAndLatchTheirPort() {
    for before in Self.everyStatus {
      var data = before
      data.hostWriteData(0x33)
      #expect(data.str == before.str.union(.inputBufferFull).subtracting(.commandData))
      #expect(data.idr == 0x33 && data.odr == before.odr)
      var command = before
      command.hostWriteCommand(0x44)
      #expect(command.str == before.str.union([.inputBufferFull, .commandData]))
      #expect(command.idr == 0x44 && command.odr == before.odr)
    }
  }

  @Test func hostReadOfTheDataPortClearsOBFOnly() {
    for before in Self.everyStatus {
      var after = before
      #expect(after.hostReadData() == 0x22)
      #expect(after.str == before.str.subtracting(.outputBufferFull))
      #expect(after.hostReadData() == 0x22, "a second read returns the byte again")
    }
  }

  @Test func bmcReadOfIDRClearsIBFOnly() {
    for before in Self.everyStatus {
      var after = before
      #expect(after.bmcReadData() == 0x11)
      #expect(after.str == before.str.subtracting(.inputBufferFull))
    }
  }

  @Test func bmcWriteOfODRSetsOBFOnly() {
    for before in Self.everyStatus {
      var after = before
      after.bmcWriteData(0x55)
      #expect(after.str == before.str.union(.outputBufferFull))
      #expect(after.odr == 0x55 && after.idr == before.idr)
    }
  }

  @Test func bmcWriteOfSTRKeepsTheHardwaresBits() {
    for before in Self.everyStatus {
      for written in UInt8.min...UInt8.max {
        var after = before
        after.bmcWriteStatus(KCSStatus(rawValue: written))
        #expect(after.str.rawValue == before.str.rawValue & 0x0B | written & 0xF4)
      }
    }
  }

  @Test func theBMCCanClearOBFOnly() {
    for before in Self.everyStatus {
      var after = before
      after.bmcClearOutputBufferFull()
      #expect(after.str == before.str.subtracting(.outputBufferFull))
      #expect(after.odr == before.odr && after.idr == before.idr)
      #expect(after.enables == before.enables)
    }
  }

  @Test func statusReadsHaveNoSideEffect() {
    for before in Self.everyStatus {
      #expect(before.hostReadStatus() == before.str)
      #expect(before.bmcReadStatus() == before.str)
    }
  }

  @Test func aChannelThatIsNotDecodedReadsFFAndIgnoresTheHost() {
    for var channel in Self.everyStatus {
      channel.enables = []
      let before = channel
      #expect(channel.hostReadStatus().rawValue == 0xFF)
      #expect(channel.hostReadData() == 0xFF)
      channel.hostWriteData(1)
      channel.hostWriteCommand(2)
      #expect(channel == before)
    }
  }

  @Test func linesFollowFlagsAndEnables() {
    for base in Self.everyStatus {
      for bits in 0..<UInt32(16) {
        var channel = base
        let enables = KCSChannel.Enables(rawValue: bits)
        channel.enables = enables
        let (ibf, obf) = (
          channel.str.contains(.inputBufferFull), channel.str.contains(.outputBufferFull)
        )
        #expect(
          channel.bmcInterrupt
            == (ibf && enables.contains(.inputBufferFullInterrupt)
              || !obf && enables.contains(.outputBufferEmptyInterrupt)))
        #expect(channel.hostInterrupt == (obf && enables.contains(.outputBufferFullInterrupt)))
      }
    }
  }
}
