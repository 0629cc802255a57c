/// A32 instructions, as many as the tests' programs need. Registers are numbers.
enum A32 {
  /// r`register` := `value`, in two instructions of ARMv7.
  static func set(_ register: UInt32, _ value: UInt32) -> [UInt32] {
    [move(0xE300_0000, register, value & 0xFFFF), move(0xE340_0000, register, value >> 16)]
  }

  private static func move(_ opcode: UInt32, _ register: UInt32, _ half: UInt32) -> UInt32 {
    let upper = (half >> 12) << 16
    return opcode | upper | register << 12 | (half & 0xFFF)
  }

  static func load(_ register: UInt32, from base: UInt32, _ offset: UInt32 = 0) -> UInt32 {
    0xE590_0000 | base << 16 | register << 12 | offset
  }

  static func store(_ register: UInt32, to base: UInt32, _ offset: UInt32 = 0) -> UInt32 {
    0xE580_0000 | base << 16 | register << 12 | offset
  }

  static func loadByte(_ register: UInt32, from base: UInt32, _ offset: UInt32 = 0) -> UInt32 {
    0xE5D0_0000 | base << 16 | register << 12 | offset
  }

  static func storeByte(_ register: UInt32, to base: UInt32, _ offset: UInt32 = 0) -> UInt32 {
    0xE5C0_0000 | base << 16 | register << 12 | offset
  }

  static func add(_ register: UInt32, _ value: UInt32) -> UInt32 {
    0xE280_0000 | register << 16 | register << 12 | value
  }

  /// A branch by a number of instructions: 0 is to itself.
  static func branch(_ distance: Int) -> UInt32 {
    0xEA00_0000 | UInt32(bitPattern: Int32(distance - 2)) & 0xFF_FFFF
  }

  /// CPSR's control byte.
  static func setState(_ value: UInt32) -> UInt32 { 0xE321_F000 | value }
  /// VBAR := r`register`.
  static func setVectors(_ register: UInt32) -> UInt32 { 0xEE0C_0F10 | register << 12 }
  /// r`register` := SPSR.
  static func savedState(_ register: UInt32) -> UInt32 { 0xE14F_0000 | register << 12 }
  /// r`register` := DFAR.
  static func faultAddress(_ register: UInt32) -> UInt32 { 0xEE16_0F10 | register << 12 }
  static let supervisorCall: UInt32 = 0xEF00_0000
  static let undefined: UInt32 = 0xE7F0_00F0
  static let waitForInterrupt: UInt32 = 0xE320_F003
  /// Returns from an interrupt.
  static let returnFromInterrupt: UInt32 = 0xE25E_F004
  /// Returns behind the instruction of a supervisor call.
  static let returnFromCall: UInt32 = 0xE1B0_F00E
}
