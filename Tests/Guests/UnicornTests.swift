import EmulatedPair
import Foundation
import Testing
import UnicornMachine

/// The same firmware and the same `host.elf` in two stock QEMUs and in one process.
extension PairTests {
  static let unicornLinks = [
    StubLink(.registers, Link("npcm750-evb", "kcs1", "isa-ipmi-kcs")),
    StubLink(.registers, Link("ast2600-evb", "kcs3", "isa-ipmi-kcs")),
    StubLink(.registers, Link("ast2600-evb", "ibt", "isa-ipmi-bt")),
    StubLink(.registers, Link("ast2500-evb", "kcs3", "isa-ipmi-kcs")),
    StubLink(.registers, Link("ast2500-evb", "ibt", "isa-ipmi-bt")),
    StubLink(.registers, Link("palmetto-bmc", "kcs3", "isa-ipmi-kcs")),
    StubLink(.registers, Link("palmetto-bmc", "ibt", "isa-ipmi-bt")),
  ]

  @Test(arguments: unicornLinks)
  func `stock QEMU and Unicorn have the same transcript`(_ link: StubLink) throws {
    let arguments = link.isBT ? "kcs=none" : "bt=none"
    let emulated = try link.makePair()
    try emulated.startBMC()
    let host = try emulated.runHostStub(arguments: arguments)
    #expect(host.exitStatus == .exited(85), "\(host.lines)")
    let bmc = try #require(emulated.bmc)
    var cursor = 0
    try bmc.wait(for: "the last POST code", from: &cursor, timeout: 10) { $0 == "POST code AA" }

    func image(_ path: String) throws -> ELFImage {
      try ELFImage(Array(Data(contentsOf: URL(fileURLWithPath: path))), name: path)
    }
    let board = try BMCBoard(named: link.link.board)
    let pair = try Pair(
      PairConfiguration(
        board: board, firmware: image(Artifacts.firmware(forBoardNamed: board.name)),
        host: .program(image(Artifacts.hostStub()), commandLine: arguments), hasFaults: false))
    var lines: (bmc: [String], host: [String]) = ([], [])
    pair.onLine = { side, _, text in
      if side == .bmc { lines.bmc.append(text) } else { lines.host.append(text) }
    }
    #expect(try pair.run(seed: 1).0.outcome == .good)

    let said = host.lines.filter { $0.contains(" -> ") }.map(Self.withoutTime)
    #expect(lines.host.filter { $0.contains(" -> ") }.map(Self.withoutTime) == said)
    #expect(said.count > 10)
    let name = link.link.responder.uppercased() + " "
    let logged = bmc.lines.filter { $0.hasPrefix(name) }
    #expect(lines.bmc.filter { $0.hasPrefix(name) } == logged)
    #expect(logged.count > 10)
  }

  /// Without what depends on the time of the day: data of the SEL's times, events' and the SEL's.
  private static func withoutTime(_ line: String) -> String {
    let timed = ["Get SEL Time", "Get SEL Info", "Read Event Message Buffer"]
    guard timed.contains(where: line.contains), let colon = line.range(of: ": ") else {
      return line
    }
    return String(line[..<colon.lowerBound])
  }
}
