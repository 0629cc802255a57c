extension CompletionCode {
  /// What it means, in a few words; `nil` for a code that this project does not know.
  public var name: StaticString? {
    switch self {
    case .success: "completed normally"
    case .nodeBusy: "node busy"
    case .invalidCommand: "invalid command"
    case .invalidForLUN: "invalid for LUN"
    case .timeout: "time-out"
    case .outOfSpace: "out of space"
    case .reservationCancelled: "reservation cancelled"
    case .requestTruncated: "request truncated"
    case .requestLengthInvalid: "request length invalid"
    case .requestLengthExceeded: "request length exceeded"
    case .parameterOutOfRange: "parameter out of range"
    case .cannotReturnRequestedBytes: "cannot return requested bytes"
    case .notPresent: "not present"
    case .invalidDataField: "invalid data field"
    case .illegalForSensor: "illegal for sensor"
    case .responseNotProvided: "response not provided"
    case .repositoryInUpdateMode: "SDR repository in update mode"
    case .initializationInProgress: "initialization in progress"
    case .destinationUnavailable: "destination unavailable"
    case .notSupportedInPresentState: "not supported in present state"
    case .unspecified: "unspecified error"
    default: nil
    }
  }
}
