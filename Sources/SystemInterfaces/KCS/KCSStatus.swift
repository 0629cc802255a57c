/// STR: KCS status register. IPMI v2.0, section 9.7. 8 bits, reset 00h.
///
/// | Bit | Field   | Host | BMC | Meaning                                          |
/// |----:|---------|------|-----|--------------------------------------------------|
/// | 7:6 | S1, S0  | R    | RW  | ``KCSState``                                     |
/// | 5:4 | OEM     | R    | RW  | Kept, not interpreted                            |
/// |   3 | C/D     | R    | R   | Last host write went to the command port         |
/// |   2 | SMS_ATN | R    | RW  | BMC has a message for system management software |
/// |   1 | IBF     | R    | R   | Set by a host write, cleared by a BMC read of IDR |
/// |   0 | OBF     | R    | R   | Set by a BMC write of ODR, cleared by a host read |
///
/// ASPEED parts let the BMC clear OBF by writing 0 to it; that rule lives with the part.
public struct KCSStatus: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// OBF, bit 0.
  public static let outputBufferFull = KCSStatus(rawValue: 1 << 0)
  /// IBF, bit 1.
  public static let inputBufferFull = KCSStatus(rawValue: 1 << 1)
  /// SMS_ATN, bit 2.
  public static let smsAttention = KCSStatus(rawValue: 1 << 2)
  /// C/D, bit 3.
  public static let commandData = KCSStatus(rawValue: 1 << 3)
  /// S1 and S0, bits 7:6.
  public static let stateMask = KCSStatus(rawValue: 0b1100_0000)
  /// The bits that a BMC write may change: S1, S0, OEM and SMS_ATN.
  public static let bmcWritable = KCSStatus(rawValue: 0b1111_0100)

  /// S1 and S0 as a state.
  public var state: KCSState {
    get { KCSState(rawValue: rawValue >> 6)! }
    set { rawValue = rawValue & 0x3F | newValue.rawValue << 6 }
  }
}

/// S1:S0, what the BMC tells the host about the transfer. IPMI v2.0, table 9-2.
public enum KCSState: UInt8, Sendable {
  /// 00b: no transfer.
  case idle = 0
  /// 01b: the host reads a response.
  case read = 1
  /// 10b: the host writes a request.
  case write = 2
  /// 11b: the BMC refused something; GET_STATUS/ABORT recovers.
  case error = 3
}

/// A KCS control code, written to the command port or, READ only, to the data port.
///
/// IPMI v2.0, table 9-3.
public enum KCSControl {
  /// 60h: ask for the error code and abort the transfer.
  public static let getStatusAbort: UInt8 = 0x60
  /// 61h: the next data byte starts a request.
  public static let writeStart: UInt8 = 0x61
  /// 62h: the next data byte is the request's last.
  public static let writeEnd: UInt8 = 0x62
  /// 68h: the host wants the next byte of the response; written to the data port.
  public static let read: UInt8 = 0x68
}

/// The code that GET_STATUS/ABORT returns. IPMI v2.0, table 9-4.
public struct KCSErrorCode: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// 00h: no error.
  public static let none = KCSErrorCode(rawValue: 0x00)
  /// 01h: transfer in progress was aborted by the host.
  public static let abortedByCommand = KCSErrorCode(rawValue: 0x01)
  /// 02h: illegal control code.
  public static let illegalControlCode = KCSErrorCode(rawValue: 0x02)
  /// 06h: length error, the request does not fit.
  public static let length = KCSErrorCode(rawValue: 0x06)
  /// FFh: unspecified.
  public static let unspecified = KCSErrorCode(rawValue: 0xFF)
}
