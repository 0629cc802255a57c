import DeviceTree
import EmulatedPair
import Foundation

/// A board whose overlay is in `devicetrees/`.
struct OverlayBoard: CustomStringConvertible, Sendable {
  /// QEMU's machine.
  var name: String
  /// The kernel's device tree.
  var kernelFile: String
  /// Whether Debian's kernel package has that file; where it has not, a source beside the tests
  /// stands in for it.
  var isDebians: Bool

  var description: String { name }

  static let all = [
    OverlayBoard(name: "npcm750-evb", kernelFile: "npcm750-evb", isDebians: false),
    OverlayBoard(name: "ast2600-evb", kernelFile: "aspeed-ast2600-evb", isDebians: true),
    OverlayBoard(name: "ast2500-evb", kernelFile: "aspeed-ast2500-evb", isDebians: true),
    OverlayBoard(name: "palmetto-bmc", kernelFile: "aspeed-bmc-opp-palmetto", isDebians: true),
  ]

  /// Those whose kernel file is there; `make test` downloads them all, and then all are tested.
  static let testable = all.filter { Programs.find("dtc") != nil && !$0.isDebians || kernel != nil }

  static var npcm750: OverlayBoard { all[0] }

  /// The board's device tree before the overlay, as a file in `directory`.
  func base(in directory: TemporaryDirectory) throws -> String {
    guard !isDebians else { return "\(Self.kernel ?? "")/\(kernelFile).dtb" }
    let base = directory.appending("base.dtb")
    try run(
      "dtc", "-q", "-I", "dts", "-O", "dtb", "-o", base, "\(here)/\(kernelFile).dts")
    return base
  }

  /// The board's device tree with the overlay applied.
  func overlaid(in directory: TemporaryDirectory) throws -> String {
    let overlay = try overlay(in: directory)
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
  func overlay(in directory: TemporaryDirectory) throws -> String {
    let overlay = directory.appending("overlay.dtbo")
    try run(
      "dtc", "-q", "-I", "dts", "-O", "dtb", "-o", overlay,
      "\(here)/../../devicetrees/\(name).dtso")
    return overlay
  }

  private static let kernel =
    ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_DEVICE_TREES"]
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
