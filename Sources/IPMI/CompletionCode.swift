/// Completion code: the first data byte of every response. IPMI v2.0, table 5-2.
public struct CompletionCode: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// 00h: command completed normally.
  public static let success = CompletionCode(rawValue: 0x00)
  /// C0h: node busy.
  public static let nodeBusy = CompletionCode(rawValue: 0xC0)
  /// C1h: invalid or unsupported command.
  public static let invalidCommand = CompletionCode(rawValue: 0xC1)
  /// C2h: command invalid for the given LUN.
  public static let invalidForLUN = CompletionCode(rawValue: 0xC2)
  /// C3h: time-out while processing the command.
  public static let timeout = CompletionCode(rawValue: 0xC3)
  /// C4h: out of space.
  public static let outOfSpace = CompletionCode(rawValue: 0xC4)
  /// C5h: reservation cancelled or invalid.
  public static let reservationCancelled = CompletionCode(rawValue: 0xC5)
  /// C6h: request data truncated.
  public static let requestTruncated = CompletionCode(rawValue: 0xC6)
  /// C7h: request data length invalid.
  public static let requestLengthInvalid = CompletionCode(rawValue: 0xC7)
  /// C8h: request data field length limit exceeded.
  public static let requestLengthExceeded = CompletionCode(rawValue: 0xC8)
  /// C9h: parameter out of range.
  public static let parameterOutOfRange = CompletionCode(rawValue: 0xC9)
  /// CAh: cannot return the number of requested data bytes.
  public static let cannotReturnRequestedBytes = CompletionCode(rawValue: 0xCA)
  /// CBh: requested sensor, data or record not present.
  public static let notPresent = CompletionCode(rawValue: 0xCB)
  /// CCh: invalid data field in request.
  public static let invalidDataField = CompletionCode(rawValue: 0xCC)
  /// CDh: command illegal for the specified sensor or record type.
  public static let illegalForSensor = CompletionCode(rawValue: 0xCD)
  /// CEh: command response could not be provided.
  public static let responseNotProvided = CompletionCode(rawValue: 0xCE)
  /// D0h: no response, the SDR repository is in update mode.
  public static let repositoryInUpdateMode = CompletionCode(rawValue: 0xD0)
  /// D2h: destination unavailable, BMC initialisation in progress.
  public static let initializationInProgress = CompletionCode(rawValue: 0xD2)
  /// D3h: destination unavailable.
  public static let destinationUnavailable = CompletionCode(rawValue: 0xD3)
  /// D5h: command not supported in the present state.
  public static let notSupportedInPresentState = CompletionCode(rawValue: 0xD5)
  /// FFh: unspecified error.
  public static let unspecified = CompletionCode(rawValue: 0xFF)
}
