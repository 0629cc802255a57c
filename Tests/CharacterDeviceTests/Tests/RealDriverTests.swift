import EmulatedPair
import Foundation
import Testing

/// Linux's own drivers on an emulated ARM BMC, held against the same checks as our files.
///
/// The guest's `ipmi-responder` is replaced by `bmc-device-checks`, whose arguments are the same. The
/// host asks through our /dev/ipmi0, until all is checked.
@Suite(
  .serialized, .timeLimit(.minutes(5)),
  .enabled(if: RealDriver.checks != nil, "IPMI_HOST_BRIDGE_ARM_CHECKS names no bmc-device-checks"),
  .enabled(if: Command.isAllowed, "FUSE in a mount namespace of one's own"))
struct RealDriverTests {
  @Test(arguments: ["kcs3", "ibt"])
  func driverPassesTheChecks(_ responder: String) throws {
    let directory = try TemporaryDirectory()
    let socket = directory.appending("ipmi")
    let bmc = try RealDriver.start(responder, socket, in: directory)
    var cursor = 0
    try bmc.wait(for: "the checks", from: &cursor, timeout: 120) { $0.hasPrefix("ok 1 - open") }
    for _ in 0..<20 where !bmc.lines.contains(where: { $0.hasPrefix("1..") }) {
      _ = try Command.host(socket, ["ipmitool", "raw", "6", "1"])
    }
    try bmc.wait(for: "the plan", from: &cursor, timeout: 20) { $0.hasPrefix("1..") }
    let count = bmc.lines.count { $0.hasPrefix("ok ") }
    #expect(!bmc.lines.contains { $0.hasPrefix("not ok") }, "\(bmc.lines)")
    #expect(bmc.lines.contains("1..\(count)"), "\(bmc.lines)")
    #expect(count == (responder == "ibt" ? 21 : 36))
  }
}

enum RealDriver {
  /// bmc-device-checks for the BMC's processor.
  static let checks = ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_ARM_CHECKS"]

  /// An AST2600 with Linux, whose host is whoever connects to `socket`.
  static func start(
    _ responder: String, _ socket: String, in directory: TemporaryDirectory
  ) throws -> ChildProcess {
    let board = Board.named("ast2600-evb")!
    guard
      case .linux(let kernel, let deviceTree, let initrd) = try Artifacts.linux(
        for: board, responder: responder)
    else { throw EmulatorError("no Linux for \(responder)") }
    let guest = directory.appending("initramfs")
    // An initramfs may be several archives, of which the last has the say.
    let archive = try ChildProcess(
      name: "cpio",
      command: [
        "sh", "-ec",
        """
        mkdir -p "$1/tree/bin"; cp "$2" "$1/tree/bin/ipmi-responder"; chmod 755 "$1/tree/bin/"*
        cd "$1/tree"; find . | cpio -o -H newc --quiet >"$1/extra"; cat "$3" "$1/extra" >"$4"
        """, "sh", directory.path, checks!, initrd, guest,
      ])
    guard try archive.waitForExit(timeout: 20) == .exited(0) else {
      throw EmulatorError("no initramfs: \(archive.lines)")
    }
    return try ChildProcess(
      name: "BMC",
      command: [
        "qemu-system-arm", "-M", board.name, "-accel", "tcg", "-display", "none", "-monitor",
        "none", "-serial", "stdio", "-no-reboot", "-chardev",
        "socket,id=ipmi0,path=\(socket),server=on,wait=off", "-device",
        "ipmi-host-extern,id=bmc0,chardev=ipmi0,responder=\(responder)", "-kernel", kernel, "-dtb",
        deviceTree, "-initrd", guest, "-append",
        "console=ttyS4,115200 quiet loglevel=1 panic=-1 responders=\(responder)",
      ], environment: Preload.environment(for: try Artifacts.plugin()))
  }
}
