import Testing

@testable import SystemInterfaces

/// Every write by each side in every state, against the table of BT_CTRL and BT_INTMASK.
@Suite struct BTChannelTests {
  /// What writing 1 does.
  enum Effect { case nothing, set, clear, toggle }

  /// One bit of BT_CTRL.
  struct Row {
    var bit: UInt8
    var host: Effect
    var bmc: Effect
    /// The bit of CR2 that a 0 to 1 latches.
    var rising: UInt16 = 0
    /// The bit of CR2 that a 1 to 0 latches.
    var falling: UInt16 = 0
    /// Whether a 0 to 1 raises the host's interrupt.
    var interrupts = false
  }

  static let table = [
    Row(bit: 0x80, host: .nothing, bmc: .toggle),
    Row(bit: 0x40, host: .toggle, bmc: .nothing, falling: 1 << 6),
    Row(bit: 0x20, host: .set, bmc: .clear, rising: 1 << 1),
    Row(bit: 0x10, host: .clear, bmc: .set, falling: 1 << 5, interrupts: true),
    Row(bit: 0x08, host: .clear, bmc: .set, falling: 1 << 4, interrupts: true),
    Row(bit: 0x04, host: .set, bmc: .clear, rising: 1 << 0),
    Row(bit: 0x02, host: .nothing, bmc: .nothing),
    Row(bit: 0x01, host: .nothing, bmc: .nothing),
  ]

