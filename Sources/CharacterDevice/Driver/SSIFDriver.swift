import IPMI
import SystemInterfaces

/// `/dev/ipmi-ssif-host`: Linux's `ssif_bmc`.
///
/// A request and a response are a structure of 258 bytes: 32 bits of length, in the processor's
/// order, which is little-endian on every BMC, and up to 254 bytes of NetFn/LUN, command and data.
///
/// | Call    | Result                                                                          |
/// |---------|---------------------------------------------------------------------------------|
/// | open    | EBUSY while open                                                                |
/// | read    | length and request. EAGAIN with O_NONBLOCK where there is none; EINVAL, and the request stays, where `count` is too small |
/// | write   | EINVAL for a length that is wrong and where no request waits for a response, because there was none, or 500 ms have passed. While the host has not read the last response, EAGAIN with O_NONBLOCK |
/// | poll    | POLLIN while a request waits; POLLOUT never                                     |
/// | ioctl   | ENOTTY: there is none                                                           |
/// | release | nothing: the target goes on to take a request                                   |
///
/// Where it differs: a response of 1 or 2 bytes, which the driver sends, is EINVAL, for no host has
/// a use for one. The bus' half is ``SystemInterfaces/SSIFTarget``. Source: Linux 6.12,
/// drivers/char/ipmi/ssif_bmc.c.
public struct SSIFDriver: DeviceDriver {
  /// IPMI_SSIF_PAYLOAD_MAX: the most bytes of a request, and of a response.
  public static var capacity: Int { SSIFTarget.messageCapacity }

  public private(set) var isOpen = false
  /// The request that nobody has read; one whose time is over stays.
  private var request: FixedBytes<254>?
  private var responseWasUnread = false
  private var isWoken = false

  public init() {}

  public static var probedRegisters: SSIFTarget {
    var target = SSIFTarget()
    target.enables = .address
    return target
  }

  public static var interruptedRead: DriverError { .interrupted }

  public mutating func open(_ registers: inout SSIFTarget, now: UInt64) -> DriverError? {
    if isOpen { return .busy }
    isOpen = true
    return nil
  }

  public mutating func release(_ registers: inout SSIFTarget, now: UInt64) {
    isOpen = false
  }

  public mutating func read(
    _ count: Int, at offset: Int64, isNonblocking: Bool, on registers: inout SSIFTarget,
    now: UInt64
  ) -> FileOutcome<FileBytes> {
    guard let request else { return isNonblocking ? .failed(.again) : .waits }
    guard count >= 4 + request.count else { return .failed(.invalid) }
    self.request = nil
    var bytes = FileBytes()
    bytes.append(littleEndian: UInt32(request.count))
    bytes.append(contentsOf: request)
    return .done(bytes)
  }

  public mutating func write(
    _ bytes: Span<UInt8>, at offset: Int64, isNonblocking: Bool, on registers: inout SSIFTarget,
    now: UInt64
  ) -> FileOutcome<Int> {
    guard (4...4 + Self.capacity).contains(bytes.count) else { return .failed(.invalid) }
    var length = 0
    for index in 0..<4 { length |= Int(bytes[index]) << (8 * index) }
    guard (1...Self.capacity).contains(length), bytes.count >= 4 + length else {
      return .failed(.invalid)
    }
    if registers.hasUnreadResponse { return isNonblocking ? .failed(.again) : .waits }
    guard let response = FixedBytes<254>(bytes.extracting(4..<4 + length)),
      registers.respond(response, now: now)
    else { return .failed(.invalid) }
    responseWasUnread = true
    return .done(bytes.count)
  }

  public mutating func control(
    _ request: UInt32, on registers: inout SSIFTarget, now: UInt64
  ) -> DriverError? { .noControl }

  public mutating func poll(_ registers: inout SSIFTarget) -> PollEvents {
    request == nil ? [] : .input
  }

  public mutating func service(_ registers: inout SSIFTarget, now: UInt64) -> Bool {
    if responseWasUnread, !registers.hasUnreadResponse {
      responseWasUnread = false
      isWoken = true
    }
    guard let arrived = registers.takeRequest(now: now) else { return false }
    request = arrived
    isWoken = true
    return false
  }

  public mutating func takeWake() -> Bool {
    defer { isWoken = false }
    return isWoken
  }
}
