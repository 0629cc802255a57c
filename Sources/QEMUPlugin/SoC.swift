import BMCPeripherals
import CQEMU
import RegisterLink
import RegisterLinkFile

/// An interface of a BMC by which a host can be answered, as `responder=` names it.
enum Responder: CaseIterable {
  case kcs1, kcs2, kcs3, kcs4, ibt

  var name: StaticString {
    switch self {
    case .kcs1: "kcs1"
    case .kcs2: "kcs2"
    case .kcs3: "kcs3"
    case .kcs4: "kcs4"
    case .ibt: "ibt"
    }
  }

  /// The responder called `name`; `nil` where no SoC has one.
  init?(_ name: UnsafePointer<CChar>) {
    for responder in Self.allCases where unsafe responder.name.equals(name) {
      self = responder
      return
    }
    return nil
  }

  /// The number of the KCS channel.
  var channel: Int {
    switch self {
    case .kcs1: 1
    case .kcs2: 2
    case .kcs3: 3
    case .kcs4: 4
    case .ibt: 0
    }
  }
}

/// A system on chip whose host interfaces QEMU leaves out and this library supplies.
struct SoC {
  /// QOM type of `/machine/soc`.
  var type: StaticString
  /// QEMU's machines that have it.
  var machines: StaticString
  /// Physical address and size of the registers.
  var base: UInt64
  var size: UInt64
  /// QOM path of the interrupt controller, and its inputs.
  var interruptController: StaticString
  var interruptLines: [InterruptLine]
  /// What `responder=` can be.
  var responders: [Responder]
  /// What `…-gpio=` can be.
  var gpio: GPIOControllers

  /// Whose registers they are.
  var module: Module

  /// An input of the interrupt controller.
  struct InterruptLine {
    var number: Int32
    /// Bits of ``HostInterfaceModule/interruptSources``: any of them raises it.
    var sources: UInt8
  }

  /// A model of registers.
  enum Module {
    case npcm7xx
    case aspeed(AspeedGeneration)
  }

  /// Puts the registers into the machine.
  func makeHostInterface() throws(RealizationError) -> HostInterface {
    switch module {
    case .npcm7xx: try ModuleInterface(NPCM7xxHostInterface(), of: self)
    case .aspeed(let generation):
      try ModuleInterface(AspeedHostInterface(AspeedLPC(generation)), of: self)
    }
  }

  /// Puts the registers into the machine, with all channels on a link.
  func makeHostInterface(on link: MappedLink) throws(RealizationError) -> HostInterface {
    switch module {
    case .npcm7xx:
      try ModuleInterface(LinkedRegisters(NPCM7xxHostInterface(), on: link), of: self)
    case .aspeed(let generation):
      try ModuleInterface(LinkedRegisters(AspeedLPC(generation), on: link), of: self)
    }
  }

  /// Every SoC known.
  static var all: [SoC] {
    [
      npcm7xx("npcm750", machines: "npcm750-evb"),
      npcm7xx("npcm730", machines: "quanta-gsj, quanta-gbs-bmc, kudo-bmc, mori-bmc"),
      aspeed("ast2400-a1", .ast2400, machines: "palmetto-bmc"),
      aspeed("ast2500-a1", .ast2500, machines: "ast2500-evb, romulus-bmc"),
      aspeed("ast2600-a3", .ast2600, machines: "ast2600-evb"),
    ]
  }

  /// The two parts differ outside the host interface module only.
  private static func npcm7xx(_ type: StaticString, machines: StaticString) -> SoC {
    SoC(
      type: type, machines: machines, base: NPCM7xxHostInterface.base,
      size: UInt64(NPCM7xxHostInterface.size),
      interruptController: "/machine/soc/a9mpcore/gic",
      interruptLines: [
        InterruptLine(number: Int32(NPCM7xxHostInterface.interrupt), sources: 1)
      ], responders: [.kcs1, .kcs2, .kcs3], gpio: .npcm7xx, module: .npcm7xx)
  }

  /// One board of each part stands for those built on it: there are too many for a line.
  private static func aspeed(
    _ type: StaticString, _ generation: AspeedGeneration, machines: StaticString
  ) -> SoC {
    SoC(
      type: type, machines: machines, base: AspeedLPC.base, size: UInt64(AspeedLPC.size),
      interruptController: generation == .ast2600
        ? "/machine/soc/a7mpcore/gic" : "/machine/soc/vic",
      interruptLines: (0..<generation.lineCount).map {
        let line = generation.line($0)
        return InterruptLine(number: Int32(line.number), sources: line.sources.rawValue)
      }, responders: [.kcs1, .kcs2, .kcs3, .kcs4, .ibt], gpio: .aspeed,
      module: .aspeed(generation))
  }

  /// The SoC of the machine that QEMU runs.
  static func ofMachine() throws(RealizationError) -> SoC {
    if let soc = unsafe qemu.object_resolve_path("/machine/soc", nil) {
      let type = unsafe qemu.object_get_typename(soc)!
      for soc in all where unsafe soc.type.equals(type) { return soc }
    }
    guard let machine = unsafe qemu.object_resolve_path("/machine", nil) else {
      throw RealizationError("there is no machine")
    }
    throw unsafe RealizationError(
      "machine ", .machine(type: qemu.object_get_typename(machine)!),
      " has no BMC that is supported: choose one of ", .machines(all))
  }
}

extension StaticString {
  /// The text as a C string.
  var characters: UnsafePointer<CChar> {
    unsafe UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
  }

  /// Whether the C string `other` is the same text.
  func equals(_ other: UnsafePointer<CChar>) -> Bool {
    unsafe qemu.g_strcmp0(characters, other) == 0
  }
}
