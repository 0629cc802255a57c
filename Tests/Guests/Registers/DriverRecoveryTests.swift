import EmulatedPair
import Foundation
import Testing

/// What Linux's driver on the PC and Linux's driver on the BMC make of each other's mistakes, where
/// they share the registers.
extension PairTests {
  /// A mistake of the BMC's program, and what it does.
  static let mistakes = [
    "never=1", "twice=1", "wrong-length=1", "abort=1", "reopen=1", "late=1000", "late=7000",
  ]

  /// Each costs the request that meets it, at most; then the link is as before.
  @Test(arguments: SharedRegisters.all)
  func `both drivers recover from one mistake`(_ link: SharedRegisters) throws {
    let pair = try link.makePair { try .linux($0, responder: $1) }
    try pair.start()
    let before = try pair.run("ipmitool raw 6 1")
    #expect(before.status == 0)
    let mistakes = SharedRegisters.isThorough ? Self.mistakes : ["abort=1", "reopen=1"]
    for mistake in mistakes {
      let first = try request(pair, after: "respond \(mistake) &", link)
      let row = "| \(mistake) | \(first.0) | \(time(microseconds: first.1)) |"
      // Back to one that makes none, which also ends one that is late for ever.
      let second = try request(pair, after: "respond &", link)
      print("\(link.testDescription): \(row) then \(second.0), \(time(microseconds: second.1))")
      let last = try pair.run("ipmitool raw 6 1", timeout: 90)
      #expect(last.lines == before.lines, "\(mistake)")
    }
    // KCS takes 50 s to find that nobody is there.
    guard SharedRegisters.isThorough || link.responder == "ibt" else { return }
    // Nobody has the device open: IBF stays, or B_BUSY; and who comes finds the host again.
    _ = try #require(pair.bmcConsole).run("killall -q -9 ipmi-responder; true")
    let nobody = try pair.run(
      "ipmi-requester /dev/ipmi0 echo count=1 limit=90000", timeout: 120)
    let account = try Account(nobody.lines)
    #expect(account.answered == 0 && account.lost == 0)
    print(
      "\(link.testDescription): | no program | \(account.summary) | "
        + "\(time(microseconds: account.longest)) |")
    _ = try request(pair, after: "respond &", link)
    #expect(try pair.run("ipmitool raw 6 1", timeout: 90).lines == before.lines)
  }

  /// Starts another program on the BMC, and sends it one request: how that ended, and after how
  /// many microseconds.
  private func request(
    _ pair: EmulatedPair, after command: String, _ link: SharedRegisters
  ) throws -> (String, Int) {
    let bmc = try #require(pair.bmc)
    var cursor = bmc.lines.count
    _ = try #require(pair.bmcConsole).run("killall -q -9 ipmi-responder; \(command)")
    try bmc.wait(for: "responder", from: &cursor, timeout: 30) {
      $0.hasPrefix("\(link.responder.uppercased()) ready")
    }
    let result = try pair.run(
      "ipmi-requester /dev/ipmi0 echo count=1 limit=90000", timeout: 120)
    let account = try Account(result.lines)
    #expect(account.lost == 0, "\(command): \(account.summary)")
    // BT has nothing by which a host could tell that a byte of a message is too much.
    let mayBeWrong = link.responder == "ibt" && command.contains("wrong-length")
    #expect(account.wrong == 0 || mayBeWrong, "\(command): \(account.summary)")
    return (account.summary, account.longest)
  }
}
