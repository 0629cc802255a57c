import EmulatedPair
import Foundation

extension Scenario {
  /// A whole side goes and comes back.
  static let restarts = [
    Scenario(name: "the BMC's kernel reboots under load", isCore: true) { rig in
      var parts: [String] = []
      for _ in 0..<(rig.isThorough ? 3 : 1) {
        var cursor = rig.logEnd
        var boot = ""
        // Few: a kernel that has lost its interrupt takes seconds for each.
        let account = try rig.traffic("count=30", timeout: 600) {
          try rig.waitForLog(Rig.echoLog, count: 10, from: &cursor)
          boot = try rig.rebootBMC(rig.pair.monitorBMC())
        }
        try rig.check(account.isComplete, account.summary)
        parts.append("\(account.summary), \(boot)\(try rig.recoverFromBoot())")
      }
      return parts.joined(separator: "; ")
    },
    // So IBF is set as the next kernel starts: the host has given its request up and begun another.
    Scenario(name: "the BMC hangs with a request open, and is reset", isCore: true) { rig in
      let monitor = try rig.pair.monitorBMC()
      try monitor.stopProcessors()
      let before = try rig.traffic("count=1")
      try rig.check(before.refused == 1, before.summary)
      var boot = ""
      let account = try rig.traffic("count=3") {
        boot = try rig.rebootBMC(monitor, by: monitor.reset)
      }
      try rig.check(account.isComplete, account.summary)
      return "\(before.summary), then \(account.summary), \(boot)\(try rig.recoverFromBoot())"
    },
    Scenario(name: "the BMC loses power under load") { rig in
      var result = ""
      try rig.withRelay { relay in
        var cursor = rig.logEnd
        let arguments = "count=100 longest=\(rig.longestRequest) limit=20000"
        let account = try rig.traffic(arguments) {
          try rig.waitForLog(Rig.echoLog, count: 20, from: &cursor)
          rig.pair.killBMC()
          try rig.pair.startBMC()
        }
        if try rig.restartHost(ifStopped: account, behind: relay) {
          result = "\(account.summary): the host's QEMU dropped a request, see below"
        } else {
          try rig.check(account.isComplete, account.summary)
          result = account.summary
        }
        result += ", back in \(time(microseconds: try rig.recover()))"
      }
      return result
    },
    Scenario(name: "the host reboots with a request open", isCore: true) { rig in
      try rig.respond("never=1")
      var cursor = rig.logEnd
      guard let host = rig.pair.host else { throw EmulatorError("the host is not running") }
      try rig.host("ipmi-requester /dev/ipmi0 echo >/dev/null &")
      try rig.waitForLog("withheld", from: &cursor)
      try host.reboot(timeout: rig.pair.configuration.bootTimeout)
      return "back in \(time(microseconds: try rig.recover())) after its boot"
    },
    Scenario(name: "the host loses power with a request open") { rig in
      try rig.respond("never=1")
      var cursor = rig.logEnd
      try rig.host("ipmi-requester /dev/ipmi0 echo >/dev/null &")
      try rig.waitForLog("withheld", from: &cursor)
      rig.pair.killHost()
      try rig.pair.startHost()
      return "back in \(time(microseconds: try rig.recover())) after its boot"
    },
    Scenario(name: "the host loses power under load") { rig in
      let rounds = rig.isThorough ? 3 : 1
      for _ in 0..<rounds {
        var cursor = rig.logEnd
        try rig.host(
          "ipmi-requester /dev/ipmi0 echo count=100000 longest=\(rig.longestRequest) >/dev/null &")
        let requests = Int(rig.random.next() % 50) + 1
        try rig.waitForLog(Rig.echoLog, count: requests, from: &cursor)
        rig.pair.killHost()
        try rig.pair.startHost()
        try rig.recover()
      }
      return "\(rounds) of \(rounds) times back at its next boot"
    },
  ]
}

extension Rig {
  /// Reboots the BMC, and has it lose power where it does not get to its programs for interrupts.
  ///
  /// Linux disables a line after 100,000 interrupts that nobody served, but counts anew where 100 ms
  /// pass between two of them: an emulator that stands still so long, and so often, as on a busy machine,
  /// is interrupted for ever.
  ///
  /// - Returns: What a result is to say of that; nothing where it booted.
  fileprivate func rebootBMC(
    _ monitor: MachineMonitor, by reset: (() throws -> Void)? = nil
  ) throws -> String {
    do {
      try pair.rebootBMC(by: reset)
      return ""
    } catch {
      guard (try? servesInterruptsOnly(monitor)) == true else { throw error }
      pair.killBMC()
      try pair.startBMC()
      return "interrupted without end until it loses power, "
    }
  }

  /// Whether the BMC's processor is always in a kernel that has masked IRQ and not FIQ, as an interrupt's
  /// handler does, and in no place for most of the time, as one that sleeps is.
  private func servesInterruptsOnly(_ monitor: MachineMonitor) throws -> Bool {
    var places: [Substring: Int] = [:]
    var masked = 0
    for _ in 0..<100 {
      let fields = try monitor.registers().split(whereSeparator: \.isWhitespace)
      guard let counter = fields.first(where: { $0.hasPrefix("R15=") }),
        let status = fields.first(where: { $0.hasPrefix("PSR=") }),
        let bits = UInt32(status.dropFirst(4), radix: 16)
      else { throw EmulatorError("the BMC's registers have no R15 and PSR: \(fields)") }
      places[counter, default: 0] += 1
      masked += bits & 0xC0 == 0x80 ? 1 : 0
    }
    return masked >= 90 && places.values.allSatisfy { $0 < 50 }
  }

  /// Sends requests until one is answered by a BMC that has just started. A driver that asks for its
  /// interrupt while IBF is set and nobody serves that is interrupted without end, until its kernel
  /// disables the line; such a BMC is then seen to answer as before after it has lost power.
  ///
  /// - Returns: what came of it.
  fileprivate func recoverFromBoot() throws -> String {
    let complaints = try bmc("dmesg | grep 'nobody cared' || true")
    guard let complaint = complaints.first(where: { !$0.isEmpty }) else {
      return "back in \(time(microseconds: try recover()))"
    }
    let account = try traffic("count=3")
    try check(account.isComplete, account.summary)
    pair.killBMC()
    try pair.startBMC()
    try recover()
    // "[    0.5] irq 20: nobody cared (try booting with …)", without its time.
    let words = complaint.split(separator: " ").drop { $0 != "irq" }.prefix(4)
    return "\"\(words.joined(separator: " "))\" until it loses power: \(account.summary), "
      + "\(time(microseconds: account.mean)) each"
  }
}
