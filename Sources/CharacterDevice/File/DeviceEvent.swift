/// What a program did with a device's file, for a transcript.
public enum DeviceEvent: Sendable {
  case opened(DriverError?)
  case released
  /// A `read` gave these bytes.
  case read([UInt8])
  /// A `read` failed otherwise than for want of a request.
  case readFailed(DriverError)
  case wrote([UInt8])
  /// A `write` of these bytes failed.
  case writeFailed([UInt8], DriverError)
  case control(UInt32, DriverError?)
}
