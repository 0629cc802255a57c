import EmulatedPair
import Foundation

extension Scenario {
  /// The connection between the two emulators.
  static let wire = [
    Scenario(name: "the wire is cut after a random byte of the host's", isCore: true) { rig in
      let cuts = rig.isThorough ? 50 : 5
      var codes: [String: Int] = [:]
      var longest = 0
      var stops = 0
      try rig.withRelay { relay in
        for _ in 0..<cuts {
          let bytes = Int(rig.random.next() % 400) + 1
          let account = try rig.traffic("count=60 longest=\(rig.longestRequest) limit=20000") {
            try relay.cut(afterHostBytes: bytes, within: 60)
          }
          if try rig.restartHost(ifStopped: account, behind: relay) {
            stops += 1
          } else {
            try rig.check(account.isComplete, "cut after \(bytes) bytes: \(account.summary)")
          }
          codes.merge(account.codes, uniquingKeysWith: +)
          longest = max(longest, try rig.recover())
        }
      }
      return "\(cuts - stops) of \(cuts) times back, in \(time(microseconds: longest)) at most; "
        + codes.sorted { $0.key < $1.key }.map { "\($0.key)h × \($0.value)" }
        .joined(separator: ", ")
        + dropped(stops)
    },
    Scenario(name: "the host gives up in the middle of a write or a read", isOfKCS: true) { rig in
      let cuts = rig.isThorough ? 50 : 5
      let size = 40
      // A byte each way takes so long, in microseconds, that a moment within is easily hit.
      let delay = 2000
      let monitor = try rig.pair.monitorBMC()
      var inRead = 0
      var stops = 0
      try rig.withRelay { relay in
        for _ in 0..<cuts {
          try monitor.set("odr-delay", ofDevice: rig.link.responder, to: "\(delay)")
          let logged = rig.logEnd
          let start = relay.hostBytes
          let account = try rig.traffic("count=1 shortest=\(size) longest=\(size)") {
            // With its number before it, and a checksum and an end behind it.
            try relay.wait(forHostBytes: size + 3, since: start, within: 60)
            let moment = rig.random.next() % UInt64(2 * size * delay)
            Thread.sleep(forTimeInterval: Double(moment) / 1e6)  // when it happens
            relay.cut()
          }
          try rig.check(account.isComplete, account.summary)
          try monitor.set("odr-delay", ofDevice: rig.link.responder, to: "0")
          // Past the moment at which the host's QEMU connects again.
          let after = try rig.traffic("count=60 limit=20000")
          if try rig.restartHost(ifStopped: after, behind: relay) {
            stops += 1
          } else {
            try rig.check(after.isComplete, "after the cut: \(after.summary)")
          }
          try rig.recover()
          // Beside those since, of which the recovery has 6.
          let echoes = rig.pair.bmc?.lines.dropFirst(logged).count { $0.contains(Rig.echoLog) }
          inRead += (echoes ?? 0) - after.answered - 6
        }
      }
      return "\(cuts - stops) of \(cuts) times back; \(cuts - inRead) in a write, "
        + "\(inRead) in a read" + dropped(stops)
    },
  ]

  /// What a row says of the times that ``Rig/restartHost(ifStopped:behind:)`` was needed.
  private static func dropped(_ stops: Int) -> String {
    stops > 0 ? "; \(stops) × the host's QEMU dropped a request, see below" : ""
  }
}

extension Rig {
  /// Starts the host again where its QEMU has dropped a request: the connection is there, and nothing
  /// was asked on it. Linux's KCS waits for the answer; its BT sees QEMU's B_BUSY stay, which is C0h.
  func restartHost(ifStopped account: Account, behind relay: WireRelay) throws -> Bool {
    let isStopped = isBT ? account.codes["C0"] != nil : account.lost == 1
    guard isStopped, relay.hasOnlyGreeting else { return false }
    pair.killHost()
    try pair.startHost(through: relay.path)
    return true
  }

  /// Boots the host behind a wire that can be cut, and as it was afterwards.
  func withRelay(_ body: (WireRelay) throws -> Void) throws {
    guard let wire = pair.wirePath else { throw EmulatorError("the wire is no Unix socket") }
    pair.killHost()
    do {
      let directory = try TemporaryDirectory()
      let relay = try WireRelay(at: directory.appending("wire"), to: wire)
      try pair.startHost(through: relay.path)
      try recover()
      try body(relay)
      pair.killHost()
    }
    try pair.startHost()
    try recover()
  }
}
