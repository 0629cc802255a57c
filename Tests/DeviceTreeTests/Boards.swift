import DeviceTree
import EmulatedPair
import Foundation

/// A board whose overlay is in `devicetrees/`.
struct OverlayBoard: CustomStringConvertible, Sendable {
  /// Where a board's device tree comes from.
  enum Origin {
    /// Debian's kernel package.
    case package
    /// The kernel's source, for Debian builds no kernel for the SoC.
    case source
    /// A source beside the tests, so that a board can be tested without a download.
    case standIn
  }

  /// QEMU's machine.
  var name: String
  /// The board's device tree.
  var file: String
  var origin: Origin

  var description: String { file }

  static let all = [
    OverlayBoard(name: "npcm750-evb", file: "npcm750-evb", origin: .standIn),
    OverlayBoard(name: "npcm750-evb", file: "nuvoton-npcm750-evb", origin: .source),
    OverlayBoard(name: "ast2600-evb", file: "aspeed-ast2600-evb", origin: .package),
    OverlayBoard(name: "ast2500-evb", file: "aspeed-ast2500-evb", origin: .package),
    OverlayBoard(name: "palmetto-bmc", file: "aspeed-bmc-opp-palmetto", origin: .package),
  ]

  /// Those whose file is there; `make test` downloads them all, and then all are tested.
  static let testable = all.filter { board in
    switch board.origin {
    case .package: packaged != nil
    case .source: bindings != nil
    case .standIn: Programs.find("dtc") != nil
    }
  }

  static var npcm750: OverlayBoard { all[0] }

  /// The board's device tree before the overlay, where there is none yet as a file in `directory`.
  func base(in directory: TemporaryDirectory) throws -> String {
    switch origin {
    case .package: return "\(Self.packaged ?? "")/\(file).dtb"
    case .source: return "\(Self.bindings ?? "")/\(file).dtb"
    case .standIn:
      let base = directory.appending("base.dtb")
      try run("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", base, "\(here)/\(file).dts")
      return base
    }
  }

  /// The board's device tree with the overlay applied, as it is or with a change to its source.
  func overlaid(
    in directory: TemporaryDirectory, changing change: (String) -> String = { $0 }
  ) throws -> String {
    let overlay = try overlay(in: directory, changing: change)
    let result = directory.appending("overlaid.dtb")
    try run("fdtoverlay", "-i", try base(in: directory), "-o", result, overlay)
    return result
  }

  /// The contents of the device tree with the overlay applied.
  func overlaid() throws -> [UInt8] {
    let directory = try TemporaryDirectory()
    return try withExtendedLifetime(directory) { try contents(of: overlaid(in: directory)) }
  }

  /// The compiled overlay.
  func overlay(
    in directory: TemporaryDirectory, changing change: (String) -> String = { $0 }
  ) throws -> String {
    let source = directory.appending("overlay.dtso")
    let text = try String(contentsOfFile: "\(here)/../../devicetrees/\(name).dtso", encoding: .utf8)
    try change(text).write(toFile: source, atomically: false, encoding: .utf8)
    let overlay = directory.appending("overlay.dtbo")
    try run("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", overlay, source)
    return overlay
  }

  /// The folder with the device trees of Debian's kernel package.
  private static let packaged =
    ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_DEVICE_TREES"]
  /// The folder with what was made of the kernel's source: its bindings and a device tree.
  static let bindings = ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_BINDINGS"]
}

private let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path

/// Runs a program that must succeed and be silent.
private func run(_ command: String...) throws {
  let process = try ChildProcess(name: command[0], command: command)
  let status = try process.waitForExit(timeout: 30)
  guard status == .exited(0), process.lines.isEmpty else {
    throw EmulatorError("\(command): \(status) \(process.lines)")
  }
}

func contents(of path: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}
