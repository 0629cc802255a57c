import EmulatedPair
import Foundation
import TestSupport
import Testing

/// Linux on both ends, through everything that goes wrong on a real link: `ipmi_si` on a PC, and on the
/// BMC the drivers of its kernel, `kcs_bmc_npcm7xx`, `kcs_bmc_aspeed` and `bt-bmc`.
///
/// A row that fails says so in the table and is an issue of the test; the next one starts from a fresh
/// pair. `make guests-test` runs all of it and writes the table, IPMI_HOST_BRIDGE_SEED chooses another
/// run of the random parts.
extension PairTests {
  static let scenarioLinks =
    [
      Link("npcm750-evb", "kcs1", "isa-ipmi-kcs"),
      Link("ast2600-evb", "kcs3", "isa-ipmi-kcs"),
      Link("ast2600-evb", "ibt", "isa-ipmi-bt"),
    ] + (ScenarioTests.isThorough ? moreScenarioLinks : [])

  /// With a kernel of their own, and one interrupt for KCS, iBT and POST codes.
  private static let moreScenarioLinks = [
    Link("ast2500-evb", "kcs3", "isa-ipmi-kcs"),
    Link("ast2500-evb", "ibt", "isa-ipmi-bt"),
  ]

  @Suite(.serialized) struct ScenarioTests {
    fileprivate static let isThorough =
      ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_SCENARIOS"] == "all"
    private static let seed =
      ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_SEED"].flatMap { UInt64($0) } ?? 1
    /// The row, and the board, of which alone something is to run; the rest of the table stays.
    private static let only = ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_SCENARIO"]
    private static let onlyBoard = ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_BOARD"]

    /// What has run; the links run one after the other.
    @MainActor private static var table = ScenarioTable(links: scenarioLinks)

    @Test(arguments: scenarioLinks)
    @MainActor func `every scenario leaves a link that works`(_ link: Link) throws {
      let scenarios = Scenario.all.filter {
        (Self.isThorough || $0.isCore) && $0.applies(to: link) && (Self.only ?? $0.name) == $0.name
      }
      guard (Self.onlyBoard ?? link.board) == link.board else { return }
      if Self.only ?? Self.onlyBoard != nil {
        Self.table = try ScenarioTable(ofArticle: scenarioLinks)
      }
      var rig: Rig?
      for (number, scenario) in scenarios.enumerated() {
        // The same whatever ran before it.
        let random = SplitMix64(seed: Self.seed &* 1000 &+ UInt64(number))
        let started = Date()
        do {
          let ready = try rig ?? Rig(link, isThorough: Self.isThorough, random: random)
          rig = ready
          ready.random = random
          let result = try scenario.run(ready)
          Self.table[scenario.name, link] = result
          report(link, scenario, result, since: started)
        } catch {
          // What the BMC says of it, the processors, and both kernels.
          let messages =
            [try? rig?.pair.monitorBMC().registers(), try? rig?.pair.monitorHost().registers()]
            .compactMap { $0 }
            + ((try? rig?.bmc("ps | grep ipmi-; dmesg | tail -n 8")) ?? [])
            + ((try? rig?.host("dmesg | grep -i ipmi | tail -n 8")) ?? [])
          for line in (rig?.pair.bmc?.lines.suffix(12) ?? []) + messages { print("  | \(line)") }
          rig = nil
          Self.table[scenario.name, link] = "**failed**: \(error)"
          Issue.record("\(link.testDescription): \(scenario.name): \(error) (seed \(Self.seed))")
          report(link, scenario, "failed: \(error)", since: started)
        }
      }
      if Self.isThorough { try Self.table.write(note: "Seed \(Self.seed).") }
    }

    /// Progress, for who watches: the whole takes many minutes.
    private func report(_ link: Link, _ scenario: Scenario, _ result: String, since start: Date) {
      let seconds = Int(Date().timeIntervalSince(start).rounded())
      print("\(link.testDescription): \(scenario.name): \(result) (\(seconds) s)")
      fflush(nil)
    }

    @Test func `the article has a row for each scenario`() throws {
      #expect(try ScenarioTable.rowsOfArticle() == Scenario.all.map(\.name))
    }
  }
}
