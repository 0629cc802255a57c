/// Which system interface a host is told that there is. IPMI v2.0, appendix C1.
public enum InterfaceType: UInt8, Sendable {
  /// 01h.
  case kcs = 1
  /// 02h; not modelled.
  case smic = 2
  /// 03h.
  case bt = 3
  /// 04h.
  case ssif = 4

  /// How many registers the host has.
  public var registerCount: Int {
    switch self {
    case .kcs: 2
    case .smic, .bt: 3
    case .ssif: 0
    }
  }
}
