import BMCPeripherals
import CQEMU

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
  /// QOM path of the interrupt controller, and its input.
  var interruptController: StaticString
  var interrupt: Int32
  /// What `responder=` can be.
  var responders: [Responder]

  /// Every SoC known.
  static var all: [SoC] {
    [
      npcm7xx("npcm750", machines: "npcm750-evb"),
      npcm7xx("npcm730", machines: "quanta-gsj, quanta-gbs-bmc, kudo-bmc, mori-bmc"),
    ]
  }

  /// The two parts differ outside the host interface module only.
  private static func npcm7xx(_ type: StaticString, machines: StaticString) -> SoC {
    SoC(
      type: type, machines: machines, base: NPCM7xxHostInterface.base,
      size: UInt64(NPCM7xxHostInterface.size),
      interruptController: "/machine/soc/a9mpcore/gic",
      interrupt: Int32(NPCM7xxHostInterface.interrupt), responders: [.kcs1, .kcs2, .kcs3])
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
