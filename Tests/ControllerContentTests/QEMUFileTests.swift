import EmulatedPair
import Foundation
import IPMI
import ManagementController
import Testing

@testable import ControllerContent

/// The files as a stock QEMU takes them, and the command that makes them.
@Suite(.serialized, .timeLimit(.minutes(2))) struct QEMUFileTests {
  /// Runs `ipmi-host-bridge content` with these arguments.
  private func content(_ arguments: String..., status: Int32 = 0) throws -> [String] {
    let runner =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
    let executable = URL(fileURLWithPath: runner).deletingLastPathComponent()
      .appendingPathComponent("ipmi-host-bridge").path
    let process = try ChildProcess(
      name: "ipmi-host-bridge", command: [executable, "content"] + arguments)
    #expect(try process.waitForExit(timeout: 30) == .exited(status))
    return process.lines
  }

  @Test(.enabled(if: StockPC.isInstalled, "qemu-system-x86_64 is not installed"))
  func `ipmi-bmc-sim reads back every byte of the files`() throws {
    let directory = try TemporaryDirectory()
    let (sdr, fru) = (directory.appending("bmc.sdr"), directory.appending("bmc.fru"))
    let lines = try content("build", Example.path, "--sdr", sdr, "--fru", fru)
    let option = try #require(lines.first.map { $0.split(separator: " ") })
    #expect(lines.count == 1 && option.count == 2 && option[0] == "-device")
    let pc = try StockPC(simulator: String(option[1]))
    let expected = try Example.content()

    let identity = pc.ask(.getDeviceID)
    try #require(pc.failure == nil)
    #expect(
      identity == [0, 0x20, 0x01, 0x01, 0x05, 0x02, 0x07, 0xF2, 0x1B, 0, 0, 1])
    // QEMU sends the GUID as it is written.
    #expect(pc.ask(.getDeviceGUID) == [0] + expected.identity.guid)

    let info = pc.ask(.getSDRRepositoryInfo)
    try #require(info.count == 15)
    #expect(info[2] == UInt8(expected.records.count))
    var next: [UInt8] = [0, 0]
    var file: [UInt8] = []
    repeat {
      let answer = pc.ask(.getSDR, [0, 0] + next + [0, 0xFF])
      try #require(answer.first == 0 && answer.count > 3, "\(next)")
      next = Array(answer[1...2])
      file += answer[3...]
    } while next != [0xFF, 0xFF]
    #expect(file == Array(try Data(contentsOf: URL(fileURLWithPath: sdr))))
    #expect(file == expected.sdrFile)

    let inventories = Array(try Data(contentsOf: URL(fileURLWithPath: fru)))
    #expect(inventories == expected.fruFile)
    for device in 0..<2 {
      #expect(pc.ask(.getFRUInventoryAreaInfo, [UInt8(device)]) == [0, 0, 4, 0])
      var read: [UInt8] = []
      for offset in stride(from: 0, to: 1024, by: 64) {
        let answer = pc.ask(
          .readFRUData, [UInt8(device), UInt8(offset & 0xFF), UInt8(offset >> 8), 64])
        read += answer.dropFirst(2)
      }
      #expect(read == Array(inventories[1024 * device..<1024 * (device + 1)]))
    }
    #expect(pc.ask(.getFRUInventoryAreaInfo, [2]).first != 0)

    // It makes a sensor of the record with states.
    #expect(pc.ask(.getSensorType, [10]) == [0, 0x08, 0x6F])
  }

  /// OpenIPMI's compiler of SDRs, whose language has names for most bytes.
  @Test(.enabled(if: Programs.find("sdrcomp") != nil, "sdrcomp is not installed"))
  func `what OpenIPMI's sdrcomp compiles is shown in words`() throws {
    let directory = try TemporaryDirectory()
    let (source, binary) = (directory.appending("board.sdrs"), directory.appending("board.sdr"))
    try Data(
      """
      sdr type 18
        device_slave_address 0x20
        device_channel_number 0
        entity_id system_board
        entity_instance 1
        id_string "Board BMC"
      endsdr
      sdr type 1
        sensor_owner_id 0x20
        sensor_owner_lun 0
        channel_number 0
        sensor_number 7
        entity_id processor
        entity_instance 2
        sensor_type Temperature
        event_reading_type_code 1
        analog_data_format 2s_complement
        base_unit degrees_C
        modifier_unit_code unspecified
        linearization linear
        sensor_direction input
        m 1
        tolerance 0
        b 0
        accuracy 0
        accuracy_exp 0
        r_exp 0
        b_exp 0
        id_string "Cpu2"
      endsdr

      """.utf8
    ).write(to: URL(fileURLWithPath: source))
    let sdrcomp = try ChildProcess(
      name: "sdrcomp", command: ["sdrcomp", "-r", "-o", binary, source])
    try #require(try sdrcomp.waitForExit(timeout: 30) == .exited(0), "\(sdrcomp.lines)")
    let shown = try content("show", "--sdr", binary).joined(separator: "\n")
    #expect(shown.contains("- controller: \"Board BMC\""))
    #expect(shown.contains("- sensor: \"Cpu2\"\n    number: 7\n    type: temperature"))
    #expect(shown.contains("entity: 3.2") && shown.contains("unit: degrees-C"))
    #expect(!shown.contains("bytes:"))
    var original = ControllerContent()
    try original.read(sdrFile: ContentFile.read(binary), named: binary)
    #expect(try ControllerContent(yaml: shown, file: "shown").records == original.records)
  }

  @Test func `show makes of QEMU's files the YAML that they came from`() throws {
    let directory = try TemporaryDirectory()
    let (sdr, fru) = (directory.appending("bmc.sdr"), directory.appending("bmc.fru"))
    _ = try content("build", Example.path, "--sdr", sdr, "--fru", fru)
    let shown = try content("show", "--sdr", sdr, "--fru", fru).joined(separator: "\n")
    let content = try ControllerContent(yaml: shown, file: "shown")
    let expected = try Example.content()
    #expect(content.sdrFile == expected.sdrFile)
    #expect(content.inventories == expected.inventories)
    #expect(shown.contains("sensor: \"P12V\"") && shown.contains("part: \"MB-100-A\""))
    // With the description, all is there.
    let all = try self.content("show", Example.path, "--sdr", sdr).joined(separator: "\n")
    #expect(try ControllerContent(yaml: all, file: "all").identity == expected.identity)
  }

  @Test func `what is wrong is said in one line, with status 1`() throws {
    let directory = try TemporaryDirectory()
    let wrong = directory.appending("wrong.yaml")
    try Data("identity:\n  produkt: 1\n".utf8).write(to: URL(fileURLWithPath: wrong))
    let lines = try content("build", wrong, status: 1)
    #expect(lines.count == 1)
    #expect(lines.first?.contains("\(wrong):2: unknown key 'produkt'") == true)
    #expect(lines.first?.contains("did you mean 'product'?") == true)
    for file in ["/no/such", "/tmp"] {
      #expect(try content("show", file, status: 1) == ["Error: \(file): could not be read"])
    }
    #expect(try content("show", "/dev/zero", status: 1).first?.contains("1048576") == true)
    #expect(try content("show", "--sdr", Example.path, status: 1).first?.contains("record") == true)
    #expect(try content("show", status: 64).contains { $0.contains("Nothing to show") })
    #expect(try content("build", Example.path, "--sdr", "/no/such", status: 1).count == 1)
  }
}
