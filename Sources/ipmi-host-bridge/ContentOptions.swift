import ArgumentParser
import ControllerContent

/// What a simulated BMC has.
struct ContentOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What the BMCs have, in YAML; see the command content. Otherwise the sensors that a BMC feeds "
        + "by itself, and an inventory.",
      valueName: "yaml"))
  var config: String?

  @OptionGroup
  var files: QEMUFileOptions

  @Option(
    help: ArgumentHelp("Name in the BMC's own locator record, 1 to 16 of ASCII.", valueName: "text")
  )
  var name: String?

  func validate() throws {
    guard let name else { return }
    guard config == nil, files.sdr == nil else {
      throw ValidationError(
        "--name is for a BMC without --config and --sdr; those have the record, \"- controller: "
          + "NAME\" in YAML.")
    }
    guard (1...16).contains(name.utf8.count), name.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
    else {
      throw ValidationError("A name has 1 to 16 characters of printable ASCII.")
    }
  }

  /// The content, which fits into a controller.
  func content() throws(ContentError) -> ControllerContent {
    let usual = try Self.usual(name: name ?? "BMC")
    var content = try ContentFile.content(
      yaml: config, sdr: files.sdr, fru: files.fru,
      fruAreaSize: files.fruAreaSize ?? (config == nil ? 1024 : nil), usual: usual)
    try content.check(named: config ?? files.sdr ?? files.fru ?? "content")
    if content.identity.guid.allSatisfy({ $0 == 0 }) { content.identity.guid = usual.identity.guid }
    return content
  }

  /// What a BMC has of which nothing is said: the sensors that its controller feeds by itself, and an
  /// inventory.
  private static func usual(name: String) throws(ContentError) -> ControllerContent {
    let quoted = name.replacing("'", with: "''")
    return try ControllerContent(
      yaml: """
        identity:
          device-revision: 1
          firmware: "0.01"
          product: 0x6C78
          guid: d6053f1c-7a2b-474d-8a9c-504eb0e15100
        sdr:
          - {sensor: Host Power, number: 1, type: acpi-power-state, states: [0, 5]}
          - {sensor: Watchdog, number: 2, type: watchdog-2, states: [0, 1, 2, 3, 8]}
          - {sensor: SEL, number: 3, type: event-logging-disabled, states: [2, 4, 5]}
          - controller: '\(quoted)'
          - fru: Board FRU
        fru-area-size: 512
        fru:
          - chassis: {type: 0x17}
            board: {manufacturer: ipmi-host-bridge, product: simulate}
            product: {manufacturer: ipmi-host-bridge, name: simulate, version: "0.1"}
        """, file: "the usual content")
  }
}
