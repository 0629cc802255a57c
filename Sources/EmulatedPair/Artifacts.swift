import Foundation

/// The files an emulated pair is made of, found where the environment says, beside an installed
/// `ipmi-host-bridge`, or in the build tree.
public enum Artifacts {
  /// The library that gives QEMU our devices: `IPMI_HOST_BRIDGE_QEMU_PLUGIN`,
  /// `../lib/ipmi-host-bridge/` seen from the executable, or the build tree's.
  public static func plugin() throws -> String {
    let file = "libipmi-host-bridge-qemu.so"
    return try find(
      "the QEMU library \(file)", variable: "IPMI_HOST_BRIDGE_QEMU_PLUGIN",
      installed: "lib/ipmi-host-bridge/\(file)", built: [".build/plugin/release/\(file)"],
      hint: "`make plugin` builds it")
  }

  /// The library that brings a program's calls on its devices here, where there is no FUSE:
  /// `IPMI_HOST_BRIDGE_DEVICE_LIBRARY`, `../lib/ipmi-host-bridge/` seen from the executable, or the
  /// build tree's.
  public static func deviceLibrary() throws -> String {
    let file = "libipmi-host-bridge-device.so"
    return try find(
      "the library \(file)", variable: "IPMI_HOST_BRIDGE_DEVICE_LIBRARY",
      installed: "lib/ipmi-host-bridge/\(file)", built: [".build/device/release/\(file)"],
      hint: "`make device-library` builds it")
  }

  /// A board's firmware: `IPMI_HOST_BRIDGE_FIRMWARE`, a folder with one ELF file per board,
  /// `../share/ipmi-host-bridge/` seen from the executable, or the build tree's.
  public static func firmware(for board: Board) throws -> String {
    try firmware(forBoardNamed: board.name)
  }

  /// The firmware of the board called `name`, as ``firmware(for:)``.
  public static func firmware(forBoardNamed name: String) throws -> String {
    let file = "\(name).elf"
    return try find(
      "the firmware \(file)", variable: "IPMI_HOST_BRIDGE_FIRMWARE", fileInVariable: file,
      installed: "share/ipmi-host-bridge/\(file)",
      built: ["firmware-stubs/.build/\(name)/release/\(file)"],
      hint: "`make firmware` builds it")
  }

  /// The program for a host without an operating system: `host.elf` in
  /// `IPMI_HOST_BRIDGE_FIRMWARE`, `../share/ipmi-host-bridge/` seen from the executable, or the build
  /// tree's.
  public static func hostStub() throws -> String {
    try find(
      "the host program host.elf", variable: "IPMI_HOST_BRIDGE_FIRMWARE",
      fileInVariable: "host.elf", installed: "share/ipmi-host-bridge/host.elf",
      built: ["firmware-stubs/.build/host/release/host.elf"], hint: "`make firmware` builds it")
  }

  /// The host's kernel: `IPMI_HOST_BRIDGE_HOST_KERNEL`, or the cache's.
  public static func hostKernel() throws -> String {
    try find(
      "the host guest's kernel", variable: "IPMI_HOST_BRIDGE_HOST_KERNEL",
      cached: "host-amd64/vmlinuz", hint: "`make guests` makes it")
  }

  /// The host's initramfs: `IPMI_HOST_BRIDGE_HOST_INITRD`, or the cache's.
  public static func hostInitrd() throws -> String {
    try find(
      "the host guest's initramfs", variable: "IPMI_HOST_BRIDGE_HOST_INITRD",
      cached: "host-amd64/initramfs.cpio", hint: "`make guests` makes it")
  }

  /// The Linux of a BMC: `IPMI_HOST_BRIDGE_BMC_LINUX`, a folder, or the cache's for this board and
  /// interface; with `vmlinuz`, `board.dtb` and `initramfs.cpio`.
  public static func linux(
    for board: Board, responder: String
  ) throws -> EmulatedBMC.Software {
    let interface = responder.filter { !$0.isNumber }
    func find(_ what: String, _ file: String) throws -> String {
      try Self.find(
        "\(what) of \(board.name) for \(interface)", variable: "IPMI_HOST_BRIDGE_BMC_LINUX",
        fileInVariable: file, cached: "bmc-\(board.name)-\(interface)/\(file)",
        hint: "`make guests` makes it")
    }
    return .linux(
      kernel: try find("the kernel", "vmlinuz"),
      deviceTree: try find("the device tree", "board.dtb"),
      initrd: try find("the initramfs", "initramfs.cpio"))
  }

  private static func find(
    _ what: String, variable: String, fileInVariable: String? = nil, installed: String? = nil,
    built: [String] = [], cached: String? = nil, hint: String
  ) throws -> String {
    let environment = ProcessInfo.processInfo.environment
    if let value = environment[variable], !value.isEmpty {
      let path = fileInVariable.map { "\(value)/\($0)" } ?? value
      guard isFile(path) else {
        throw EmulatorError("\(what) is not where \(variable) says: \(path)")
      }
      return path
    }
    var candidates: [String] = []
    let folder = URL(fileURLWithPath: executablePath()).deletingLastPathComponent()
    if let installed {
      candidates.append(folder.deletingLastPathComponent().appendingPathComponent(installed).path)
    }
    if let root = packageRoot(above: folder) { candidates += built.map { "\(root)/\($0)" } }
    if let cached {
      let caches =
        environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        ?? NSHomeDirectory() + "/.cache"
      candidates.append("\(caches)/ipmi-host-bridge/\(cached)")
    }
    if let found = candidates.first(where: isFile) { return found }
    let places = candidates.isEmpty ? "" : "; looked for \(candidates.joined(separator: ", "))"
    throw EmulatorError("\(what) was not found: \(hint), or set \(variable)\(places)")
  }

  private static func isFile(_ path: String) -> Bool {
    FileManager.default.isReadableFile(atPath: path)
  }

  /// The executable of this process.
  public static func executablePath() -> String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
  }

  /// The package that the executable was built in, if it lies in a build folder.
  private static func packageRoot(above folder: URL) -> String? {
    var folder = folder
    while folder.path != "/" {
      if folder.lastPathComponent.hasPrefix(".build") {
        return folder.deletingLastPathComponent().path
      }
      folder.deleteLastPathComponent()
    }
    return nil
  }
}
