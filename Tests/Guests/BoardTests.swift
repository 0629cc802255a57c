import EmulatedPair
import Foundation
import Testing

/// Every interface of every board, from ipmitool on a real Linux to our firmware.
extension PairTests {
  /// Each interface to a host that has the same, and both mixtures.
  static let links =
    Board.all.flatMap { board in
      board.responders.map {
        Link(board.name, $0, $0 == "ibt" ? "isa-ipmi-bt" : "isa-ipmi-kcs")
      }
    } + [
      Link("ast2600-evb", "kcs3", "isa-ipmi-bt"),
      Link("palmetto-bmc", "ibt", "isa-ipmi-kcs"),
    ]

  /// What `ipmitool mc info` shows as each board's product.
  static let products = [
    "npcm750-evb": "0x0750", "ast2600-evb": "0x2600", "ast2500-evb": "0x2500",
    "palmetto-bmc": "0x2400",
  ]

  @Test(arguments: links)
  func `the firmware of each board answers on each interface`(_ link: Link) throws {
    let pair = try link.makePair { try .firmware($0, responder: $1) }
    try pair.start()

    let interruptsBefore = try hostInterrupts(pair)
    let results = try Demonstration.commands.map { try pair.run($0) }
    #expect(Demonstration.problems(results) == [])
    #expect(try hostInterrupts(pair) > interruptsBefore)

    // Port 80h, each write one of its own.
    let codes = try pair.run(
      "for code in 1 2 3 U; do printf $code | dd of=/dev/port bs=1 seek=128 2>/tmp/dd; done")
    #expect(codes.status == 0, "\(codes.lines)")
    let bmc = try #require(pair.bmc)
    var cursor = 0
    for code in ["31", "32", "33", "55"] {
      try bmc.wait(for: "POST code \(code)", from: &cursor, timeout: 30) {
        $0 == "POST code \(code)"
      }
    }

    let log = bmc.lines
    #expect(Demonstration.identityProblems(results, bmcLog: log) == [])
    let product = try #require(Self.products[link.board])
    #expect(results[0].lines.contains { $0.hasPrefix("Product ID") && $0.contains(product) })
    let answering = Set(log.filter { $0.contains(" -> ") }.map { $0.prefix { $0 != " " } })
    #expect(answering == [link.responder.uppercased()[...]])
  }

  /// How often the BMC has interrupted the host.
  private func hostInterrupts(_ pair: EmulatedPair) throws -> Int {
    let lines = try pair.run("grep ipmi_si /proc/interrupts").lines
    // "  5:  41  IO-APIC  5-fasteoi  ipmi_si", with one processor.
    let count = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return try #require(count, "\(lines)")
  }
}
