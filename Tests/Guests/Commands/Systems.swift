import EmulatedPair
import Foundation
import Testing

/// The three programs that answer QEMU's host without firmware, each with the same content.
enum SimulatedSystem: String, CaseIterable, Sendable {
  case builtIn = "ipmi-bmc-sim"
  case ipmiSim = "ipmi_sim"
  case simulate

  /// The content: sensors, FRU inventories, events.
  static let content = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../ControllerContentTests/example.yaml").standardizedFileURL.path

  /// The BMC; `directory` has its files.
  func bmc(in directory: TemporaryDirectory) throws -> BMC {
    switch self {
    case .simulate:
      return .simulate(
        program: CommandLineRun.executable,
        options: ["--config", Self.content, "--state", directory.appending("state")])
    case .builtIn:
      let (device, _, _) = try Self.binaries(in: directory)
      return .builtIn(
        properties: device.split(separator: ",").dropFirst(2).map(String.init))
    case .ipmiSim:
      let (_, sdr, fru) = try Self.binaries(in: directory)
      return .ipmiSim(commands: try Self.commands(sdr: sdr, fru: fru))
    }
  }

  /// The content in QEMU's files, and the device with which QEMU has it.
  private static func binaries(
    in directory: TemporaryDirectory
  ) throws -> (device: String, sdr: String, fru: String) {
    let (sdr, fru) = (directory.appending("sdr"), directory.appending("fru"))
    let run = try CommandLineRun(["content", "build", content, "--sdr", sdr, "--fru", fru])
    let option = try #require(run.lines.first { $0.hasPrefix("-device ") }, "\(run.text)")
    return (String(option.dropFirst("-device ".count)), sdr, fru)
  }

  /// The content in the language of `ipmi_sim`: GUID, an event, records and inventories byte for byte,
  /// and the sensors, which it does not make of its records.
  private static func commands(sdr: String, fru: String) throws -> [String] {
    var commands = [
      "mc_set_guid 0x20 8a1f3c520d4e4b6a9c7710e5d2f0a9b4",
      "mc_add_fru_data 0x20 0 1024 file 0 \"\(fru)\"",
      "mc_add_fru_data 0x20 1 1024 file 1024 \"\(fru)\"",
      // The host's power came on.
      "sel_add 0x20 2 0 0 0 0 0x20 0 4 0x22 13 0x6f 0 0xff 0xff",
    ]
    var file = Array(try Data(contentsOf: URL(fileURLWithPath: sdr)))[...]
    while file.count > 4 {
      let record = file.prefix(5 + Int(file[file.startIndex + 4]))
      commands.append(
        "main_sdr_add 0x20 \(record.map { "0x" + String($0, radix: 16) }.joined(separator: " "))")
      file = file.dropFirst(record.count)
    }
    // Number, type, reading, thresholds in force, their values from the highest on.
    let analog: [(Int, Int, Int, String, String)] = [
      (1, 1, 41, "111000", "105 95 85 0 0 0"), (2, 1, 22, "010010", "0 45 0 0 251 0"),
      (3, 2, 191, "011011", "0 210 200 181 171 0"),
    ]
    for (number, type, reading, present, values) in analog {
      commands += [
        "sensor_add 0x20 0 \(number) \(type) 1",
        "sensor_set_threshold 0x20 0 \(number) settable \(present) \(values)",
        "sensor_set_event_support 0x20 0 \(number) enable scanning per-state "
          + "000111111000000 000111111000000 000111111000000 000111111000000",
        "sensor_set_value 0x20 0 \(number) \(reading) 0",
      ]
    }
    // Number, type, the offset that is asserted.
    for (number, type, offset) in [(10, 0x08, 0), (11, 0x23, nil), (12, 0x10, nil), (13, 0x22, 0)] {
      commands.append("sensor_add 0x20 0 \(number) \(type) 0x6f")
      if let offset { commands.append("sensor_set_bit 0x20 0 \(number) \(offset) 1 0") }
    }
    return commands
  }
}

extension EmulatedPair {
  /// A host with this interface, and this BMC.
  convenience init(_ bmc: BMC, hostInterface: HostInterface = .isaKCS) throws {
    var configuration = EmulatedPair.Configuration(
      bmc: bmc, hostKernel: try Artifacts.hostKernel(), hostInitrd: try Artifacts.hostInitrd())
    configuration.hostInterface = hostInterface.rawValue
    try self.init(configuration)
  }
}
