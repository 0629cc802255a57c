import EmulatedPair
import Foundation
import Testing

/// Linux as the BMC, with its own drivers on a stock QEMU, and `ipmi-responder`: Debian's kernel for
/// ARM behind iBT, one built from Debian's source behind KCS.
extension PairTests {
  /// Data written to the FRU inventory and read back, 500 times, each time of another size: the
  /// answers say whether each byte went both ways.
  @Test func `a thousand requests are answered by Linux, run by interrupts`() throws {
    let link = Link("ast2600-evb", "ibt", "isa-ipmi-kcs")
    let pair = try link.makePair { try .linux($0, responder: $1) }
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
    let interface = link.responder.uppercased()
    #expect(log.count { $0 == "\(interface) 0A 12 Write FRU Data -> 00" } == 500)
    #expect(log.count { $0 == "\(interface) 0A 11 Read FRU Data -> 00" } == 500)
    // Without its interrupt, bt-bmc looks every 500 ms, and KCS not at all.
    #expect(try interruptCount(of: pair) - interruptsBefore >= 1000)
    #expect(duration < 1000 * 0.5 / 4)
  }

  /// Linux has no driver for the BPC of Nuvoton's parts; our firmware has.
  @Test func `what the host writes to port 80h appears in Linux`() throws {
    let pair = try Link("ast2600-evb", "kcs3", "isa-ipmi-kcs")
      .makePair { try .linux($0, responder: $1) }
    try pair.start()
    let codes = Array("0123456789ABCDEF".utf8)
    let read = try pair.postCodes(afterWriting: String(decoding: codes, as: UTF8.self))
    #expect(read.suffix(codes.count) == codes[...])
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
