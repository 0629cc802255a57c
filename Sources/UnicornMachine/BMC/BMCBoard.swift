import BMCPeripherals
import CUnicorn

/// A BMC's board: which processor, what is where. All that differs between boards is in here.
public struct BMCBoard: Sendable {
  /// As QEMU's `-M` spells it.
  public let name: String
  /// What device trees' roots say they are compatible with: the SoC, and the boards.
  public let compatible: [String]
  let model: Int32
  /// ARMv6 and later can move the exception vectors.
  let hasVectorBase: Bool
  /// Length of an instruction in nanoseconds: all take the same.
  let instructionTime: UInt64
  let ramBase: UInt64
  let ramSize: Int
  /// Where there are registers: what is not in ``devices`` reads 0 and loses what is stored.
  let windows: [(base: UInt64, size: Int)]
  let devices: [Placement]
  let soc: SystemOnChip
  let timer: Timer
  /// Inputs of the interrupt controller that the console and the timer drive, as it numbers them.
  let consoleLine: Int
  let timerLines: [Int]
  let hasGIC: Bool

  /// Whether its host interface has BT.
  var hasBT: Bool { soc.responders.contains(.ibt) }
  /// The KCS channel that the firmware answers on at the host's usual ports.
  var hostChannel: Int { hasBT ? 3 : 1 }
  /// What the SoC is called, such as `npcm750`.
  public var socName: String { "\(soc.name)" }
  /// What the interrupt controller adds to the numbers of ``soc``'s lines: those before its SPIs.
  var firstSharedLine: Int { hasGIC ? 32 : 0 }

  /// A device and its registers' addresses.
  struct Placement: Sendable {
    var base: UInt64
    var size: Int
    var device: Kind
  }

  /// A device of a board: one of each, but for those that only keep what is stored.
  enum Kind: Sendable {
    case console, distributor, processorInterface, vectoredController, timer, watchdog
    case hostInterface
    case registers([RegisterFile.FixedBits])
  }

  /// The timer that interrupts.
  enum Timer: Sendable {
    /// Nanoseconds of a tick.
    case global(period: UInt64)
    case generic(period: UInt64)
    case aspeed
  }

  /// Every board there is.
  public static let all: [BMCBoard] = [npcm750, ast2600, ast2500, palmetto]

  private static let npcm750 = BMCBoard(
    name: "npcm750-evb", compatible: ["nuvoton,npcm750-evb", "nuvoton,npcm750"],
    model: Int32(UC_CPU_ARM_CORTEX_A9.rawValue), hasVectorBase: true, instructionTime: 2,
    ramBase: 0, ramSize: 512 << 20, windows: [(0xF000_0000, 0x100_0000)],
    devices: [
      Placement(base: 0xF000_1000, size: 0x20, device: .console),
      Placement(base: 0xF000_8000, size: 0x20, device: .watchdog),
      // A conversion is over at once.
      Placement(
        base: 0xF000_C000, size: 0x20, device: .registers([.init(offset: 0, zeros: 1 << 13)])),
      // GPIO: inputs read 0, so that the host has power.
      Placement(base: 0xF001_0000, size: 0x8000, device: .registers([])),
      Placement(base: 0xF03F_E100, size: 0x100, device: .processorInterface),
      Placement(base: 0xF03F_E200, size: 0x20, device: .timer),
      Placement(base: 0xF03F_F000, size: 0x1000, device: .distributor),
      Placement(
        base: 0xF080_0000, size: 0x1000,
        device: .registers([.init(offset: 0, ones: 0x04A9_2750, zeros: .max)])),
      Placement(base: 0xF080_1000, size: 0x1000, device: .registers([])),
    ], soc: .npcm7xx("npcm750"), timer: .global(period: 10), consoleLine: 32 + 2,
    timerLines: [16 + 11],
    hasGIC: true)

  private static let ast2600 = aspeed(
    "ast2600-evb", .ast2600, model: UC_CPU_ARM_CORTEX_A7, instructionTime: 1,
    ramBase: 0x8000_0000, revision: (offset: 0x04, value: 0x0503_0303))
  private static let ast2500 = aspeed(
    "ast2500-evb", .ast2500, model: UC_CPU_ARM_1176, instructionTime: 2,
    ramBase: 0x8000_0000, revision: (offset: 0x7C, value: 0x0401_0303))
  private static let palmetto = aspeed(
    "palmetto-bmc", .ast2400, model: UC_CPU_ARM_926, instructionTime: 3,
    ramBase: 0x4000_0000, revision: (offset: 0x7C, value: 0x0201_0303))

  /// Most devices of the three parts are at the same addresses.
  private static func aspeed(
    _ name: String, _ generation: AspeedGeneration, model: uc_cpu_arm, instructionTime: UInt64,
    ramBase: UInt64, revision: (offset: Int, value: UInt32)
  ) -> BMCBoard {
    let hasGIC = generation == .ast2600
    let part: StaticString = hasGIC ? "ast2600" : generation == .ast2500 ? "ast2500" : "ast2400"
    let controller: [Placement] =
      hasGIC
      ? [
        Placement(base: 0x4046_1000, size: 0x1000, device: .distributor),
        Placement(base: 0x4046_2000, size: 0x1000, device: .processorInterface),
      ] : [Placement(base: 0x1E6C_0000, size: 0x100, device: .vectoredController)]
    return BMCBoard(
      name: name, compatible: ["aspeed,\(part)"], model: Int32(model.rawValue),
      hasVectorBase: generation != .ast2400, instructionTime: instructionTime, ramBase: ramBase,
      ramSize: 512 << 20,
      windows: [(0x1E60_0000, 0x20_0000)] + (hasGIC ? [(0x4046_0000, 0x8000)] : []),
      devices: controller + [
        Placement(
          base: 0x1E6E_2000, size: 0x1000,
          device: .registers([
            .init(offset: revision.offset, ones: revision.value, zeros: .max)
          ])),
        // The converter has come up.
        Placement(
          base: 0x1E6E_9000, size: 0x200, device: .registers([.init(offset: 0, ones: 1 << 8)])),
        // GPIO: inputs read 0, so that the host has power.
        Placement(base: 0x1E78_0000, size: 0x1000, device: .registers([])),
        Placement(base: 0x1E78_2000, size: 0x1000, device: .timer),
        Placement(base: 0x1E78_4000, size: 0x20, device: .console),
        Placement(base: 0x1E78_5000, size: 0x20, device: .watchdog),
      ], soc: .aspeed(part, generation),
      timer: hasGIC ? .generic(period: 1) : .aspeed, consoleLine: hasGIC ? 32 + 8 : 10,
      // Of the generic timer the physical one, then the virtual one.
      timerLines: hasGIC ? [16 + 14, 16 + 11] : [16, 17, 18, 35, 36, 37, 38, 39], hasGIC: hasGIC)
  }
}

extension BMCBoard {
  /// The board called `name`, or the first one with the SoC that is called so.
  public init(named name: String) throws {
    guard let board = Self.all.first(where: { $0.name == name || $0.socName == name }) else {
      let names = Self.all.map { "\($0.socName) (\($0.name))" }.joined(separator: ", ")
      throw MachineError("there is no SoC or board '\(name)': choose one of \(names)")
    }
    self = board
  }
}
