import Foundation

/// What the demonstration runs on the host, and what it expects of it.
public enum Demonstration {
  /// The commands, in order.
  ///
  /// bmc-info has its option because without one version 1.6.10 also prints channels that the BMC
  /// said it does not have, out of memory that was never set; with any BMC.
  public static let commands = [
    "ipmitool mc info", "ipmitool mc selftest", "ipmitool chassis status", "ipmitool sel list",
    "ipmitool sdr list", "ipmitool fru print", "bmc-info --get-device-id",
  ]

  /// What is wrong with these results; empty if nothing is.
  public static func problems(_ results: [CommandResult]) -> [String] {
    results.compactMap { result in
      if result.status != 0 { return "`\(result.command)` ended with status \(result.status)" }
      return result.lines.isEmpty ? "`\(result.command)` printed nothing" : nil
    }
  }

  /// How the BMC that answered `ipmitool mc info` differs from the one whose log this is.
  public static func identityProblems(_ results: [CommandResult], bmcLog: [String]) -> [String] {
    guard let info = results.first(where: { $0.command == "ipmitool mc info" }) else { return [] }
    let answered = Identity(mcInfo: info.lines)
    guard let logged = bmcLog.lazy.compactMap(Identity.init(logLine:)).first else {
      return ["the BMC did not log its identity"]
    }
    guard let answered else { return ["`ipmitool mc info` shows no identity"] }
    return answered == logged ? [] : ["\(answered) answered, but the BMC is \(logged)"]
  }
}
