import CBoard

/// The registers of an ASPEED LPC block that its interfaces have in common.
///
/// Offsets and bits as in Linux `kcs_bmc_aspeed` and `aspeed-lpc-snoop`. 32-bit accesses. Nothing
/// else changes these registers, so that reading one and writing it back loses nothing.
struct AspeedLPC {
  /// The address of the block.
  let base: UInt

  enum Register {
    /// HICR0: LPCnE.
    static let hicr0: UInt = 0x00
    /// HICR2: IBFIEn.
    static let hicr2: UInt = 0x08
    /// HICR4: KCSENBL.
    static let hicr4: UInt = 0x10
    /// LADR3H and LADR3L: the host's address of channel 3.
    static let ladr3High: UInt = 0x14
    static let ladr3Low: UInt = 0x18
    /// HICR5: SerIRQ of channels 2 and 3, snoop.
    static let hicr5: UInt = 0x80
    /// HICR6: snoop status.
    static let hicr6: UInt = 0x84
    /// SNPWADR: snooped ports, 16 bits each.
    static let snoopPorts: UInt = 0x90
    /// SNPWDR: what was written there last, 8 bits each.
    static let snoopData: UInt = 0x94
  }

  func read(_ register: UInt) -> UInt32 {
    load32(base + register)
  }

  func write(_ value: UInt32, to register: UInt) {
    store32(base + register, value)
  }

  /// Sets `bits` of a register, after it has cleared `mask`.
  func update(_ register: UInt, clear mask: UInt32 = 0, set bits: UInt32 = 0) {
    write(read(register) & ~mask | bits, to: register)
  }
}
