import DeviceTree
import EmulatedPair
import Faults
import Foundation
import UnicornMachine

/// The files that a pair is made of.
struct PairInputs {
  private let board: BMCBoard
  private let firmware: NamedFile
  private let deviceTree: NamedFile?
  private let host: HostInput
  private let image: ELFImage

  private struct NamedFile {
    var path: String
    var bytes: [UInt8]
    var recorded: Recording.File { Recording.File(bytes, path: path) }

    init(_ path: String) throws {
      self.path = path
      bytes = try PairInputs.read(path)
    }
  }

  private enum HostInput {
    case program(NamedFile, ELFImage, arguments: String)
    case script(HostScript)
  }

  /// The files that the command line names, and the project's own where it does not.
  init(
    soc: String?, bmc: String?, dtb: String?, host: String?, hostArguments: String, script: String?
  ) throws {
    deviceTree = try dtb.map { try NamedFile($0) }
    board = try Self.board(soc, deviceTree)
    firmware = try NamedFile(bmc ?? Artifacts.firmware(forBoardNamed: board.name))
    image = try ELFImage(firmware.bytes, name: firmware.path)
    if let script {
      let text = String(decoding: try Self.read(script), as: UTF8.self)
      self.host = .script(try HostScript(text))
    } else {
      let file = try NamedFile(host ?? Artifacts.hostStub())
      self.host = .program(
        file, try ELFImage(file.bytes, name: file.path), arguments: hostArguments)
    }
  }

  /// A BMC in real time, made of the files that the command line names.
  static func servedBMC(soc: String?, bmc: String?, dtb: String?) throws -> ServedBMC {
    let deviceTree = try dtb.map { try NamedFile($0) }
    let board = try board(soc, deviceTree)
    let firmware = try NamedFile(bmc ?? Artifacts.firmware(forBoardNamed: board.name))
    return try ServedBMC(
      board, ELFImage(firmware.bytes, name: firmware.path), deviceTree: deviceTree?.bytes)
  }

  /// The files that a recording names; they must be what they were.
  init(_ recording: Recording, bmc: String?, host: String?) throws {
    func file(_ recorded: Recording.File, _ path: String?) throws -> NamedFile {
      let file = try NamedFile(path ?? recorded.path)
      guard file.recorded.hash == recorded.hash else {
        throw EmulatorError(
          "\(file.path) is not the file that was recorded: give that one by --bmc or --host")
      }
      return file
    }
    board = try BMCBoard(named: recording.board)
    firmware = try file(recording.firmware, bmc)
    deviceTree = try recording.deviceTree.map { try file($0, nil) }
    image = try ELFImage(firmware.bytes, name: firmware.path)
    switch recording.host {
    case .program(let recorded, let arguments):
      let program = try file(recorded, host)
      self.host = .program(
        program, try ELFImage(program.bytes, name: program.path), arguments: arguments)
    case .script(let text): self.host = .script(try HostScript(text))
    }
  }

  func configuration(hasFaults: Bool, _ schedule: FaultSchedule?) throws -> PairConfiguration {
    if case .program = host, schedule?.rules.contains(where: { $0.action == .abort }) == true {
      throw EmulatorError(
        "a host's program decides itself when to give up: abort is for a --script")
    }
    let host: PairConfiguration.Host =
      switch host {
      case .program(_, let image, let arguments): .program(image, commandLine: arguments)
      case .script(let script): .script(script)
      }
    return PairConfiguration(
      board: board, firmware: image, deviceTree: deviceTree?.bytes, host: host,
      hasFaults: hasFaults, schedule: schedule)
  }

  func recording(
    seed: UInt64, hasFaults: Bool, _ schedule: FaultSchedule?, trace: [UInt8]
  ) -> Recording {
    let host: Recording.Host =
      switch host {
      case .program(let file, _, let arguments): .program(file.recorded, arguments: arguments)
      case .script(let script): .script(script.text)
      }
    return Recording(
      board: board.name, firmware: firmware.recorded, deviceTree: deviceTree?.recorded,
      host: host, seed: seed, hasFaults: hasFaults, schedule: schedule, trace: trace)
  }

  /// The board that is named, or else the one that the device tree is for, or else the usual one.
  private static func board(_ name: String?, _ deviceTree: NamedFile?) throws -> BMCBoard {
    if let name { return try BMCBoard(named: name) }
    guard let deviceTree else { return BMCBoard.all[0] }
    let compatible: [String]
    do {
      compatible = try DeviceTree(deviceTree.bytes).nodes.first?.strings("compatible") ?? []
    } catch {
      throw EmulatorError("\(deviceTree.path): \(error)")
    }
    let board = BMCBoard.all.first { !Set($0.compatible).isDisjoint(with: compatible) }
    guard let board else {
      throw EmulatorError(
        "\(deviceTree.path) is for \(compatible.joined(separator: ", ")): of that there is no "
          + "machine; choose one that is like it by --soc")
    }
    return board
  }

  static func read(_ path: String) throws -> [UInt8] {
    do {
      return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw EmulatorError("could not read \(path)")
    }
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw EmulatorError("could not write \(path)")
    }
  }
}
