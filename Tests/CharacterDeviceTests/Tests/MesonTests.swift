import EmulatedPair
import Foundation
import Testing

/// `meson test` with our command as a test, as a daemon's own project has it.
@Suite(
  .enabled(if: Programs.find("meson") != nil, "meson is not installed"),
  .enabled(if: getuid() == 0, "only root can hide /dev/fuse"),
  .enabled(if: !Command.Way.all.isEmpty, "FUSE, or the device library"))
struct MesonTests {
  private static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Meson").path

  /// What `meson test` prints, where a shell has done `preparation`.
  private static func test(
    after preparation: String = ":", environment: [String: String] = [:]
  ) throws -> [String] {
    let directory = try TemporaryDirectory()
    let script = """
      \(preparation) && meson setup "$1/build" "$2" -Dbridge="$3" -Ddaemon="$4" \
        -Ddaemon-arguments=kcsbridged,/dev/ipmi-kcs3 && meson test -C "$1/build"
      """
    let process = try ChildProcess(
      name: "meson",
      command: ["unshare", "-m", "sh", "-c", script, "sh", directory.path, project]
        + [Command.executable, Command.daemon], environment: environment)
    _ = try process.waitForExit(timeout: 300)
    return process.lines
  }

  @Test func daemonsTestsPass() throws {
    let lines = try Self.test()
    for name in ["boot", "script", "abuse"] {
      #expect(lines.contains { $0.contains("/3 \(name) ") && $0.contains(" OK ") }, "\(lines)")
    }
  }

  @Test func testsAreSkippedWhereNoDeviceIsAllowed() throws {
    let lines = try Self.test(
      after: "mount --bind /dev/null /dev/fuse",
      environment: ["IPMI_HOST_BRIDGE_DEVICE_LIBRARY": "/nonexistent"])
    for name in ["boot", "script", "abuse"] {
      #expect(lines.contains { $0.contains("/3 \(name) ") && $0.contains(" SKIP ") }, "\(lines)")
    }
  }
}
