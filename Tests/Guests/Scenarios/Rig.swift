import EmulatedPair
import Foundation
import TestSupport

/// A host and a BMC, both Linux, for one scenario after another; each leaves them working.
final class Rig {
  let link: Link
  /// Whether scenarios take the time they need; otherwise only a bounded core of each runs.
  let isThorough: Bool
  var random: SplitMix64
  let pair: EmulatedPair

  /// Boots both.
  ///
  /// - Parameter bootTimeout: Seconds that either may take for it; nil for the usual.
  init(
    _ link: Link, isThorough: Bool, random: SplitMix64, responders: [String]? = nil,
    bootTimeout: TimeInterval? = nil
  ) throws {
    self.link = link
    self.isThorough = isThorough
    self.random = random
    guard let board = Board.named(link.board) else { throw EmulatorError("no \(link.board)") }
    var bmc = try EmulatedBMC.linux(board, responders: responders ?? [link.responder])
    bmc.mayReboot = true
    var configuration = EmulatedPair.Configuration(
      bmc: .emulated(bmc), hostKernel: try Artifacts.hostKernel(),
      hostInitrd: try Artifacts.hostInitrd())
    configuration.hostInterface = link.hostInterface
    configuration.hostMayReboot = true
    if let bootTimeout { configuration.bootTimeout = bootTimeout }
    pair = try EmulatedPair(configuration)
    try pair.start()
  }

  var isBT: Bool { link.responder == "ibt" }

  /// The longest request whose echo still fits: the iBT's buffer has 64 bytes, and Linux's KCS host
  /// takes 272 of a response; an echo has a completion code more than its request.
  var longestRequest: Int { isBT ? 61 : 271 }

  // MARK: Both ends

  /// Runs a command on the BMC that succeeds.
  @discardableResult
  func bmc(_ command: String, timeout: TimeInterval = 60) throws -> [String] {
    guard let console = pair.bmcConsole else { throw EmulatorError("the BMC is not running") }
    let result = try console.run(command, timeout: timeout)
    try check(result.status == 0, "`\(command)` on the BMC: \(result.lines)")
    return result.lines
  }

  /// Runs a command on the host that succeeds.
  @discardableResult
  func host(_ command: String, timeout: TimeInterval = 60) throws -> [String] {
    let result = try pair.run(command, timeout: timeout)
    try check(result.status == 0, "`\(command)` on the host: \(result.lines)")
    return result.lines
  }

  /// Sends requests from the host, with `ipmi-requester`'s arguments.
  func traffic(_ arguments: String, timeout: TimeInterval = 300) throws -> Account {
    let command = requester(arguments)
    return try Account(pair.run(command, timeout: timeout).lines)
  }

  /// Sends requests from the host while `body` runs.
  func traffic(
    _ arguments: String, timeout: TimeInterval = 300, while body: () throws -> Void
  ) throws -> Account {
    guard let host = pair.host else { throw EmulatorError("the host is not running") }
    let command = requester(arguments)
    try host.begin(command)
    try body()
    return try Account(host.finish(command, timeout: timeout).lines)
  }

  private func requester(_ arguments: String) -> String {
    "ipmi-requester /dev/ipmi0 echo seed=\(random.next() % 1_000_000) \(arguments)"
  }

  /// The log that the BMC has written so far, as a place to wait from.
  var logEnd: Int { pair.bmc?.lines.count ?? 0 }

  /// Waits until the BMC has logged `count` lines with `text` since `cursor`.
  func waitForLog(
    _ text: String, count: Int = 1, from cursor: inout Int, timeout: TimeInterval = 60
  ) throws {
    guard let bmc = pair.bmc else { throw EmulatorError("the BMC is not running") }
    for _ in 0..<count {
      try bmc.wait(for: text, from: &cursor, timeout: timeout) { $0.contains(text) }
    }
  }

  /// How the log shows an Echo.
  static let echoLog = " 30 01 -> 00"

  /// Ends the BMC's program at once, whatever it is doing.
  func killResponder() throws { try bmc("killall -9 ipmi-responder") }

  /// Starts the BMC's program with these arguments, instead of the one that runs.
  func respond(_ arguments: String = "") throws {
    var cursor = logEnd
    try bmc("killall -q -9 ipmi-responder; respond \(arguments) &")
    try waitForLog("\(link.responder.uppercased()) ready", from: &cursor)
  }

  // MARK: Recovery

  /// How long anything may take to be as before: KCS gives a request up after 10 tries of 5 s.
  static let recoveryLimit: TimeInterval = 90

  /// Sends one request after the other until one is answered.
  /// - Returns: how long that took, in microseconds.
  @discardableResult
  func recover() throws -> Int {
    let started = Date()
    while true {
      let account = try traffic("count=1")
      let elapsed = Date().timeIntervalSince(started)
      if account.answered == 1 {
        // And whatever was queued up comes to those who asked.
        let after = try traffic("count=5")
        try check(after.answered == 5, "after recovery: \(after.summary)")
        return Int(elapsed * 1_000_000)
      }
      try check(account.wrong == 0 && account.lost == 0, "while it recovers: \(account.summary)")
      try check(elapsed < Self.recoveryLimit, "no answer after \(elapsed) s: \(account.summary)")
    }
  }

  // MARK: Measures

  /// How many interrupts of its host interfaces the BMC has taken.
  func bmcInterrupts() throws -> Int {
    // "32:", one count for each processor, then the controller and the line.
    try bmc("grep -E 'ipmi-bt-host|kcs' /proc/interrupts").flatMap { line in
      line.split(separator: " ").dropFirst().prefix { Int($0) != nil }.compactMap { Int($0) }
    }.reduce(0, +)
  }

  /// The processor time that the BMC's emulator has used, in milliseconds.
  func bmcProcessorTime() throws -> Int {
    guard let process = pair.bmc?.processIdentifier else { return 0 }
    let stat = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    // Fields 14 and 15, in ticks of 10 ms; the second, the name, may have spaces.
    let fields = stat[stat.lastIndex(of: ")")!...].split(separator: " ")
    return (Int(fields[12]) ?? 0) * 10 + (Int(fields[13]) ?? 0) * 10
  }

  func check(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw EmulatorError(message()) }
  }
}
