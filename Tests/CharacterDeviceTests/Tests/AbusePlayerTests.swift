import IPMI
import SystemInterfaces
import Testing

@testable import CharacterDevice

/// What the misbehaving host does to the registers, and what the driver makes of it, in virtual time.
@Suite struct AbusePlayerTests {
  /// A device whose host misbehaves, and a daemon that takes and answers what there is.
  private struct World<Driver: DeviceDriver, Host: SystemInterfaceHost>
  where Driver.Registers == Host.Registers, Driver.Registers: AbusedRegisters {
    var link: DeviceLink<Driver, Host>
    var player: AbusePlayer<Host>
    /// Nobody reads where it is `false`.
    let hasDaemon: Bool
    var requests: [[UInt8]] = []
    var refused: [DriverError] = []
    private var now: UInt64 = 0
    private var answer: [UInt8]?

    init(_ driver: Driver.Type, _ host: Host, _ abuse: Abuse, hasDaemon: Bool) {
      link = DeviceLink(host)
      link.hostIsBridged = false
      player = AbusePlayer([abuse], host: host)
      self.hasDaemon = hasDaemon
      _ = link.open(now: 0)
    }

    /// How it ends; `nil` where it does not.
    mutating func run() -> Abuse.Verdict? {
      for _ in 0..<200_000 {
        let hasUnread = link.poll().contains(.input)
        let now = self.now
        var player = self.player
        let (until, outcome) = link.withRegisters {
          player.advance(&$0, hasUnreadRequest: hasUnread, now: now)
        }
        self.player = player
        if let outcome { return outcome.1 }
        if player.wantsRestart {
          link.release(now: now)
          _ = self.player.daemonEnded(128 + 9)
          answer = nil
          _ = link.open(now: now)
        }
        link.settle(now: now)
        // The host's steps come as fast as it can do them; the daemon acts when the host waits.
        guard let until else { continue }
        if !(hasDaemon && serve()), until != .max { self.now = max(now, until) }
      }
      return nil
    }

    /// Does what a daemon does once; `false` where there is nothing to do.
    private mutating func serve() -> Bool {
      if let bytes = answer {
        if Driver.self == BTDriver.self, !link.poll().contains(.output) { return false }
        answer = nil
        if case .failed(let error) = Outcome(
          link.write(bytes.span, at: 0, isNonblocking: true, now: now))
        {
          refused.append(error)
        }
        return true
      }
      guard link.poll().contains(.input) else { return false }
      guard case .bytes(let bytes) = Outcome(link.read(1024, at: 0, isNonblocking: true, now: now))
      else { return true }
      requests.append(bytes)
      answer = Self.answer(to: bytes)
      return true
    }

    /// C1h to everything; `nil` to what is no request.
    private static func answer(to request: [UInt8]) -> [UInt8]? {
      if Driver.self == KCSDriver.self {
        return request.count < 2 ? nil : [request[0] | 4, request[1], 0xC1]
      }
      if Driver.self == BTDriver.self {
        return request.count < 4 || request.count < Int(request[0]) + 1
          ? nil : [4, request[1] | 4, request[2], request[3], 0xC1]
      }
      return request.count < 6 ? nil : [3, 0, 0, 0, request[4] | 4, request[5], 0xC1]
    }
  }

  private static func run(
    _ abuse: Abuse, hasDaemon: Bool
  ) -> (verdict: Abuse.Verdict?, requests: [[UInt8]], refused: [DriverError]) {
    func run<Driver, Host>(_ driver: Driver.Type, _ host: Host) -> (
      Abuse.Verdict?, [[UInt8]], [DriverError]
    )
    where
      Driver: DeviceDriver, Host: SystemInterfaceHost, Driver.Registers == Host.Registers,
      Driver.Registers: AbusedRegisters
    {
      var world = World(driver, host, abuse, hasDaemon: hasDaemon)
      let verdict = world.run()
      return (verdict, world.requests, world.refused)
    }
    return switch abuse.kind {
    case .kcs, .rawKCS: run(KCSDriver.self, KCSHost())
    case .bt: run(BTDriver.self, BTHost())
    case .ssif: run(SSIFDriver.self, SSIFHost())
    }
  }

  @Test func namesAreUniqueAndEveryAbuseEndsWithARequest() {
    #expect(Set(Abuse.all.map(\.name)).count == Abuse.all.count)
    for abuse in Abuse.all {
      guard case .request? = abuse.steps.last else {
        Issue.record("\(abuse.name)")
        continue
      }
    }
  }

  /// A host in front of registers that nobody serves comes to its end all the same.
  @Test(arguments: Abuse.all.map(\.name))
  func silentBMCIsAVerdict(_ name: String) {
    let abuse = Abuse.all.first { $0.name == name }!
    guard case .silent? = Self.run(abuse, hasDaemon: false).verdict else {
      Issue.record("\(name) has no end")
      return
    }
  }

  /// How many requests the driver gives a daemon, before those at the end: Get Device ID, and of BT
  /// and SSIF what their hosts ask first.
  private static let requests: [String: Int] = [
    "kcs-abort-at-every-byte": 0, "kcs-abort-while-working": 1, "kcs-stop-mid-transfer": 0,
    "kcs-stop-mid-response": 1, "kcs-illegal-control": 0, "kcs-answer-taken-twice": 1,
    "kcs-flood": 0, "kcs-no-data": 0, "kcs-longest-request": 1, "kcs-overlong-request": 0,
    "kcs-late-host": 1, "kcs-attention-storm": 100,
    "bt-length-0": 1, "bt-length-1": 1, "bt-length-2": 1, "bt-length-64": 1, "bt-length-255": 1,
    "bt-host-busy": 1, "bt-late-host": 1, "bt-restart-under-load": 1, "bt-stop-mid-transfer": 0,
    "bt-duplicate-sequence": 2, "bt-answer-taken-twice": 1, "bt-attention-storm": 100,
    "ssif-bad-length": 0, "ssif-bad-pec": 0, "ssif-longest-request": 1,
    "ssif-overlong-request": 0, "ssif-stop-at-every-byte": 0, "ssif-stop-mid-transfer": 0,
    "ssif-parts-without-start": 0, "ssif-request-while-working": 1, "ssif-stop-mid-response": 1,
    "ssif-lost-stop": 1, "ssif-answer-taken-twice": 1, "ssif-replaced-requests": 50,
    "ssif-bus-scan": 0,
    "ssif-late-host": 1, "ssif-impatient-host": 1, "ssif-attention-storm": 100,
  ]

  @Test(arguments: Abuse.all.map(\.name))
  func driverGivesADaemonWhatTheRuleSays(_ name: String) {
    let abuse = Abuse.all.first { $0.name == name }!
    let (verdict, requests, refused) = Self.run(abuse, hasDaemon: true)
    guard case .survived? = verdict else {
      Issue.record("\(name): \(String(describing: verdict))")
      return
    }
    let own = abuse.kind == .kcs ? 1 : 2
    if let wanted = Self.requests[name] {
      #expect(requests.count - own == wanted, "\(requests)")
    } else {
      // Those in which it depends on who is faster.
      #expect(["flood", "replaced-requests", "restart-under-load"].contains { name.hasSuffix($0) })
      #expect(requests.count >= own)
    }
    if abuse.kind == .ssif { #expect(refused == [], "a daemon that is fast enough is never late") }
  }
}
