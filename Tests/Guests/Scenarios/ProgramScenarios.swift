import Foundation

extension Scenario {
  /// The BMC's program, behind a driver that works.
  static let program =
    [
      fault("a request is not answered", "never=1", isCore: true),
      fault("a request is answered twice", "twice=1", isCore: true),
      fault("an answer of a wrong length", "wrong-length=1", mayBeWrong: true),
      fault("the program aborts a request (FORCE_ABORT)", "abort=1"),
      fault("the program closes the device and opens it again", "reopen=1"),
      fault("answers after 1 s", "late=1000"),
      fault("answers after 4 s", "late=4000"),
      Scenario(name: "no program", isCore: true) { rig in
        try rig.killResponder()
        let account = try rig.traffic("count=1")
        try rig.check(account.refused == 1, account.summary)
        try rig.respond()
        let recovery = try rig.recover()
        return "\(account.summary) after \(time(microseconds: account.longest)); "
          + "back in \(time(microseconds: recovery))"
      },
      Scenario(name: "the program is killed with a request in its hands", isCore: true) { rig in
        try rig.respond("never=1")
        var cursor = rig.logEnd
        let account = try rig.traffic("count=1") {
          try rig.waitForLog("withheld", from: &cursor)
          try rig.respond()
        }
        try rig.check(account.isComplete, account.summary)
        return "\(account.summary); back in \(time(microseconds: try rig.recover()))"
      },
      Scenario(name: "the program is killed and started under load", isCore: true) { rig in
        let kills = rig.isThorough ? 20 : 3
        var cursor = rig.logEnd
        let account = try rig.traffic("count=\(kills * 40) longest=\(rig.longestRequest)") {
          for _ in 0..<kills {
            let requests = Int(rig.random.next() % 20) + 5
            try rig.waitForLog(Rig.echoLog, count: requests, from: &cursor)
            try rig.respond()
          }
        }
        try rig.check(account.isComplete, account.summary)
        try rig.recover()
        return "\(account.summary), \(kills) kills"
      },
    ]

  /// The program does something wrong once, with the first of three requests.
  ///
  /// - Parameter mayBeWrong: whether the host gets an answer that is not what was asked for, since
  ///   that is what the program gave.
  private static func fault(
    _ name: String, _ argument: String, isCore: Bool = false, mayBeWrong: Bool = false
  ) -> Scenario {
    Scenario(name: name, isCore: isCore) { rig in
      try rig.respond(argument)
      let account = try rig.traffic("count=3 shortest=20")
      try rig.check(
        account.lost == 0 && account.unsent == 0 && account.wrong <= (mayBeWrong ? 1 : 0)
          && account.sent == account.answered + account.refused + account.wrong,
        account.summary)
      try rig.respond()
      try rig.recover()
      return "\(account.summary), the longest took \(time(microseconds: account.longest))"
    }
  }
}
