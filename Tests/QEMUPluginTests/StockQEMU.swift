import Foundation
import Testing

/// The tests that start QEMUs, one at a time: each has processes of its own.
@Suite(
  .serialized, .timeLimit(.minutes(2)),
  .enabled(
    if: StockQEMU.plugin != nil,
    "IPMI_HOST_BRIDGE_QEMU_PLUGIN must be the path of libipmi-host-bridge-qemu.so"))
struct StockQEMUTests {}

/// A QEMU as a distribution ships it, and the library under test to preload into it.
struct StockQEMU: Sendable, CustomTestStringConvertible {
  /// Where the QEMU's own file system is, `/` for the one installed here.
  var root: String
  /// The version it must have.
  var version: String

  var testDescription: String { "QEMU \(version)" }

  /// `libipmi-host-bridge-qemu.so`; `nil` where the environment names none.
  static let plugin = ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_QEMU_PLUGIN"]

  /// Debian 12's QEMU, and Debian 13's where `IPMI_HOST_BRIDGE_QEMU10_ROOT` is a chroot with it.
  static let all: [StockQEMU] = {
    let newer = ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_QEMU10_ROOT"]
    return [StockQEMU(root: "/", version: "7.2")]
      + (newer.map { [StockQEMU(root: $0, version: "10.0")] } ?? [])
  }()

  /// A directory that ends with the test, under the name it has in the QEMU's file system.
  func withTemporaryDirectory<Result>(
    _ body: (_ here: URL, _ inside: String) async throws -> Result
  ) async throws -> Result {
    let inside = "/tmp/ipmi-host-bridge-\(UUID().uuidString)"
    let here = URL(fileURLWithPath: root).appending(path: inside)
    try FileManager.default.createDirectory(at: here, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: here) }
    return try await body(here, inside)
  }

  /// A process that runs `program` with the library preloaded, not started yet.
  ///
  /// - Parameters:
  ///   - directory: From ``withTemporaryDirectory(_:)``: where QEMU finds the library.
  ///   - preloadedFirst: A further library, loaded before it.
  func process(
    _ program: [String], in directory: (here: URL, inside: String), preloadedFirst: String? = nil,
    environment: [String] = []
  ) throws -> Process {
    let name = "libipmi-host-bridge-qemu.so"
    let copy = directory.here.appending(path: name)
    if !FileManager.default.fileExists(atPath: copy.path) {
      try FileManager.default.copyItem(atPath: Self.plugin ?? name, toPath: copy.path)
    }
    let preload = (preloadedFirst.map { [$0] } ?? []) + ["\(directory.inside)/\(name)"]
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      (root == "/" ? [] : ["chroot", root, "env"])
      + ["LD_PRELOAD=\(preload.joined(separator: ":"))"] + environment + program
    return process
  }

  /// What a program printed, and how it ended.
  struct Outcome {
    var status: Int32
    var output: String
    /// Lines of stderr, without what QEMU warns of its own accord.
    var errors: [String]
  }

  /// Runs `program` to its end.
  func run(
    _ program: [String], preloadedFirst: ((URL, String) throws -> String)? = nil,
    environment: [String] = []
  ) async throws -> Outcome {
    try await withTemporaryDirectory { here, inside in
      let process = try process(
        program, in: (here, inside), preloadedFirst: preloadedFirst?(here, inside),
        environment: environment)
      let errors = here.appending(path: "stderr")
      _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
      let output = Pipe()
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = output
      process.standardError = try FileHandle(forWritingTo: errors)
      try process.run()
      let printed = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      return Outcome(
        status: process.terminationStatus, output: String(decoding: printed, as: UTF8.self),
        errors: try String(contentsOf: errors, encoding: .utf8).split(separator: "\n")
          .map(String.init).filter { !$0.contains(": warning: ") })
    }
  }
}
