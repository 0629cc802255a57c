import EmulatedPair
import Foundation
import Testing

/// Machines on which FUSE is not allowed.
@Suite(.enabled(if: getuid() == 0, "only root can hide /dev/fuse"))
struct FallbackTests {
  @Test(
    .enabled(if: Command.Way.all.contains(.preload), "the device library"),
    arguments: ProgramTests.Kind.all)
  func libraryTakesFUSEsPlace(_ kind: ProgramTests.Kind) throws {
    let run = try Command.runWithoutFUSE(kind.options + ["--host", "simulate"] + kind.command())
    #expect(run.status == .exited(0), "\(run.lines)")
    #expect(run.lines.contains { $0.contains("The devices are preloaded") })
    #expect(run.lines.filter { $0.hasPrefix("ok ") }.count == 6)
  }

  @Test(
    .enabled(if: Command.Way.all.contains(.preload), "the device library"),
    arguments: ProgramTests.Kind.all)
  func nobodyNeedsNothingElse(_ kind: ProgramTests.Kind) throws {
    let run = try Command.runWithoutFUSE(
      kind.options + ["--host", "simulate"] + kind.command(), asNobody: true)
    #expect(run.status == .exited(0), "\(run.lines)")
    #expect(run.lines.contains("user 65534 has /dev/\(kind.device)"))
    #expect(run.lines.filter { $0.hasPrefix("ok ") }.count == 6)
  }

  @Test(.enabled(if: Command.Way.all.contains(.preload), "the device library"))
  func fuseThatIsAskedForIsNotReplaced() throws {
    let kind = ProgramTests.Kind.all[0]
    let run = try Command.runWithoutFUSE(
      ["--device", "fuse"] + kind.options + ["--host", "simulate"] + kind.command())
    #expect(run.status == .exited(77), "\(run.lines)")
    #expect(run.lines.contains { $0.contains("could not mount FUSE on /dev/ipmi-kcs3") })
    // What TAP makes of it.
    #expect(run.lines.filter { $0.hasPrefix("ok ") && $0.contains("# SKIP") }.count == 6)
  }

  @Test func withNeitherItIsStatus77AndBothReasons() throws {
    let kind = ProgramTests.Kind.all[0]
    let run = try Command.runWithoutFUSE(
      kind.options + ["--host", "simulate"] + kind.command(),
      environment: ["IPMI_HOST_BRIDGE_DEVICE_LIBRARY": "/nonexistent"])
    #expect(run.status == .exited(77), "\(run.lines)")
    #expect(run.lines.contains { $0.contains("could not mount FUSE") && $0.contains("no library") })
  }
}
