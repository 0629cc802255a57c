import BMCPeripherals
import SystemInterfaces

/// The registers in which both processors meet: the host interface of the SoC.
///
/// A reset of either processor leaves them alone, as the silicon does.
enum HostInterface: Sendable {
  case npcm7xx(NPCM7xxHostInterface)
  case aspeed(AspeedLPC)

  /// An SoC's registers after power-on.
  init(_ soc: SoC) {
    switch soc {
    case .npcm7xx:
      var registers = NPCM7xxHostInterface()
      // The host's SuperIO configuration, which does not exist, would decode channel 1.
      registers[channel: 1].channel.enables.insert(.hostDecode)
      self = .npcm7xx(registers)
    case .aspeed(let generation): self = .aspeed(AspeedLPC(generation))
    }
  }

  /// A part of SoCs that have the same registers.
  enum SoC: Sendable {
    case npcm7xx
    case aspeed(AspeedGeneration)

    /// Physical address of the first register.
    var base: UInt64 {
      switch self {
      case .npcm7xx: NPCM7xxHostInterface.base
      case .aspeed: AspeedLPC.base
      }
    }

    /// Decoded bytes.
    var size: Int {
      switch self {
      case .npcm7xx: NPCM7xxHostInterface.size
      case .aspeed: AspeedLPC.size
      }
    }

    /// The inputs of the interrupt controller that are driven, as it numbers them.
    var lines: [(number: Int, sources: AspeedLPC.Interrupts)] {
      switch self {
      case .npcm7xx: [(32 + NPCM7xxHostInterface.interrupt, .all)]
      case .aspeed(let generation):
        (0..<generation.lineCount).map { index in
          let line = generation.line(index)
          let offset = generation == .ast2600 ? 32 : 0
          return (offset + line.number, line.sources)
        }
      }
    }
  }

  // MARK: The BMC

  mutating func read(_ offset: Int, width: Int) -> UInt64 {
    switch self {
    case .npcm7xx(var registers):
      defer { self = .npcm7xx(registers) }
      return registers.read(offset, width: width)
    case .aspeed(var registers):
      defer { self = .aspeed(registers) }
      return registers.read(offset, width: width)
    }
  }

  mutating func write(_ value: UInt64, to offset: Int, width: Int) {
    switch self {
    case .npcm7xx(var registers):
      registers.write(value, to: offset, width: width)
      self = .npcm7xx(registers)
    case .aspeed(var registers):
      registers.write(value, to: offset, width: width)
      self = .aspeed(registers)
    }
  }

  /// What interrupts the BMC.
  var interrupts: AspeedLPC.Interrupts {
    switch self {
    case .npcm7xx(let registers): registers.interrupt ? .all : []
    case .aspeed(let registers): registers.interrupts
    }
  }

  // MARK: The host

  /// The host reads an I/O port; `nil` where nothing here answers.
  mutating func hostRead(port: UInt16) -> UInt8? {
    switch self {
    case .npcm7xx(var registers):
      guard let isStatus = Self.npcm7xxRegister(port) else { return nil }
      defer { self = .npcm7xx(registers) }
      if isStatus { return registers[channel: 1].channel.hostReadStatus().rawValue }
      return registers[channel: 1].channel.hostReadData()
    case .aspeed(var registers):
      defer { self = .aspeed(registers) }
      return registers.hostRead(port: port)
    }
  }

  /// The host writes an I/O port.
  mutating func hostWrite(_ value: UInt8, port: UInt16) {
    switch self {
    case .npcm7xx(var registers):
      registers.postCode(port: port, value: value)
      if let isStatus = Self.npcm7xxRegister(port) {
        if isStatus {
          registers[channel: 1].channel.hostWriteCommand(value)
        } else {
          registers[channel: 1].channel.hostWriteData(value)
        }
      }
      self = .npcm7xx(registers)
    case .aspeed(var registers):
      registers.hostWrite(value, port: port)
      self = .aspeed(registers)
    }
  }

  /// Whether `port` is the status port of the channel at CA2h; `nil`: it is none of its two.
  private static func npcm7xxRegister(_ port: UInt16) -> Bool? {
    port == 0xCA2 ? false : port == 0xCA3 ? true : nil
  }
}
