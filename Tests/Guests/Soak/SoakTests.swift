import EmulatedPair
import Foundation
import TestSupport
import Testing

/// How long a soak is to be, as `make soak TIME=` has it; nil where none is wanted.
private let soakTime = ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_SOAK"]

/// What `make soak TIME=` runs: a link of KCS and one of BT, each for half of the time.
extension PairTests {
  @Suite(.serialized, .enabled(if: soakTime != nil, "`make soak TIME=30m` runs it"))
  struct SoakTests {
    private static let seed =
      ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_SEED"].flatMap { UInt64($0) } ?? 1

    static let links = [
      Link("npcm750-evb", "kcs1", "isa-ipmi-kcs"), Link("ast2600-evb", "ibt", "isa-ipmi-bt"),
    ]

    @Test(arguments: links)
    func `nothing is lost and nothing grows, whatever goes wrong`(_ link: Link) throws {
      let seconds = try #require(
        soakTime.flatMap { Soak.seconds($0) },
        "TIME=\(soakTime ?? "") is no time: 90, 90s, 30m or 2h is expected")
      // The machine may do much beside it.
      let rig = try Rig(
        link, isThorough: false, random: SplitMix64(seed: Self.seed), bootTimeout: 900)
      do {
        try Soak.run(rig, for: seconds / Double(Self.links.count)) { line in
          print("soak: \(line)")
          fflush(nil)
        }
      } catch {
        Issue.record("\(link.testDescription): \(error) (seed \(Self.seed))")
      }
    }
  }
}
