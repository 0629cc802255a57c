import ArgumentParser

/// The files of QEMU's `ipmi-bmc-sim`, to be read.
struct QEMUFileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "SDRs, as of ipmi-bmc-sim's sdrfile, in place of those of the YAML.", valueName: "path"))
  var sdr: String?

  @Option(
    help: ArgumentHelp(
      "FRU inventories, as of its frudatafile, in place of those of the YAML.", valueName: "path"))
  var fru: String?

  @Option(help: ArgumentHelp("Bytes of each inventory in --fru; usually 1024.", valueName: "bytes"))
  var fruAreaSize: Int?

  func validate() throws {
    guard (8...8192).contains(fruAreaSize ?? 1024) else {
      throw ValidationError("--fru-area-size is 8 to 8192.")
    }
    guard fruAreaSize == nil || fru != nil else {
      throw ValidationError("--fru-area-size is about --fru, which is not given.")
    }
  }
}
