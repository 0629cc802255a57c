import SystemInterfaces

/// The iBT's registers that are not storage, by their offset in the block.
enum AspeedIBTRegister: Int {
  case events = 0x148
  case pointers = 0x14C
  case control = 0x150
  case data = 0x154
  case interruptMask = 0x158
}

/// The iBT as the BMC reaches it.
///
/// | Offset | Name | Access | Reset | Register                                                   |
/// |-------:|------|--------|------:|------------------------------------------------------------|
/// |   140h | CR0  | RW     |     0 | [31:18] host base, [15:10] SERIRQ, [3:0] enables           |
/// |   144h | CR1  | RW     |     0 | Interrupt enables, as CR2                                  |
/// |   148h | CR2  | RW1C   |     0 | `BTEvents`; latched whatever CR1 says                      |
/// |   14Ch | CR3  | R      |     0 | Pointers, below                                            |
/// |   150h | CR4  | RW     |   80h | BT_CTRL                                                    |
/// |   154h | CR5  | RW     |       | Reads the host's bytes, writes the BMC's                   |
/// |   158h | CR6  | RW     |     0 | BT_INTMASK                                                 |
///
/// CR3 has [30:24] the host's read pointer, [22:16] its write pointer, [14:8] the BMC's write
/// pointer and [6:0] its read pointer; no source shows the last two, which are where they fit.
/// CR4 to CR6 have 8 bits. Names from ASPEED's `regs-lpc.h`, use from Linux `bt-bmc`.
extension AspeedLPC {
  var ibtEnables: BTChannel.Enables {
    BTChannel.Enables(
      rawValue: UInt8(truncatingIfNeeded: self[register: AspeedRegister.ibtcr0]) & 0b1101)
  }

  @inline(__always)
  var ibtInterrupt: Bool {
    UInt32(ibt.events.rawValue) & self[register: AspeedRegister.ibtcr1] != 0
  }

  /// First of the iBT's three ports, as the host sees them.
  public var ibtBase: UInt16 {
    UInt16(truncatingIfNeeded: self[register: AspeedRegister.ibtcr0] >> 16)
  }

  /// A load; one that leaves out the lowest byte takes none from the data port.
  mutating func readIBT(_ register: AspeedIBTRegister, takingByte: Bool) -> UInt32 {
    switch register {
    case .events: return UInt32(ibt.events.rawValue)
    case .pointers:
      let pointers = ibt.pointers
      return UInt32(pointers.hostRead) << 24 | UInt32(pointers.hostWrite) << 16
        | UInt32(pointers.bmcWrite) << 8 | UInt32(pointers.bmcRead)
    case .control: return UInt32(ibt.bmcReadControl().rawValue)
    case .data: return takingByte ? UInt32(ibt.bmcReadData()) : 0
    case .interruptMask: return UInt32(ibt.bmcReadInterruptMask().rawValue)
    }
  }

  /// A store of the bits of `mask`.
  mutating func writeIBT(_ word: UInt32, to register: AspeedIBTRegister, changing mask: UInt32) {
    let byte = UInt8(truncatingIfNeeded: word)
    let hasLowByte = mask & 0xFF != 0
    switch register {
    case .events: ibt.acknowledge(BTEvents(rawValue: UInt16(truncatingIfNeeded: word & mask)))
    case .pointers: break
    case .control: if hasLowByte { ibt.bmcWriteControl(BTControl(rawValue: byte)) }
    case .data: if hasLowByte { ibt.bmcWriteData(byte) }
    case .interruptMask:
      if hasLowByte { ibt.bmcWriteInterruptMask(BTInterruptMask(rawValue: byte)) }
    }
  }
}
