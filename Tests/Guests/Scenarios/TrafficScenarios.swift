import EmulatedPair
import Foundation

extension Scenario {
  /// A link on which nothing goes wrong.
  static let traffic = [
    Scenario(name: "requests of 2 bytes to the drivers' limit", isCore: true) { rig in
      let count = rig.isThorough ? 10_000 : 400
      let before = try rig.bmcInterrupts()
      let account = try rig.traffic("count=\(count) longest=\(rig.longestRequest)", timeout: 900)
      let interrupts = try rig.bmcInterrupts() - before
      try rig.check(account.answered == count && account.isComplete, account.summary)
      // Without its interrupt bt-bmc looks every 500 ms, and KCS not at all. A byte each way is one
      // interrupt of KCS at most, a message each way three of BT.
      let most = rig.isBT ? 3 : 2 * rig.longestRequest + 8
      try rig.check((count...count * most).contains(interrupts), "\(interrupts) interrupts")
      return account.summary + ", \(time(microseconds: account.mean)) and "
        + "\((interrupts + count / 2) / count) interrupts each"
    },
    Scenario(name: "requests that are too long", isCore: true) { rig in
      let account = try rig.traffic("count=20 shortest=\(rig.longestRequest + 1) longest=290")
      try rig.check(
        account.answered == 0 && account.wrong == 0 && account.lost == 0, account.summary)
      try rig.recover()
      return account.summary
        + (account.unsent > 0 ? " (EMSGSIZE of the host's driver)" : "")
    },
    Scenario(name: "events, told by SMS_ATN", isCore: true) { rig in
      // Each is logged as well, and the SEL has room for 128.
      try rig.host("ipmitool sel clear")
      let count = rig.isThorough ? 100 : 20
      let seed = rig.random.next() % 1000
      let result = try rig.pair.run("ipmi-requester /dev/ipmi0 events count=\(count) seed=\(seed)")
      let account = try Account(result.lines)
      try rig.check(account.answered == count && account.isComplete, account.summary)
      return account.summary
    },
    Scenario(name: "SMS_ATN with nothing behind it") { rig in
      try rig.respond("attention=set")
      let account = try rig.traffic("count=100")
      try rig.check(account.answered == 100, account.summary)
      try rig.respond()
      try rig.recover()
      return account.summary
    },
    Scenario(name: "two channels at once") { rig in
      // The second is another KCS: NPCM7xx's share one interrupt, and so do all of an AST2400.
      let second = rig.link.responder == "kcs1" ? "kcs2" : rig.isBT ? "kcs3" : "kcs2"
      let count = rig.isThorough ? 2000 : 200
      let link = Link(rig.link.board, second, "isa-ipmi-kcs")
      let both = try Rig(
        link, isThorough: rig.isThorough, random: rig.random,
        responders: [second, rig.link.responder])
      let longest = rig.longestRequest
      let lines = try both.host(
        "ipmi-requester /dev/ipmi1 echo count=\(count) longest=\(longest) >/tmp/other & "
          + "ipmi-requester /dev/ipmi0 echo count=\(count) longest=\(longest); wait; cat /tmp/other",
        timeout: 600)
      let accounts = try lines.map { try Account([$0]) }
      try both.check(
        accounts.count == 2 && accounts.allSatisfy { $0.answered == count && $0.isComplete },
        "\(lines)")
      return "\(second) and \(rig.link.responder): "
        + accounts.map(\.summary).joined(separator: " and ")
    },
    Scenario(name: "an idle link", isCore: true) { rig in
      let interrupts = try rig.bmcInterrupts()
      let before = try rig.bmcProcessorTime()
      try rig.host("sleep 5")
      let used = try rig.bmcProcessorTime() - before
      let taken = try rig.bmcInterrupts() - interrupts
      try rig.check(taken <= 2, "\(taken) interrupts in 5 s without a request")
      try rig.check(used <= 1000, "\(used) ms of 5 s used without a request")
      return "\(taken) interrupts, \(used) ms of processor time in 5 s"
    },
  ]
}
