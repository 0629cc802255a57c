import EmulatedPair
import Foundation
import Testing

/// Linux as the BMC, with its own drivers on a stock QEMU, and `ipmi-responder`: Debian's kernel for
/// ARM behind iBT, one built from Debian's source behind KCS.
extension PairTests {
  struct LinuxBMC: Sendable, CustomTestStringConvertible {
    var board: String
    var responder: String
    var hostInterface: String

    init(_ board: String, _ responder: String, _ hostInterface: String) {
      (self.board, self.responder, self.hostInterface) = (board, responder, hostInterface)
    }

    var testDescription: String { "\(hostInterface) to \(responder) of \(board)" }
  }

  /// Data written to the FRU inventory and read back, 500 times, each time of another size: the
  /// answers say whether each byte went both ways.
  @Test(arguments: [
    LinuxBMC("ast2600-evb", "ibt", "isa-ipmi-bt"), LinuxBMC("ast2600-evb", "ibt", "isa-ipmi-kcs"),
    LinuxBMC("ast2600-evb", "kcs3", "isa-ipmi-kcs"),
    LinuxBMC("npcm750-evb", "kcs1", "isa-ipmi-kcs"),
  ])
  func `a thousand requests are answered by Linux, run by interrupts`(_ bmc: LinuxBMC) throws {
    let pair = try makePair(bmc)
    try pair.start()

    var requests = ""
    var answers: [String] = []
    for round in 0..<500 {
      let data = (0..<(1 + round % 50)).map { UInt8(truncatingIfNeeded: 31 * round + 7 * $0) }
      let count = UInt8(data.count)
      requests += "raw 0x0a 0x12 0 0 0 \(data.map { "\($0)" }.joined(separator: " "))\n"
      requests += "raw 0x0a 0x11 0 0 0 \(count)\n"
      answers += ([count, count] + data).map { String(format: "%02x", $0) }
    }
    try pair.host?.write(Data(requests.utf8), to: "/tmp/requests")

    let interruptsBefore = try interruptCount(of: pair)
    let linesBefore = try #require(pair.bmc).lines.count
    let started = Date()
    let result = try pair.run("ipmitool exec /tmp/requests", timeout: 400)
    let duration = Date().timeIntervalSince(started)
    #expect(result.status == 0)
    #expect(result.lines.flatMap { $0.split(separator: " ").map(String.init) } == answers)

    let log = try #require(pair.bmc).lines.dropFirst(linesBefore)
    let interface = bmc.responder.uppercased()
    #expect(log.count { $0 == "\(interface) 0A 12 Write FRU Data -> 00" } == 500)
    #expect(log.count { $0 == "\(interface) 0A 11 Read FRU Data -> 00" } == 500)
    // Without its interrupt, bt-bmc looks every 500 ms, and KCS not at all.
    #expect(try interruptCount(of: pair) - interruptsBefore >= 1000)
    #expect(duration < 1000 * 0.5 / 4)
  }

  /// Linux has no driver for the BPC of Nuvoton's parts; our firmware has.
  @Test func `what the host writes to port 80h appears in Linux`() throws {
    let pair = try makePair(LinuxBMC("ast2600-evb", "kcs3", "isa-ipmi-kcs"))
    try pair.start()
    let codes = "0123456789ABCDEF"
    let written = try pair.run(
      "for code in \(codes.map { "\($0)" }.joined(separator: " ")); do "
        + "printf $code | dd of=/dev/port bs=1 seek=128 2>/tmp/dd || exit; done")
    #expect(written.status == 0)
    // The driver keeps them until they are read; before them is what the host's firmware wrote.
    let read = try #require(pair.bmcConsole).run(
      "timeout 20 dd if=/dev/aspeed-lpc-snoop0 bs=2048 count=1 2>/tmp/dd | tr -cd 0-9A-F")
    #expect(read.lines == [codes])
  }

  @Test func `the host gets answers again after the BMC's program is killed and started again`()
    throws
  {
    let pair = try makePair(LinuxBMC("ast2600-evb", "ibt", "isa-ipmi-kcs"))
    try pair.start()
    let before = try pair.run("ipmitool raw 6 1")
    #expect(before.status == 0)
    let console = try #require(pair.bmcConsole)
    #expect(try console.run("killall ipmi-responder").status == 0)
    #expect(try pair.run("ipmitool raw 6 1").status != 0)
    #expect(try console.run("respond &").status == 0)
    #expect(try firstSuccess("ipmitool raw 6 1", of: pair).lines == before.lines)
  }

  /// Each fault, and what the BMC's log says of it. A first request that gets no good answer is
  /// sent again, by Linux or by whoever runs the command; the next ones get theirs.
  @Test func `one wrong answer is not the end, however wrong`() throws {
    let pair = try makePair(LinuxBMC("ast2600-evb", "ibt", "isa-ipmi-kcs"))
    try pair.start()
    let before = try pair.run("ipmitool raw 6 1")
    #expect(before.status == 0)
    let console = try #require(pair.bmcConsole)
    for (fault, log) in [
      ("never=1", "withheld"), ("twice=1", "Get Device ID -> 00"),
      ("wrong-length=1", "Get Device ID -> 00"), ("abort=1", "abort refused, error 22"),
      ("reopen=1", "opened again"), ("late=200", "Get Device ID -> 00"),
      ("attention=set", "Get Message Flags -> 00"),
    ] {
      let bmc = try #require(pair.bmc)
      var cursor = bmc.lines.count
      #expect(try console.run("killall ipmi-responder; respond \(fault) &").status == 0)
      try bmc.wait(for: "responder with \(fault)", from: &cursor, timeout: 30) {
        $0.hasPrefix("IBT ready")
      }
      let after = try firstSuccess("ipmitool raw 6 1", of: pair)
      // Only a whole command that follows is sure to be answered as it should.
      let last = try pair.run("ipmitool raw 6 1")
      #expect(last.lines == before.lines, "\(fault): \(after.lines)")
      #expect(bmc.lines[cursor...].contains { $0.contains(log) }, "\(fault)")
    }
  }

  private func makePair(_ bmc: LinuxBMC) throws -> EmulatedPair {
    var configuration = EmulatedPair.Configuration(
      bmc: try .linux(#require(Board.named(bmc.board)), responder: bmc.responder),
      hostKernel: try Artifacts.hostKernel(), hostInitrd: try Artifacts.hostInitrd())
    configuration.hostInterface = bmc.hostInterface
    return try EmulatedPair(configuration)
  }

  /// How many interrupts of its host interfaces the BMC has taken.
  private func interruptCount(of pair: EmulatedPair) throws -> Int {
    let console = try #require(pair.bmcConsole)
    let result = try console.run("grep -E 'ipmi-bt-host|kcs' /proc/interrupts")
    try #require(!result.lines.isEmpty)
    // "32:", one count for each processor, then the controller and the line.
    return result.lines.flatMap { line in
      line.split(separator: " ").dropFirst().prefix { Int($0) != nil }.compactMap { Int($0) }
    }.reduce(0, +)
  }
}
