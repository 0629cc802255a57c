import EmulatedPair
import Faults
import Foundation
import Testing

/// Linux on a stock PC, its BMC `simulate`, and a `capture` between them that makes faults happen: what
/// the kernel's driver makes of each kind and of each scenario, and that it works on afterwards.
///
/// One boot for all; each fault has a `capture` of its own, to which QEMU connects anew. Scenarios last
/// for 2 s, or, where IPMI_HOST_BRIDGE_SCENARIOS is `all`, for as long as they say.
extension PairTests {
  @Suite(.serialized) struct FaultTests {
    static let isThorough =
      ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_SCENARIOS"] == "all"

    static let interfaces = ["isa-ipmi-kcs"] + (isThorough ? ["isa-ipmi-bt", "smbus-ipmi"] : [])

    /// A fault, a command that it happens to, and what the host sees of it.
    struct Case: Sendable {
      var rule: String
      var expected: Expected
      /// Whether every run of the tests has it.
      var isCore = true
    }

    enum Expected: Sendable {
      /// The command succeeds.
      case answer
      /// It fails with this completion code.
      case code(String)
      /// It fails somehow.
      case failure
    }

    static let cases = [
      Case(rule: "drop response of Get Chassis Status 1", expected: .code("c3")),
      Case(rule: "drop request of Get Chassis Status 1", expected: .code("c3"), isCore: false),
      Case(rule: "corrupt request of Get Chassis Status 1", expected: .code("c3")),
      Case(
        rule: "corrupt response of Get Chassis Status 1", expected: .code("c3"), isCore: false),
      Case(rule: "delay response of Get Chassis Status 1 by 300ms", expected: .answer),
      // Longer than QEMU waits: what comes then is nobody's answer.
      Case(
        rule: "delay response of Get Chassis Status 1 by 6s", expected: .code("c3"),
        isCore: false),
      Case(rule: "duplicate request of Get Chassis Status", expected: .answer),
      Case(rule: "duplicate response of Get Chassis Status", expected: .answer),
      Case(rule: "truncate response of Get Chassis Status to 3", expected: .answer),
      Case(rule: "busy request of Get Chassis Status first 1", expected: .code("c0")),
      Case(rule: "answer request of Get Chassis Status 1 with D5", expected: .code("d5")),
      Case(rule: "attention request of Get Chassis Status 1 for 500ms", expected: .answer),
      Case(rule: "reset bmc response of Get Chassis Status 1", expected: .answer),
      Case(
        rule: "reset bmc request of Get Chassis Status 1 for 1s", expected: .code("c3"),
        isCore: false),
      Case(rule: "cut request of Get Chassis Status 1", expected: .failure),
    ].filter { isThorough || $0.isCore }

    @Test(arguments: interfaces)
    func `Linux gets over every fault and every scenario`(_ interface: String) throws {
      let rig = try FaultRig(interface)
      for one in Self.cases {
        try rig.run([("--fault", one.rule)], one.rule) {
          let result = try rig.run("ipmitool raw 0 1")
          let text = "\(interface), \(one.rule): \(result.lines)"
          // `ipmi_ssif` gives up long before QEMU does, and says FFh.
          guard interface != "smbus-ipmi" else { return }
          switch one.expected {
          case .answer: #expect(result.status == 0, "\(text)")
          case .code(let code):
            #expect(result.status != 0, "\(text)")
            #expect(result.lines.contains { $0.contains("rsp=0x\(code)") }, "\(text)")
          case .failure: #expect(result.status != 0, "\(text)")
          }
        }
      }
      for scenario in FaultScenario.all {
        guard let rules = try? scenario.rules(for: .wire) else { continue }
        try rig.run(try rig.options(scenario.name, rules), scenario.name) {
          try rig.play(scenario.name)
        }
      }
      // At last, for it takes all that was there with it; and another boot's time.
      guard Self.isThorough else { return }
      try rig.run([("--fault", "reset host request of Get Chassis Status 1")], "reset host") {
        try rig.pair.host?.reboot(timeout: 240) {
          try rig.pair.host?.begin("ipmitool raw 0 1; sleep 60")
        }
      }
    }
  }
}

/// A host whose wire goes through a `capture`.
private final class FaultRig {
  let pair: EmulatedPair
  private let directory: TemporaryDirectory
  private let interface: String

  init(_ interface: String) throws {
    self.interface = interface
    directory = try TemporaryDirectory()
    var configuration = EmulatedPair.Configuration(
      bmc: .simulate(program: CommandLineRun.executable, options: []),
      hostKernel: try Artifacts.hostKernel(), hostInitrd: try Artifacts.hostInitrd())
    configuration.hostInterface = interface
    configuration.hostMayReboot = true
    pair = try EmulatedPair(configuration)
    try pair.startBMC()
    let capture = try startCapture([])
    try pair.startHost(through: tap)
    _ = try end(capture)
  }

  private var tap: String { directory.appending("tap") }

  private func startCapture(_ options: [String]) throws -> ChildProcess {
    let wire = try #require(pair.wirePath)
    let capture = try CommandLineRun.start(
      ["capture", "--listen", "unix:\(tap)", "--to", "unix:\(wire)"] + options)
    var cursor = 0
    try capture.wait(for: "its socket", from: &cursor, timeout: 20) {
      $0.hasPrefix("listening on ")
    }
    return capture
  }

