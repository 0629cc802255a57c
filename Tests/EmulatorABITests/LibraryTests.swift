import EmulatedPair
import Foundation
import IPMI
import ManagementController
import Testing

/// The library as it is installed, and the programs that use it.
@Suite(
  .serialized, .timeLimit(.minutes(3)),
  .enabled(
    if: Library.path != nil,
    "IPMI_HOST_BRIDGE_LIBRARY must be the path of libipmi-host-bridge.so"))
struct LibraryTests {
  /// Where sources are.
  private static let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  private static let root = here.deletingLastPathComponent().deletingLastPathComponent()
  private static let include = root.appending(path: "Sources/CIPMIHostBridge/include").path
  private static let firmware = root.appending(
    path: "firmware-stubs/.build/npcm750-evb/release/npcm750-evb.elf"
  ).path
  /// What a controller with the identity of the firmware answers: NPCM750EVB's product.
  private static var deviceID: String {
    var controller = ManagementController(
      identity: DeviceIdentity(
        firmwareMajor: 0, firmwareMinor: 1, manufacturer: 0, product: 0x0750,
        guid: FixedBytes(), name: "npcm750-evb"),
      sensors: SensorTable(),
      fru: FRUDescription(
        chassis: ["", ""], board: ["", "", "", "", ""], product: ["", "", "", "", "", "", ""]))
    let response = controller.respond(to: Message(.getDeviceID), now: 0)
    return (0..<response.dataCount).reduce(into: "device ID:") {
      $0 += String(format: " %02x", response.data($1) ?? 0)
    }
  }

  /// Runs a program, which must succeed; the lines it prints.
  @discardableResult
  private func run(_ command: String..., environment: [String: String] = [:]) throws -> [String] {
    let process = try ChildProcess(
      name: command[0], command: command, environment: environment)
    #expect(
      try process.waitForExit(timeout: 120) == .exited(0), "\(command): \(process.lines)")
    return process.lines
  }

  /// Beside the library, its name for programs.
  private var directory: String {
    URL(fileURLWithPath: Library.path!).deletingLastPathComponent().path
  }

  /// Neither language has anything to say about the header.
  @Test(arguments: ["c99", "c17", "c++98", "c++20"])
  func theHeaderIsClean(_ standard: String) throws {
    let files = try TemporaryDirectory()
    let isC = standard.hasPrefix("c9") || standard == "c17"
    let source = files.appending(isC ? "program.c" : "program.cpp")
    let text = """
      #include <ipmi_host_bridge.h>
      int main(void) { return ihb_abi_version() >> 16 == IHB_ABI_MAJOR ? 0 : 1; }
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: source))
    let program = files.appending("program")
    try run(
      isC ? "clang" : "clang++", "-std=\(standard)", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
      "-I", Self.include, source, "-L", directory, "-lipmi-host-bridge", "-o", program)
    try run(program, environment: ["LD_LIBRARY_PATH": directory])
  }

  /// It takes nothing on but the C library, and gives nothing but what the header declares.
  @Test func itDependsOnNothing() throws {
    let needed = try run("ldd", Library.path!).map {
      $0.trimmingCharacters(in: .whitespaces).components(separatedBy: " ")[0]
    }
    #expect(
      Set(needed) == ["linux-vdso.so.1", "libc.so.6", "/lib64/ld-linux-x86-64.so.2"])
    let symbols = try run("nm", "-D", "--defined-only", "--extern-only", Library.path!)
      .compactMap { $0.components(separatedBy: " ").last?.components(separatedBy: "@").first }
    let header = try String(
      contentsOfFile: "\(Self.include)/ipmi_host_bridge.h", encoding: .utf8)
    let declared = header.components(separatedBy: "IHB_API ").dropFirst().compactMap {
      $0.components(separatedBy: "(").first?.components(separatedBy: .whitespaces).last?
        .trimmingPrefix("*")
    }.filter { $0.hasPrefix("ihb_") }
    #expect(Set(symbols.filter { $0 != "IPMI_HOST_BRIDGE_1" }) == Set(declared.map(String.init)))
    #expect(declared.count == 38)
  }

  @Test func theExampleInCBoots() throws {
    let files = try TemporaryDirectory()
    let program = files.appending("unicorn_npcm750")
    try run(
      "clang", "-std=c17", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", Self.include,
      Self.here.appending(path: "Examples/unicorn_npcm750.c").path, "-L", directory,
      "-lipmi-host-bridge", "-lunicorn", "-o", program)
    expectBoot(try run(program, Self.firmware, environment: ["LD_LIBRARY_PATH": directory]))
  }

  @Test(.enabled(if: Library.python != nil, "IPMI_HOST_BRIDGE_PYTHON must name one with Unicorn"))
  func theExampleInPythonBoots() throws {
    expectBoot(
      try run(
        Library.python!, Self.here.appending(path: "Examples/unicorn_npcm750.py").path,
        Self.firmware, Library.path!))
  }

  private func expectBoot(_ lines: [String]) {
    #expect(lines.contains(Self.deviceID), "\(lines)")
    #expect(lines.contains("ipmi-host-bridge firmware for npcm750-evb"))
    #expect(lines.contains("KCS1 06 01 Get Device ID -> 00"))
  }
}

/// Where the library is, and a Python that has Unicorn.
enum Library {
  static let path = ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_LIBRARY"]
  static let python = ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_PYTHON"]
    .flatMap { $0.isEmpty ? nil : $0 }
}
