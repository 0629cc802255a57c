/// Where a host finds the byte registers of an interface: address space, base and spacing.
///
/// Register n is the byte at base + n × spacing. The window is a power of two, at least 4 bytes, and
/// bytes in it that are no register read FFh; their writes are lost.
public struct RegisterWindow: Hashable, Sendable {
  /// The host's two address spaces.
  public enum Space: UInt8, Sendable {
    /// ACPI's address space 0.
    case memory = 0
    /// ACPI's address space 1.
    case io = 1
  }

  /// The bytes from one register to the next; raw values are bits 7:6 of SMBIOS' modifier.
  public enum Spacing: UInt8, CaseIterable, Sendable {
    case byte = 0
    case fourBytes = 1
    case sixteenBytes = 2

    /// Bytes.
    public var stride: Int {
      switch self {
      case .byte: 1
      case .fourBytes: 4
      case .sixteenBytes: 16
      }
    }
  }

  public var space: Space
  /// Address of register 0.
  public var base: UInt64
  public var spacing: Spacing
  /// How many registers there are, 1 to 4.
  public var registerCount: Int

  public init(_ space: Space, base: UInt64, spacing: Spacing = .byte, registerCount: Int) {
    self.space = space
    self.base = base
    self.spacing = spacing
    self.registerCount = registerCount
  }

  /// Decoded bytes.
  public var size: Int { (registerCount > 2 ? 4 : 2) * spacing.stride }

  /// Whether `address` is in the window.
  public func contains(_ address: UInt64, in space: Space) -> Bool {
    space == self.space && address &- base < UInt64(size)
  }

  /// The register at `address`, or `nil`.
  public func register(at address: UInt64, in space: Space) -> Int? {
    guard contains(address, in: space) else { return nil }
    let (index, rest) = Int(address &- base).quotientAndRemainder(dividingBy: spacing.stride)
    return rest == 0 && index < registerCount ? index : nil
  }

  /// The host reads `width` bytes, 1 to 8: one after the other, as a bus of 8 bits does it; `nil`
  /// where none of them is in the window.
  public func read(
    _ address: UInt64, in space: Space, width: Int, from registers: inout some HostRegisters
  ) -> UInt64? {
    var result: UInt64 = 0
    var isMine = false
    for index in 0..<width {
      let byte = address &+ UInt64(index)
      isMine = isMine || contains(byte, in: space)
      let value = register(at: byte, in: space).map { registers.hostRead(register: $0) } ?? 0xFF
      result |= UInt64(value) << UInt64(index * 8)
    }
    return isMine ? result : nil
  }

  /// The host writes `width` bytes, 1 to 8, one after the other; `false` where none of them is in
  /// the window.
  @discardableResult
  public func write(
    _ value: UInt64, to address: UInt64, in space: Space, width: Int,
    of registers: inout some HostRegisters
  ) -> Bool {
    var isMine = false
    for index in 0..<width {
      let byte = address &+ UInt64(index)
      isMine = isMine || contains(byte, in: space)
      if let register = register(at: byte, in: space) {
        registers.hostWrite(
          UInt8(truncatingIfNeeded: value >> UInt64(index * 8)), register: register)
      }
    }
    return isMine
  }
}
