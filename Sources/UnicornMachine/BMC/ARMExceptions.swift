import CUnicorn

/// An exception of an ARM processor, with what its entry does.
///
/// ARM DDI 0406C, chapter B1.8; the same since ARMv4, but for the vectors' base.
enum ARMException: Sendable {
  case undefinedInstruction, supervisorCall, prefetchAbort, dataAbort, interrupt, fastInterrupt

  /// Bytes from the vectors' base.
  var vector: UInt32 {
    switch self {
    case .undefinedInstruction: 0x04
    case .supervisorCall: 0x08
    case .prefetchAbort: 0x0C
    case .dataAbort: 0x10
    case .interrupt: 0x18
    case .fastInterrupt: 0x1C
    }
  }

  /// CPSR.M.
  var mode: UInt32 {
    switch self {
    case .undefinedInstruction: 0x1B
    case .supervisorCall: 0x13
    case .prefetchAbort, .dataAbort: 0x17
    case .interrupt: 0x12
    case .fastInterrupt: 0x11
    }
  }

  /// From PC to LR: PC is the instruction concerned, or the next one.
  func linkOffset(isThumb: Bool) -> UInt32 {
    switch self {
    case .undefinedInstruction: isThumb ? 2 : 4
    case .supervisorCall: 0
    case .prefetchAbort, .interrupt, .fastInterrupt: 4
    case .dataAbort: 8
    }
  }
}

/// Bits of CPSR.
enum CPSR {
  static let thumb: UInt32 = 1 << 5
  static let fastInterruptMask: UInt32 = 1 << 6
  static let interruptMask: UInt32 = 1 << 7
  /// What an entry clears: mode, T, J, and IT.
  static let entryClears: UInt32 = 0x1F | thumb | 1 << 24 | 0x0600_FC00
}

extension Engine {
  /// Enters an exception: banks the state, masks interrupts, goes to the vector.
  func enter(_ exception: ARMException, vectors: UInt32) {
    let state = self[UC_ARM_REG_CPSR]
    let counter = self[UC_ARM_REG_PC]
    var mask = CPSR.interruptMask
    if case .fastInterrupt = exception { mask |= CPSR.fastInterruptMask }
    self[UC_ARM_REG_CPSR] = state & ~CPSR.entryClears | mask | exception.mode
    self[UC_ARM_REG_SPSR] = state
    self[UC_ARM_REG_LR] =
      counter &+ exception.linkOffset(isThumb: state & CPSR.thumb != 0)
    self[UC_ARM_REG_PC] = vectors &+ exception.vector
  }

  /// The vectors' base: SCTLR.V, or VBAR.
  func vectorBase(hasVectorBase: Bool) -> UInt32 {
    let isHigh = unsafe cunicorn_read_cp15(handle, 1, 0, 0, 0) >> 13 & 1 != 0
    if isHigh { return 0xFFFF_0000 }
    return unsafe hasVectorBase ? cunicorn_read_cp15(handle, 12, 0, 0, 0) : 0
  }
}
