/// A system on chip and its host interface: where the registers are, whom they interrupt.
///
/// | Name    | Registers         | Interrupt lines         | Responders        |
/// |---------|-------------------|-------------------------|-------------------|
/// | npcm750 | F000 7000h, 4 KiB | GIC SPI 9               | kcs1 to kcs3      |
/// | npcm730 | F000 7000h, 4 KiB | GIC SPI 9               | kcs1 to kcs3      |
/// | ast2400 | 1E78 9000h, 4 KiB | VIC 8                   | kcs1 to kcs4, ibt |
/// | ast2500 | 1E78 9000h, 4 KiB | VIC 8                   | kcs1 to kcs4, ibt |
/// | ast2600 | 1E78 9000h, 4 KiB | GIC SPIs 138 to 141, 143, 144 | kcs1 to kcs4, ibt |
///
/// Sources: ``NPCM7xxHostInterface``, ``AspeedLPC`` and ``AspeedGeneration``.
public struct SystemOnChip: Sendable {
  /// What device trees call it, without the vendor: `nuvoton,npcm750`, `aspeed,ast2600`.
  public var name: StaticString
  /// Physical address of the registers.
  public var base: UInt64
  /// Decoded bytes.
  public var size: UInt64
  /// Inputs of the interrupt controller, level high.
  public var interruptLines: [InterruptLine]
  /// The interfaces by which a host can be answered.
  public var responders: [Responder]
  /// Whose registers they are.
  public var module: Module

  /// An input of the interrupt controller.
  public struct InterruptLine: Hashable, Sendable {
    /// GIC SPI, or VIC input.
    public var number: Int
    /// Bits of ``HostInterfaceModule/interruptSources``: any of them asserts the line.
    public var sources: UInt8
  }

  /// A model of registers.
  public enum Module: Hashable, Sendable {
    case npcm7xx
    case aspeed(AspeedGeneration)
  }

  /// Every SoC known.
  public static var all: [SystemOnChip] {
    [
      npcm7xx("npcm750"), npcm7xx("npcm730"), aspeed("ast2400", .ast2400),
      aspeed("ast2500", .ast2500), aspeed("ast2600", .ast2600),
    ]
  }

  /// The SoC called `name`, in UTF-8; `nil` where none is.
  public static func named(_ name: some Sequence<UInt8>) -> SystemOnChip? {
    for soc in all where soc.name.isUTF8(name) { return soc }
    return nil
  }

  /// The parts differ outside the host interface module only.
  public static func npcm7xx(_ name: StaticString) -> SystemOnChip {
    SystemOnChip(
      name: name, base: NPCM7xxHostInterface.base, size: UInt64(NPCM7xxHostInterface.size),
      interruptLines: [InterruptLine(number: NPCM7xxHostInterface.interrupt, sources: 1)],
      responders: [.kcs1, .kcs2, .kcs3], module: .npcm7xx)
  }

  /// A part of a `generation`.
  public static func aspeed(
    _ name: StaticString, _ generation: AspeedGeneration
  ) -> SystemOnChip {
    SystemOnChip(
      name: name, base: AspeedLPC.base, size: UInt64(AspeedLPC.size),
      interruptLines: (0..<generation.lineCount).map {
        let line = generation.line($0)
        return InterruptLine(number: line.number, sources: line.sources.rawValue)
      }, responders: [.kcs1, .kcs2, .kcs3, .kcs4, .ibt], module: .aspeed(generation))
  }
}
