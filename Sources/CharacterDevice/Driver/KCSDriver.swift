import IPMI
import SystemInterfaces

/// `/dev/ipmi-kcsN`: Linux's `kcs_bmc_cdev_ipmi`.
///
/// | Call    | Result                                                                          |
/// |---------|---------------------------------------------------------------------------------|
/// | open    | EBUSY while open. Nothing is reset; a byte that waits in IDR is served          |
/// | read    | a whole request: NetFn/LUN, command, data. EAGAIN where there is none, also after a signal; EOVERFLOW, and the transfer is aborted, where `count` is too small |
/// | write   | EINVAL below 3 bytes, above 1000, and where the host does not wait for a response. Never sleeps |
/// | poll    | POLLIN while a request waits; POLLOUT never                                     |
/// | ioctl   | ``DeviceControl``; EINVAL for every other                                       |
/// | release | aborts the transfer; then the host's bytes stay in IDR until the next open      |
///
/// The registers' half is ``SystemInterfaces/KCSResponder``. Sources: Linux 6.12,
/// drivers/char/ipmi/kcs_bmc.c and kcs_bmc_cdev_ipmi.c.
public struct KCSDriver: DeviceDriver {
  /// KCS_MSG_BUFSIZ: the most bytes of a request, and of a response.
  public static var capacity: Int { 1000 }

  public private(set) var isOpen = false
  private var responder = KCSResponder<1000>()
  private var isWoken = false

  public init() {}

  public static var probedRegisters: KCSChannel {
    var channel = KCSChannel()
    channel.enables = .hostDecode
    return channel
  }

  public static var interruptedRead: DriverError { .again }

  public mutating func open(_ registers: inout KCSChannel, now: UInt64) -> DriverError? {
    if isOpen { return .busy }
    isOpen = true
    registers.enables.insert(.inputBufferFullInterrupt)
    return nil
  }

  public mutating func release(_ registers: inout KCSChannel, now: UInt64) {
    guard isOpen else { return }
    responder.forceAbort(on: &registers)
    registers.enables.remove(.inputBufferFullInterrupt)
    isOpen = false
  }

  public mutating func read(
    _ count: Int, at offset: Int64, isNonblocking: Bool, on registers: inout KCSChannel,
    now: UInt64
  ) -> FileOutcome<FileBytes> {
    guard let request = responder.takeRequest() else {
      return isNonblocking ? .failed(.again) : .waits
    }
    guard request.count <= count else {
      responder.forceAbort(on: &registers)
      return .failed(.overflow)
    }
    var bytes = FileBytes()
    bytes.append(contentsOf: request)
    return .done(bytes)
  }

  public mutating func write(
    _ bytes: Span<UInt8>, at offset: Int64, isNonblocking: Bool, on registers: inout KCSChannel,
    now: UInt64
  ) -> FileOutcome<Int> {
    guard let response = FixedBytes<1000>(bytes), responder.respond(response, on: &registers)
    else { return .failed(.invalid) }
    return .done(bytes.count)
  }

  public mutating func control(
    _ request: UInt32, on registers: inout KCSChannel, now: UInt64
  ) -> DriverError? {
    switch request {
    case DeviceControl.setAttention: responder.setAttention(true, on: &registers)
    case DeviceControl.clearAttention: responder.setAttention(false, on: &registers)
    case DeviceControl.forceAbort: responder.forceAbort(on: &registers)
    default: return .invalid
    }
    return nil
  }

  public mutating func poll(_ registers: inout KCSChannel) -> PollEvents {
    responder.hasRequest ? .input : []
  }

  public mutating func service(_ registers: inout KCSChannel, now: UInt64) -> Bool {
    guard registers.bmcInterrupt else { return false }
    let hadRequest = responder.hasRequest
    let isServed = responder.service(&registers)
    if responder.hasRequest, !hadRequest { isWoken = true }
    return isServed
  }

  public mutating func takeWake() -> Bool {
    defer { isWoken = false }
    return isWoken
  }
}
