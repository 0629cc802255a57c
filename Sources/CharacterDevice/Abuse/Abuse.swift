import IPMI
import SystemInterfaces

/// One way in which a host misbehaves, and what Linux's driver makes of it.
///
/// Each ends with a request as it should be, whose answer says whether the BMC's daemon got over it.
public struct Abuse: Sendable {
  /// The name, as the command line takes it.
  public let name: String
  /// Whose device it is done to.
  public let kind: DeviceKind
  /// What the host does.
  public let summary: String
  /// What the driver gives the daemon then.
  public let rule: String
  /// Where the driver has it: functions in ``DeviceKind/driverSource``.
  public let source: String
  let steps: [AbuseStep]

  /// What came of it.
  public enum Verdict: Sendable {
    /// The request at the end was answered.
    case survived
    /// It was not.
    case silent
    /// The daemon ended, with this status, and was started again.
    case ended(Int32)
  }

  /// All there are.
  public static var all: [Abuse] { kcs + bt + ssif }

  /// The request at the end of each.
  static let question = AbuseStep.request(Message(.getDeviceID))
}

extension DeviceKind {
  /// The driver's file, in Linux 6.12.
  public var driverSource: String {
    switch self {
    case .kcs: "drivers/char/ipmi/kcs_bmc_cdev_ipmi.c"
    case .bt: "drivers/char/ipmi/bt-bmc.c"
    case .ssif: "drivers/char/ipmi/ssif_bmc.c"
    case .rawKCS: "drivers/char/ipmi/kcs_bmc_cdev_raw.c"
    }
  }
}