  private func end(_ capture: ChildProcess) throws -> [String] {
    kill(capture.processIdentifier, SIGINT)
    #expect(try capture.waitForExit(timeout: 20) == .exited(0))
    return capture.lines
  }

  /// A scenario as it is, or with its rules for a shorter time.
  func options(_ name: String, _ rules: [FaultRule]) throws -> [(String, String)] {
    guard !PairTests.FaultTests.isThorough else { return [("--scenario", name)] }
    let shorter = rules.map { rule in
      var rule = rule
      rule.duration = rule.duration.map { min($0, 2_000_000_000) }
      return rule
    }
    let path = directory.appending("\(name).txt")
    try FaultSchedule(shorter).text.write(toFile: path, atomically: true, encoding: .utf8)
    return [("--faults", path)]
  }

  /// Seconds that a command may take, and the link until it works again. An answer that comes late
  /// takes QEMU's time-out off the newer request that waits by then: KCS's driver gives that up after
  /// 50 s, and ipmitool each of its five after 15 s.
  private static let patience: TimeInterval = 180

  /// Runs a command in the host.
  func run(_ command: String) throws -> CommandResult {
    try pair.run(command, timeout: Self.patience)
  }

  /// Makes faults happen while `body` runs, and waits for the host to be answered again.
  func run(_ options: [(String, String)], _ what: String, _ body: () throws -> Void) throws {
    let started = Date()
    let capture = try startCapture(options.flatMap { [$0.0, $0.1] })
    var cursor = 0
    try capture.wait(for: "the host", from: &cursor, timeout: 20) {
      $0.contains("host: capabilities 3Fh")
    }
    let attempts: Int
    do {
      try body()
      attempts = try recover(what)
    } catch {
      for line in capture.lines.suffix(20) { print("  | \(line)") }
      throw error
    }
    let lines = try end(capture)
    // It did happen.
    #expect(lines.contains { $0.contains("--  fault: ") }, "\(what): \(lines)")
    let seconds = String(format: "%.1f", Date().timeIntervalSince(started))
    print("\(interface): \(what): \(attempts) attempts until an answer, \(seconds) s in all")
    fflush(nil)
  }

  /// Asks until there is an answer, and two more where nothing goes wrong any more.
  ///
  /// - Returns: How often it has asked until the first of them.
  private func recover(_ what: String) throws -> Int {
    var deadline = Date(timeIntervalSinceNow: Self.patience)
    var hasRestarted = false
    let goesOn = ["creative-silence", "ssif-short-reads"].contains(what)
    var (attempts, answers) = (0, 0)
    while answers < (goesOn ? 1 : 3) {
      if Date() > deadline {
        // Of a request that it drops when a connection ends, QEMU's BT keeps B_BUSY for good.
        let isQEMUs = interface == "isa-ipmi-bt" && !hasRestarted
        try #require(isQEMUs, "\(interface), \(what): no answer any more")
        print("\(interface): \(what): the host's QEMU is started again")
        pair.killHost()
        try pair.startHost(through: tap)
        hasRestarted = true
        deadline = Date(timeIntervalSinceNow: Self.patience)
      }
      attempts += 1
      let result = try run("ipmitool raw 6 1")
      guard result.status == 0 else {
        answers = 0
        continue
      }
      answers += 1
      // Behind what ipmitool says of events that Linux still has for it.
      if !goesOn {
        let answer = " 20 01 00 01 02 8f 00 00 00 78 6c 00 00 00 00"
        #expect(result.lines.last == answer, "\(interface), \(what)")
      }
    }
    return attempts - answers + 1
  }

  /// What a host does that meets a scenario.
  func play(_ name: String) throws {
    switch name {
    case "silent-device-id":
      // The first one is the kernel's own, which looks at its BMC when somebody opens it.
      _ = try run("ipmitool raw 6 1")
    case "watchdog-reset":
      // Use SMS/OS, no action, 60 s.
      let set = "ipmitool raw 6 0x24 4 0 0 0x10 0x58 2"
      // `ipmi_ssif` may have to give up something older first.
      _ = try recover(name)
      #expect(try run(set).status == 0)
      #expect(try run("ipmitool raw 6 0x22").status != 0)
      _ = try recover(name)
      // The timer is gone, which can be seen, and set up again.
      let lost = try run("ipmitool raw 6 0x22")
      #expect(lost.lines.contains { $0.contains("rsp=0x80") }, "\(lost.lines)")
      #expect(try run(set + " && ipmitool raw 6 0x22").status == 0)
    case "cold-reset":
      #expect(try run("ipmitool raw 6 2").status != 0)
      #expect(try run("ipmitool raw 6 1").status != 0)
    case "endless-events":
      _ = try run("ipmitool raw 0 1")
    case "bmc-gone":
      for _ in 0..<6 { _ = try run("ipmitool raw 0 1") }
    default:
      let count = PairTests.FaultTests.isThorough ? 40 : 8
      for _ in 0..<count { _ = try run("ipmitool raw 0 1") }
    }
  }
}