  /// A channel whose BT_CTRL is `control`, reached by accesses alone, with nothing latched.
  static func channel(_ control: UInt8) -> BTChannel {
    var channel = BTChannel()
    channel.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer]
    channel.hostWriteControl(BTControl(rawValue: control & 0x64))
    channel.bmcWriteControl(BTControl(rawValue: control & 0x18 | ~control & 0x80))
    channel.acknowledge(BTEvents(rawValue: 0xFFFF))
    return channel
  }

  static let everyControl = stride(from: UInt8(0), through: 0xFC, by: 4).map { $0 }

  @Test func everyControlCanBeReachedAndReadingItHasNoSideEffect() {
    for control in Self.everyControl {
      let channel = Self.channel(control)
      #expect(channel.hostReadControl().rawValue == control)
      #expect(channel.bmcReadControl().rawValue == control)
      #expect(channel.control.rawValue == control && channel.events == [])
    }
  }

  @Test func outOfResetOnlyBBUSYIsSet() {
    let channel = BTChannel()
    #expect(channel.control == .bmcBusy)
    #expect(channel.interruptMask == [] && channel.events == [] && channel.enables == [])
    #expect(channel.pointers == .init(hostRead: 0, hostWrite: 0, bmcWrite: 0, bmcRead: 0))
  }

  @Test(arguments: [true, false], [true, false])
  func everyWriteOfControlInEveryState(byHost: Bool, interruptIsEnabled: Bool) {
    for before in Self.everyControl {
      for written in UInt8.min...UInt8.max {
        var channel = Self.channel(before)
        // Enabling while an attention is set raises the interrupt: take that away.
        channel.hostWriteInterruptMask(interruptIsEnabled ? [.interrupt, .interruptEnable] : [])
        var expected = before
        var events: UInt16 = 0
        var interrupt = false
        for row in Self.table where written & row.bit != 0 {
          switch byHost ? row.host : row.bmc {
          case .nothing: break
          case .set: expected |= row.bit
          case .clear: expected &= ~row.bit
          case .toggle: expected ^= row.bit
          }
          if expected & ~before & row.bit != 0 {
            events |= row.rising
            interrupt = interrupt || row.interrupts && interruptIsEnabled
          }
          if before & ~expected & row.bit != 0 { events |= row.falling }
        }
        if byHost {
          channel.hostWriteControl(BTControl(rawValue: written))
        } else {
          channel.bmcWriteControl(BTControl(rawValue: written))
        }
        guard channel.control.rawValue == expected, channel.events.rawValue == events,
          channel.hostInterrupt == interrupt
        else {
          Issue.record("\(before) <- \(written): \(channel)")
          continue
        }
      }
    }
  }

  // MARK: BT_INTMASK

  /// A channel whose BT_INTMASK is `mask`, with or without an attention; `nil` where there is none.
  static func channel(mask: UInt8, attention: BTControl) -> BTChannel? {
    var channel = channel(0)
    channel.hostWriteInterruptMask(BTInterruptMask(rawValue: mask & 0x9D))
    channel.bmcWriteControl(attention)
    if mask & 2 == 0 {
      channel.hostWriteInterruptMask(BTInterruptMask(rawValue: mask & 0x1F | 2))
    } else if attention == [] {
      channel.bmcWriteControl(.smsAttention)
      channel.hostWriteControl(.smsAttention)
    }
    channel.acknowledge(BTEvents(rawValue: 0xFFFF))
    return channel.interruptMask.rawValue == mask ? channel : nil
  }

  @Test(arguments: [[], .bmcToHostAttention, .smsAttention] as [BTControl])
  func everyWriteOfInterruptMaskInEveryState(attention: BTControl) {
    var states = 0
    for before in UInt8.min...UInt8.max {
      guard let start = Self.channel(mask: before, attention: attention) else { continue }
      states += 1
      for written in UInt8.min...UInt8.max {
        var channel = start
        channel.hostWriteInterruptMask(BTInterruptMask(rawValue: written))
        // Bit 0 and 4:2 are plain, bit 7 is set by 1. Bit 1 needs bit 0, and not its own 1.
        var expected = written & 0x1D | (before | written) & 0x80
        let risesByEnabling = before & 1 == 0 && attention != []
        if written & 0b11 == 0b01, before & 2 != 0 || risesByEnabling { expected |= 2 }
        let oem = UInt16(written & ~before & 0x1C) << 10
        let events = oem | UInt16(written & 0x80) << 8
        guard channel.interruptMask.rawValue == expected, channel.events.rawValue == events,
          channel.hostInterrupt == (expected & 0b11 == 0b11)
        else {
          Issue.record("host: \(before) <- \(written): \(channel.interruptMask)")
          continue
        }
        channel = start
        channel.bmcWriteInterruptMask(BTInterruptMask(rawValue: written))
        let byBMC = before & 0x03 | written & 0x1C | before & ~written & 0x80
        guard channel.interruptMask.rawValue == byBMC, channel.events.rawValue == oem else {
          Issue.record("BMC: \(before) <- \(written): \(channel.interruptMask)")
          continue
        }
      }
    }
    // OEM and BMC_HWRST are free; B2H_IRQ needs B2H_IRQ_EN.
    #expect(states == 16 * 3)
  }

  @Test func theInterruptIsLatchedUntilInterruptMaskIsWritten() {
    var channel = Self.channel(0)
    channel.hostWriteInterruptMask(.interruptEnable)
    channel.bmcWriteControl(.bmcToHostAttention)
    #expect(channel.hostInterrupt)
    channel.hostWriteControl(.bmcToHostAttention)
    #expect(channel.hostInterrupt, "clearing B2H_ATN does not end it")
    channel.hostWriteInterruptMask([.interrupt, .interruptEnable])
    #expect(!channel.hostInterrupt)
    channel.bmcWriteControl(.bmcToHostAttention)
    #expect(channel.hostInterrupt)
    channel.hostWriteInterruptMask(.interrupt)
    #expect(!channel.hostInterrupt && channel.interruptMask == [], "02h alone disables it")
  }

  /// Neither attention hides the other.
  @Test func anAttentionThatRisesWhileTheOtherIsSetInterruptsAgain() {
    for order in [
      [BTControl.smsAttention, .bmcToHostAttention], [.bmcToHostAttention, .smsAttention],
    ] {
      var channel = Self.channel(0)
      channel.hostWriteInterruptMask(.interruptEnable)
      for attention in order {
        channel.bmcWriteControl(attention)
        #expect(channel.hostInterrupt)
        channel.hostWriteInterruptMask([.interrupt, .interruptEnable])
        #expect(!channel.hostInterrupt)
        channel.bmcWriteControl(attention)
        #expect(!channel.hostInterrupt, "it does not rise again")
      }
    }
  }

  // MARK: Events

  @Test func eventsStayUntilTheirBitIsAcknowledged() {
    var channel = Self.channel(0)
    channel.hostWriteControl([.hostToBMCAttention, .oem0])
    let latched: BTEvents = [.hostToBMCAttention, .oem0]
    for acknowledged in UInt16.min...0xFF {
      var copy = channel
      copy.acknowledge(BTEvents(rawValue: acknowledged))
      #expect(copy.events.rawValue == latched.rawValue & ~acknowledged)
    }
    channel.hostWriteControl(.hostToBMCAttention)
    channel.bmcWriteControl(.hostToBMCAttention)
    #expect(channel.events == latched, "falling is no event")
  }

  // MARK: Buffers

  @Test func sixtyFourBytesEachWayAndNoMore() {
    var channel = Self.channel(0)
    for byte in UInt8(0)..<64 {
      channel.hostWriteData(byte)
      channel.bmcWriteData(byte ^ 0xFF)
    }
    #expect(channel.events == [])
    #expect(channel.pointers == .init(hostRead: 0, hostWrite: 64, bmcWrite: 64, bmcRead: 0))
    channel.hostWriteData(0x11)
    #expect(channel.events == .hostWriteOverflow)
    channel.bmcWriteData(0x22)
    #expect(channel.events == [.hostWriteOverflow, .bmcWriteOverflow])
    for byte in UInt8(0)..<64 {
      #expect(channel.bmcReadData() == byte)
      #expect(channel.hostReadData() == byte ^ 0xFF)
    }
    #expect(channel.events == [.hostWriteOverflow, .bmcWriteOverflow])
    #expect(channel.pointers == .init(hostRead: 64, hostWrite: 64, bmcWrite: 64, bmcRead: 64))
    #expect(channel.bmcReadData() == 0)
    #expect(
      channel.events.contains(.bmcReadOverflow) && !channel.events.contains(.hostReadOverflow))
    #expect(channel.hostReadData() == 0xFF)
    #expect(channel.events.contains(.hostReadOverflow))
    #expect(channel.pointers == .init(hostRead: 64, hostWrite: 64, bmcWrite: 64, bmcRead: 64))
  }

  /// Each pointer belongs to one side, and the BMC's are cleared only where CR0 allows it.
  @Test func everyControlWriteClearsExactlyItsOwnPointers() {
    for bits in UInt8(0)..<16 {
      for byHost in [true, false] {
        for written in UInt8.min...UInt8.max {
          var channel = Self.channel(0)
          for byte in UInt8(0)..<4 {
            channel.hostWriteData(byte)
            channel.bmcWriteData(byte)
          }
          _ = channel.hostReadData()
          _ = (channel.bmcReadData(), channel.bmcReadData())
          let enables = BTChannel.Enables(rawValue: bits & 0b1101)
          channel.enables = enables
          var expected = channel.pointers
          let (clearsWrite, clearsRead) = (written & 1 != 0, written & 2 != 0)
          if byHost {
            channel.hostWriteControl(BTControl(rawValue: written))
            if enables.contains(.hostDecode) {
              if clearsWrite { expected.hostWrite = 0 }
              if clearsRead { expected.hostRead = 0 }
            }
          } else {
            channel.bmcWriteControl(BTControl(rawValue: written))
            if clearsWrite, bits & 0b0100 != 0 { expected.bmcWrite = 0 }
            if clearsRead, bits & 0b1000 != 0 { expected.bmcRead = 0 }
          }
          guard channel.pointers == expected else {
            Issue.record("enables \(bits), \(byHost ? "host" : "BMC") <- \(written)")
            continue
          }
        }
      }
    }
  }

  @Test func aClearedReadPointerReadsTheSameBytesAgain() {
    var channel = Self.channel(0)
    for byte in UInt8(1)...3 {
      channel.hostWriteData(byte)
      channel.bmcWriteData(byte * 16)
    }
    for _ in 0..<3 {
      channel.bmcWriteControl(.clearReadPointer)
      channel.hostWriteControl(.clearReadPointer)
      for byte in UInt8(1)...3 {
        #expect(channel.bmcReadData() == byte)
        #expect(channel.hostReadData() == byte * 16)
      }
    }
  }

  @Test func aReaderAheadOfAWriterThatStartedAnewGetsNothingStale() {
    var channel = Self.channel(0)
    for byte in UInt8(1)...8 { channel.hostWriteData(byte) }
    for byte in UInt8(1)...8 { #expect(channel.bmcReadData() == byte) }
    channel.hostWriteControl(.clearWritePointer)
    channel.hostWriteData(0x99)
    #expect(channel.bmcReadData() == 0)
    channel.bmcWriteControl(.clearReadPointer)
    #expect(channel.bmcReadData() == 0x99)
  }

  // MARK: Decode

  @Test func aChannelThatIsNotDecodedReadsFFAndIgnoresTheHost() {
    for control in Self.everyControl {
      var channel = Self.channel(control)
      channel.bmcWriteData(0x44)
      channel.enables.remove(.hostDecode)
      #expect(channel.hostReadControl().rawValue == 0xFF)
      #expect(channel.hostReadInterruptMask().rawValue == 0xFF)
      #expect(channel.hostReadData() == 0xFF)
      channel.hostWriteControl(BTControl(rawValue: 0xFF))
      channel.hostWriteInterruptMask(BTInterruptMask(rawValue: 0xFF))
      channel.hostWriteData(0x33)
      #expect(channel.control.rawValue == control)
      #expect(channel.interruptMask == [] && channel.events == [])
      #expect(channel.pointers == .init(hostRead: 0, hostWrite: 0, bmcWrite: 1, bmcRead: 0))
      // The BMC's side works all the same.
      channel.bmcWriteControl(.bmcBusy)
      #expect(channel.bmcReadControl().rawValue == control ^ 0x80)
    }
  }
}
