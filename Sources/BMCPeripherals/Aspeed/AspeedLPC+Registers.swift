/// A field of a register of ``AspeedLPC``.
struct AspeedField {
  /// Bytes from the block's first register.
  var offset: Int
  /// The field's bits, in place.
  var mask: UInt32
}

/// Offsets of the registers of ``AspeedLPC`` that do something; the others are storage.
enum AspeedRegister {
  static let hicr0 = 0x00
  static let hicr1 = 0x04
  static let hicr2 = 0x08
  static let hicr3 = 0x0C
  static let hicr4 = 0x10
  static let ladr3High = 0x14
  static let ladr3Low = 0x18
  static let ladr12High = 0x1C
  static let ladr12Low = 0x20
  static let sirqcr0 = 0x70
  static let hicr5 = 0x80
  static let hicr6 = 0x84
  static let snpwadr = 0x90
  static let snpwdr = 0x94
  static let hicrb = 0x100
  static let hicrc = 0x104
  static let ladr4 = 0x110
  static let lsadr12 = 0x120
  static let ibtcr0 = 0x140
  static let ibtcr1 = 0x144

  /// LADR12AS: LADR12 is channel 2's, not channel 1's.
  static let ladr12Select = AspeedField(offset: hicr4, mask: 1 << 7)
  /// STR_SNP1W and STR_SNP0W; STR_BAUD and STR_PME, which nothing sets.
  static let snoopStatus: UInt32 = 0b0011
  static let writeOneToClear: UInt32 = 0b1111

  /// The bits of a stored register that a write may change.
  static func writable(at offset: Int, in generation: AspeedGeneration) -> UInt32 {
    switch offset {
    // LPCBSY, CLKREQ and IRQBSY say what the bus does.
    case hicr1: 0x1F
    // LRST, SDWN and ABRT are set by the bus, and written 0 to clear.
    case hicr2: 0x0F
    // The levels of the bus's pins.
    case hicr3: 0
    // STSINTLRSTR says that the host was reset.
    case hicr4: 0xDF
    // Q/C says how the host runs SERIRQ.
    case sirqcr0: 0x7F
    case hicr6: ~writeOneToClear
    case snpwdr: 0
    // The base is a multiple of 4.
    case ibtcr0: ~0x3_0000
    case hicrb: generation.hasSnoopDecode ? .max : ~0xC000
    // Up to here the block is its ancestor's, and registers have 8 bits.
    case ..<hicr5: 0xFF
    default: .max
    }
  }
}

/// Where the enables of one KCS channel are, spread over the block.
struct AspeedKCSFields {
  /// LPCnE.
  var enable: AspeedField
  /// KCSENBL of channel 3, which is enabled by both; LPCnE again of the others.
  var kcsEnable: AspeedField
  /// IBFIEn.
  var inputBufferFullInterrupt: AspeedField
  /// IRQXEn, for channel 1 IRQ12E1 and IRQ1E1: any of them drives SERIRQ while OBF is set.
  var serialIRQ: AspeedField

  /// The fields of the channel at `index`, `0...3`.
  init(_ index: Int) {
    typealias Register = AspeedRegister
    switch index {
    case 0:
      enable = AspeedField(offset: Register.hicr0, mask: 1 << 5)
      inputBufferFullInterrupt = AspeedField(offset: Register.hicr2, mask: 1 << 1)
      serialIRQ = AspeedField(offset: Register.sirqcr0, mask: 0b11)
    case 1:
      enable = AspeedField(offset: Register.hicr0, mask: 1 << 6)
      inputBufferFullInterrupt = AspeedField(offset: Register.hicr2, mask: 1 << 2)
      serialIRQ = AspeedField(offset: Register.hicr5, mask: 1 << 12)
    case 2:
      enable = AspeedField(offset: Register.hicr0, mask: 1 << 7)
      inputBufferFullInterrupt = AspeedField(offset: Register.hicr2, mask: 1 << 3)
      serialIRQ = AspeedField(offset: Register.hicr5, mask: 1 << 14)
    default:
      enable = AspeedField(offset: Register.hicrb, mask: 1 << 0)
      inputBufferFullInterrupt = AspeedField(offset: Register.hicrb, mask: 1 << 1)
      serialIRQ = AspeedField(offset: Register.hicrc, mask: 1 << 0)
    }
    kcsEnable = index == 2 ? AspeedField(offset: Register.hicr4, mask: 1 << 2) : enable
  }
}

/// What a register of ``AspeedLPC`` is; channels by index, `0...3`.
enum AspeedLocation {
  case inputData(Int)
  case outputData(Int)
  case status(Int)
  case ladr12High
  case ladr12Low
  case ibt(AspeedIBTRegister)
  case storage

  init(_ register: Int) {
    self =
      switch register {
      case 0x24..<0x30: .inputData((register - 0x24) / 4)
      case 0x30..<0x3C: .outputData((register - 0x30) / 4)
      case 0x3C..<0x48: .status((register - 0x3C) / 4)
      case 0x114: .inputData(3)
      case 0x118: .outputData(3)
      case 0x11C: .status(3)
      case AspeedRegister.ladr12High: .ladr12High
      case AspeedRegister.ladr12Low: .ladr12Low
      default: AspeedIBTRegister(rawValue: register).map { .ibt($0) } ?? .storage
      }
  }
}
