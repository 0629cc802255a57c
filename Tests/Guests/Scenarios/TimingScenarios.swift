import EmulatedPair

extension Scenario {
  /// How late the host reads ODR, in microseconds: a board's values around the 100 µs for which
  /// `kcs_bmc_aspeed` watches OBF.
  private static let delays = [0, 100, 150, 200, 1000]

  /// Time on the bus.
  static let timing = [
    Scenario(name: "the host reads ODR late", isCore: true, isOfKCS: true) { rig in
      let count = rig.isThorough ? 200 : 20
      let monitor = try rig.pair.monitorBMC()
      var parts: [String] = []
      for delay in delays {
        try monitor.set("odr-delay", ofDevice: rig.link.responder, to: "\(delay)")
        let account = try rig.traffic("count=\(count) shortest=20 longest=20")
        try monitor.set("odr-delay", ofDevice: rig.link.responder, to: "0")
        try rig.check(account.answered == count && account.isComplete, account.summary)
        // Twenty bytes and a dummy for WRITE_START and WRITE_END, 21 of the response, one for IDLE:
        // each waits for its delay, and no longer than a board's 500 ms timer would make it.
        try rig.check(account.mean >= 40 * delay, "\(account.mean) µs with \(delay) µs a byte")
        try rig.check(account.mean < 500_000, "\(account.mean) µs with \(delay) µs a byte")
        parts.append(
          "\(time(microseconds: delay)): \(time(microseconds: account.mean)) each")
      }
      return parts.joined(separator: "; ")
    }
  ]
}
