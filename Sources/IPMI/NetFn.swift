/// NetFn: network function, the 6-bit group a command belongs to. IPMI v2.0, section 5.1.
///
/// Even values are requests, the next odd value the matching response.
public struct NetFn: RawRepresentable, Hashable, Sendable {
  /// The six bits, `0x00...0x3F`; the upper two bits are dropped.
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue & 0x3F
  }

  /// Chassis, 00h.
  public static let chassis = NetFn(rawValue: 0x00)
  /// Bridge, 02h.
  public static let bridge = NetFn(rawValue: 0x02)
  /// Sensor/Event, 04h.
  public static let sensorEvent = NetFn(rawValue: 0x04)
  /// App, 06h.
  public static let app = NetFn(rawValue: 0x06)
  /// Firmware, 08h.
  public static let firmware = NetFn(rawValue: 0x08)
  /// Storage, 0Ah.
  public static let storage = NetFn(rawValue: 0x0A)
  /// Transport, 0Ch.
  public static let transport = NetFn(rawValue: 0x0C)
  /// Group extension, 2Ch.
  public static let groupExtension = NetFn(rawValue: 0x2C)
  /// OEM or group, 2Eh.
  public static let oemGroup = NetFn(rawValue: 0x2E)

  /// How many bytes at the start of the data of a request, and of a response behind its completion
  /// code, say whose command it is: the group's identifier, or an IANA enterprise number. IPMI v2.0,
  /// table 5-1.
  public var ownerLength: Int {
    switch request {
    case .groupExtension: 1
    case .oemGroup: 3
    default: 0
    }
  }

  /// Whether this is the odd, response half of a pair.
  public var isResponse: Bool { rawValue & 1 != 0 }
  /// The odd, response half of this pair.
  public var response: NetFn { NetFn(rawValue: rawValue | 1) }
  /// The even, request half of this pair.
  public var request: NetFn { NetFn(rawValue: rawValue & ~1) }
}

/// LUN: logical unit number, the two low bits beside NetFn. IPMI v2.0, section 7.2.
public struct LUN: RawRepresentable, Hashable, Sendable {
  /// The two bits, `0...3`; the upper six are dropped.
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue & 0x03
  }

  /// BMC, 00b: the management controller's own commands.
  public static let bmc = LUN(rawValue: 0)
  /// OEM LUN 1, 01b.
  public static let oem1 = LUN(rawValue: 1)
  /// SMS, 10b: messages for system management software, read with Get Message.
  public static let sms = LUN(rawValue: 2)
  /// OEM LUN 2, 11b.
  public static let oem2 = LUN(rawValue: 3)
}
