import BMCPeripherals
import CQEMU
import RegisterLink
import RegisterLinkFile

/// A system on chip as QEMU has it: without the host interface, which this library supplies.
struct SoC {
  /// The chip.
  var chip: SystemOnChip
  /// QOM type of `/machine/soc`.
  var type: StaticString
  /// QEMU's machines that have it.
  var machines: StaticString
  /// QOM path of the interrupt controller.
  var interruptController: StaticString
  /// What `…-gpio=` can be.
  var gpio: GPIOControllers

  /// What `responder=` can be.
  var responders: [Responder] { chip.responders }

  /// Puts the registers into the machine.
  func makeHostInterface() throws(RealizationError) -> HostInterface {
    switch chip.module {
    case .npcm7xx: try ModuleInterface(NPCM7xxHostInterface(), of: self)
    case .aspeed(let generation):
      try ModuleInterface(AspeedHostInterface(AspeedLPC(generation)), of: self)
    }
  }

  /// Puts the registers into the machine, with all channels on a link.
  func makeHostInterface(on link: MappedLink) throws(RealizationError) -> HostInterface {
    switch chip.module {
    case .npcm7xx:
      try ModuleInterface(LinkedRegisters(NPCM7xxHostInterface(), on: link), of: self)
    case .aspeed(let generation):
      try ModuleInterface(LinkedRegisters(AspeedLPC(generation), on: link), of: self)
    }
  }

  /// Every SoC known. One ASPEED board of each part stands for those built on it: there are too
  /// many for a line.
  static var all: [SoC] {
    [
      SoC(
        chip: .npcm7xx("npcm750"), type: "npcm750", machines: "npcm750-evb",
        interruptController: "/machine/soc/a9mpcore/gic", gpio: .npcm7xx),
      SoC(
        chip: .npcm7xx("npcm730"), type: "npcm730",
        machines: "quanta-gsj, quanta-gbs-bmc, kudo-bmc, mori-bmc",
        interruptController: "/machine/soc/a9mpcore/gic", gpio: .npcm7xx),
      SoC(
        chip: .aspeed("ast2400", .ast2400), type: "ast2400-a1", machines: "palmetto-bmc",
        interruptController: "/machine/soc/vic", gpio: .aspeed),
      SoC(
        chip: .aspeed("ast2500", .ast2500), type: "ast2500-a1",
        machines: "ast2500-evb, romulus-bmc", interruptController: "/machine/soc/vic",
        gpio: .aspeed),
      SoC(
        chip: .aspeed("ast2600", .ast2600), type: "ast2600-a3", machines: "ast2600-evb",
        interruptController: "/machine/soc/a7mpcore/gic", gpio: .aspeed),
    ]
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

extension Responder {
  /// The responder called `name`; `nil` where no SoC has one.
  init?(_ name: UnsafePointer<CChar>) {
    for responder in Self.allCases where unsafe responder.name.equals(name) {
      self = responder
      return
    }
    return nil
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
