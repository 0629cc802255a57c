import EmulatedPair
import Foundation
import Testing

@testable import CharacterDevice

/// OpenBMC's own daemons, unmodified, in front of our devices, where the environment names them:
/// IPMI_HOST_BRIDGE_KCSBRIDGED, _BTBRIDGED, _SSIFBRIDGED.
///
/// They need a D-Bus where DBUS_SYSTEM_BUS_ADDRESS says (kcsbridged wants DBUS_STARTER_BUS_TYPE=system,
/// too), and on it an ipmid. One runs at a time, for each has one name on the bus.
@Suite(.serialized, .enabled(if: !Command.Way.all.isEmpty, "FUSE, or the device library"))
struct OpenBMCDaemonTests {
  /// Paths of daemons, by what they are.
  private static let paths = [
    "kcsbridged": "IPMI_HOST_BRIDGE_KCSBRIDGED", "btbridged": "IPMI_HOST_BRIDGE_BTBRIDGED",
    "ssifbridged": "IPMI_HOST_BRIDGE_SSIFBRIDGED",
  ].compactMapValues { ProcessInfo.processInfo.environment[$0] }

  private static let given = ProgramTests.Kind.all.filter { paths[$0.daemon] != nil }

  private static let areGiven: Comment =
    "IPMI_HOST_BRIDGE_KCSBRIDGED, _BTBRIDGED and _SSIFBRIDGED name no daemon of OpenBMC's"

  /// The daemon and its arguments, and the options that give it its device.
  private static func command(_ kind: ProgramTests.Kind, _ options: [String]) -> [String] {
    kind.options + options + ["--", paths[kind.daemon]!]
      + (kind.daemon == "kcsbridged" ? ["-c", kind.device] : [])
  }

  @Test(.enabled(if: !given.isEmpty, areGiven), arguments: given, Command.Way.all)
  func daemonTakesRequests(_ kind: ProgramTests.Kind, by way: Command.Way) throws {
    let run = try Command.run(
      Self.command(kind, ["--host", "simulate"]), by: way, timeout: 60)
    #expect(run.lines.contains("\(kind.device) open"), "\(run.lines)")
    #expect(run.lines.contains { $0.hasPrefix("\(kind.device) read ") }, "\(run.lines)")
  }

  /// What they are known to do wrong: btbridged 3ee95fe ends.
  private static let known: Set<String> = ["bt-length-1", "bt-length-2"]

  @Test(.enabled(if: !given.isEmpty, areGiven), arguments: given, Command.Way.all)
  func daemonGetsOverAllAbuses(_ kind: ProgramTests.Kind, by way: Command.Way) throws {
    let run = try Command.run(
      Self.command(kind, ["--abuse", "all", "--quiet"]), by: way, timeout: 400)
    for name in Abuse.all.filter({ $0.kind == kind.kind }).map(\.name) {
      let result = try #require(run.lines.first { $0.contains(" \(name): the host ") }, "\(name)")
      #expect(result.hasPrefix("ok ") || Self.known.contains(name), "\(name): \(run.lines)")
    }
  }
}
