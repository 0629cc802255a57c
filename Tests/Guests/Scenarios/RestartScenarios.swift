import EmulatedPair
import Foundation

extension Scenario {
  /// A whole side goes and comes back.
  static let restarts = [
    Scenario(name: "the BMC's kernel reboots under load", isCore: true) { rig in
      var parts: [String] = []
      for _ in 0..<(rig.isThorough ? 3 : 1) {
        var cursor = rig.logEnd
        let account = try rig.traffic("count=100 longest=\(rig.longestRequest)") {
          try rig.waitForLog(Rig.echoLog, count: 20, from: &cursor)
          try rig.pair.rebootBMC()
        }
        try rig.check(account.isComplete, account.summary)
        // What an IBF that nobody serves does to a line that another driver has already asked for.
        let complaints = try rig.bmc("dmesg | grep -c 'nobody cared' || true")
        try rig.check(complaints == ["0"], "the kernel has disabled an interrupt: \(complaints)")
        parts.append(
          "\(account.summary), back in \(time(microseconds: try rig.recover()))")
      }
      return parts.joined(separator: "; ")
    },
    Scenario(name: "the BMC loses power under load") { rig in
      var cursor = rig.logEnd
      let account = try rig.traffic("count=100 longest=\(rig.longestRequest)") {
        try rig.waitForLog(Rig.echoLog, count: 20, from: &cursor)
        rig.pair.killBMC()
        try rig.pair.startBMC()
      }
      try rig.check(account.isComplete, account.summary)
      return "\(account.summary), back in \(time(microseconds: try rig.recover()))"
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
