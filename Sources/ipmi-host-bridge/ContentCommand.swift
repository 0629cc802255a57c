import ArgumentParser
import ControllerContent
import EmulatedPair
import Foundation

/// What a BMC has, from YAML to the files of QEMU's ipmi-bmc-sim and back.
struct ContentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "content",
    abstract: "Make the files of QEMU's ipmi-bmc-sim from YAML, or show such files as YAML.",
    subcommands: [Build.self, Show.self])

  struct Build: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check a description in YAML, and make sdrfile and frudatafile of it.",
      discussion: """
        Prints the option with which qemu-system-x86_64 has what the description tells of:

          ipmi-host-bridge content build bmc.yaml --sdr bmc.sdr --fru bmc.fru

        Without --sdr and --fru it only checks. QEMU has no files for the SEL and first readings, \
        and makes sensors only of compact records with a number below 20.
        """)

    @Argument(help: ArgumentHelp("The description.", valueName: "yaml"))
    var file: String

    @Option(help: ArgumentHelp("Write the SDRs here, for sdrfile.", valueName: "path"))
    var sdr: String?

    @Option(
      help: ArgumentHelp("Write the FRU inventories here, for frudatafile.", valueName: "path"))
    var fru: String?

    func run() throws {
      let content = try ContentFile.content(yaml: file)
      try content.check(named: file)
      let identity = content.identity
      var options = [
        "ipmi-bmc-sim", "id=bmc0", "device_rev=\(identity.deviceRevision)",
        "fwrev1=\(identity.firmwareMajor)", "fwrev2=\(identity.firmwareMinor)",
        "mfg_id=\(identity.manufacturer)", "product_id=\(identity.product)",
        "guid=\(identity.guidText)",
      ]
      if let sdr {
        try write(content.sdrFile, to: sdr)
        options.append("sdrfile=\(sdr.replacing(",", with: ",,"))")
      }
      if let fru {
        try write(content.fruFile, to: fru)
        options += [
          "fruareasize=\(content.fruAreaSize)", "frudatafile=\(fru.replacing(",", with: ",,"))",
        ]
      }
      print("-device \(options.joined(separator: ","))")
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
      do {
        try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
      } catch {
        throw EmulatorError("could not write \(path)")
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show the files of QEMU's ipmi-bmc-sim, or a description, as YAML.",
      discussion: """
        What a file says is readable where that makes the same bytes again, and bytes elsewhere. \
        With a description, too, the files take the place of what it says.

          ipmi-host-bridge content show --sdr bmc.sdr --fru bmc.fru
        """)

    @Argument(help: ArgumentHelp("A description.", valueName: "yaml"))
    var file: String?

    @OptionGroup
    var files: QEMUFileOptions

    func validate() throws {
      guard file != nil || files.sdr != nil || files.fru != nil else {
        throw ValidationError("Nothing to show: name a description, --sdr or --fru.")
      }
    }

    func run() throws {
      let content = try ContentFile.content(
        yaml: file, sdr: files.sdr, fru: files.fru, fruAreaSize: files.fruAreaSize)
      print(content.yaml, terminator: "")
    }
  }
}
