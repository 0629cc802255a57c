import IPMI

/// What a driver's file operation gives.
public enum FileOutcome<Value: Sendable>: Sendable {
  /// It is done.
  case done(Value)
  /// It has failed: what the system call leaves in `errno`.
  case failed(DriverError)
  /// The caller sleeps. Try again when ``DeviceDriver/takeWake()`` says so.
  case waits
}

/// The bytes of one `read`: more than any driver gives.
public typealias FileBytes = FixedBytes<1024>

/// The error numbers that these drivers give. Linux, include/uapi/asm-generic/errno-base.h.
public enum DriverError: Int32, Error, Hashable, Sendable {
  /// EINTR: a signal came while the caller slept.
  case interrupted = 4
  /// EIO: what was waited for is gone again.
  case inputOutput = 5
  /// EAGAIN: the caller would have to sleep, or there is nothing after all.
  case again = 11
  /// EBUSY: somebody else has the file open.
  case busy = 16
  /// EINVAL: a length or a request that there is not, or not now.
  case invalid = 22
  /// ENOTTY: a driver without `ioctl`.
  case noControl = 25
  /// EOVERFLOW: the buffer is shorter than the request.
  case overflow = 75

  /// The name in errno.h.
  public var symbol: StaticString {
    switch self {
    case .interrupted: "EINTR"
    case .inputOutput: "EIO"
    case .again: "EAGAIN"
    case .busy: "EBUSY"
    case .invalid: "EINVAL"
    case .noControl: "ENOTTY"
    case .overflow: "EOVERFLOW"
    }
  }
}

/// What `poll` reports, as bits of `revents`.
public struct PollEvents: OptionSet, Hashable, Sendable {
  public var rawValue: UInt32

  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// POLLIN.
  public static let input = PollEvents(rawValue: 1 << 0)
  /// POLLOUT.
  public static let output = PollEvents(rawValue: 1 << 2)
}

/// The numbers of the drivers' `ioctl`s, none of which looks at its argument.
///
/// Linux, include/uapi/linux/ipmi_bmc.h and bt-bmc.h: `_IO(0xB1, 0…2)`.
public enum DeviceControl {
  /// IPMI_BMC_IOCTL_SET_SMS_ATN of KCS, BT_BMC_IOCTL_SMS_ATN of BT.
  public static let setAttention: UInt32 = 0xB100
  /// IPMI_BMC_IOCTL_CLEAR_SMS_ATN, of KCS.
  public static let clearAttention: UInt32 = 0xB101
  /// IPMI_BMC_IOCTL_FORCE_ABORT, of KCS.
  public static let forceAbort: UInt32 = 0xB102
}

/// A Linux driver that gives the BMC's end of a system interface to programs, as a value: what each
/// system call on its file returns, and what that does to the registers.
///
/// A state machine without I/O. It owns neither the registers nor a clock; time is in nanoseconds of
/// any clock that does not run backwards. One file is open at a time, as with all these drivers.
///
/// Every method may change what the host sees. Call ``service(_:now:)`` after the host has acted.
public protocol DeviceDriver: Sendable {
  /// What the driver drives.
  associatedtype Registers: Sendable

  /// A driver just loaded: nobody has the file open.
  init()

  /// The registers as the driver's probe leaves them.
  static var probedRegisters: Registers { get }

  /// Whether somebody has the file open.
  var isOpen: Bool { get }

  /// `open`: the error, ``DriverError/busy``; `nil` where the file is the caller's.
  mutating func open(_ registers: inout Registers, now: UInt64) -> DriverError?

  /// The last `close`.
  mutating func release(_ registers: inout Registers, now: UInt64)

  /// `read` or `pread` of at most `count` bytes, which is not 0.
  mutating func read(
    _ count: Int, at offset: Int64, isNonblocking: Bool, on registers: inout Registers, now: UInt64
  ) -> FileOutcome<FileBytes>

  /// `write` or `pwrite`: how many bytes it took.
  mutating func write(
    _ bytes: Span<UInt8>, at offset: Int64, isNonblocking: Bool, on registers: inout Registers,
    now: UInt64
  ) -> FileOutcome<Int>

  /// `ioctl`: the error; `nil` where it returns 0.
  mutating func control(_ request: UInt32, on registers: inout Registers, now: UInt64)
    -> DriverError?

  /// `poll`: what is ready now.
  mutating func poll(_ registers: inout Registers) -> PollEvents

  /// What a `read` that slept returns after a signal, where there is still nothing.
  static var interruptedRead: DriverError { get }

  /// Handles the interrupts of what the host has done.
  ///
  /// - Returns: Whether the host may see a change.
  mutating func service(_ registers: inout Registers, now: UInt64) -> Bool

  /// Whether the driver has woken its sleepers since this was asked last: every one is an edge of
  /// EPOLLET, whatever `poll` said before.
  mutating func takeWake() -> Bool
}
