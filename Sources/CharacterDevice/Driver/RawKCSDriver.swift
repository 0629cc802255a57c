import IPMI
import SystemInterfaces

/// `/dev/raw-kcsN`: the registers of a KCS channel as a file of two bytes.
///
/// Offset 0 is IDR for `pread` and ODR for `pwrite`, offset 1 is STR; two bytes at offset 0 are
/// both. Made for MCTP over LPC.
///
/// | Call  | Result                                                                            |
/// |-------|-----------------------------------------------------------------------------------|
/// | open  | EBUSY while open                                                                  |
/// | read  | EINVAL for more than lies behind the offset. At 0 it sleeps until IBF, and there the test of O_NONBLOCK is the wrong way round: with it a byte that is there is EAGAIN, and one that is not is waited for |
/// | write | EINVAL likewise. STR before ODR, whose write interrupts the host. At 0 it sleeps while OBF is set; EAGAIN with O_NONBLOCK |
/// | poll  | POLLIN while a byte waits, POLLOUT while OBF is clear                              |
/// | ioctl | ENOTTY: there is none                                                             |
///
/// A byte from the host is taken from IDR at its interrupt, which is then off until a program has
/// read the byte: the next one waits in IDR. Source: "ipmi: kcs_bmc: Add a "raw" character device
/// interface", Andrew Jeffery, 2021; never in mainline Linux.
public struct RawKCSDriver: DeviceDriver {
  public private(set) var isOpen = false
  private var stored: UInt8?
  /// Whether somebody waits for OBF to fall.
  private var awaitsOutput = false
  private var isWoken = false

  public init() {}

  public static var probedRegisters: KCSChannel { KCSDriver.probedRegisters }

  public static var interruptedRead: DriverError { .interrupted }

  public mutating func open(_ registers: inout KCSChannel, now: UInt64) -> DriverError? {
    if isOpen { return .busy }
    isOpen = true
    registers.enables.insert(.inputBufferFullInterrupt)
    return nil
  }

  public mutating func release(_ registers: inout KCSChannel, now: UInt64) {
    isOpen = false
    stored = nil
    awaitsOutput = false
    registers.enables.remove(.inputBufferFullInterrupt)
  }

  public mutating func read(
    _ count: Int, at offset: Int64, isNonblocking: Bool, on registers: inout KCSChannel,
    now: UInt64
  ) -> FileOutcome<FileBytes> {
    guard Self.isInside(count, offset) else { return .failed(.invalid) }
    var status = registers.bmcReadStatus()
    if stored != nil { status.insert(.inputBufferFull) }
    if offset == 1 { return .done([status.rawValue]) }
    let isReady = status.contains(.inputBufferFull)
    if isReady, isNonblocking { return .failed(.again) }
    guard isReady else { return .waits }
    let byte = stored ?? registers.bmcReadData()
    stored = nil
    registers.enables.insert(.inputBufferFullInterrupt)
    return .done(count == 2 ? [byte, status.rawValue] : [byte])
  }

  public mutating func write(
    _ bytes: Span<UInt8>, at offset: Int64, isNonblocking: Bool, on registers: inout KCSChannel,
    now: UInt64
  ) -> FileOutcome<Int> {
    guard Self.isInside(bytes.count, offset) else { return .failed(.invalid) }
    if offset == 0, registers.bmcReadStatus().contains(.outputBufferFull) {
      awaitsOutput = !isNonblocking
      return isNonblocking ? .failed(.again) : .waits
    }
    if offset == 1 || bytes.count == 2 { writeStatus(bytes[bytes.count - 1], on: &registers) }
    if offset == 0 { registers.bmcWriteData(bytes[0]) }
    return .done(bytes.count)
  }

  public mutating func control(
    _ request: UInt32, on registers: inout KCSChannel, now: UInt64
  ) -> DriverError? { .noControl }

  public mutating func poll(_ registers: inout KCSChannel) -> PollEvents {
    let status = registers.bmcReadStatus()
    var ready: PollEvents = []
    if stored != nil || status.contains(.inputBufferFull) { ready.insert(.input) }
    if status.contains(.outputBufferFull) { awaitsOutput = true } else { ready.insert(.output) }
    return ready
  }

  public mutating func service(_ registers: inout KCSChannel, now: UInt64) -> Bool {
    if awaitsOutput, !registers.bmcReadStatus().contains(.outputBufferFull) {
      awaitsOutput = false
      isWoken = true
    }
    guard registers.bmcInterrupt else { return false }
    stored = registers.bmcReadData()
    registers.enables.remove(.inputBufferFullInterrupt)
    isWoken = true
    return true
  }

  public mutating func takeWake() -> Bool {
    defer { isWoken = false }
    return isWoken
  }

  private static func isInside(_ count: Int, _ offset: Int64) -> Bool {
    (0...1).contains(offset) && (1...2 - Int(offset)).contains(count)
  }

  /// A 0 for OBF clears it, as ASPEED's hardware has it.
  private func writeStatus(_ value: UInt8, on registers: inout KCSChannel) {
    let status = KCSStatus(rawValue: value)
    registers.bmcWriteStatus(status)
    if !status.contains(.outputBufferFull) { registers.bmcClearOutputBufferFull() }
  }
}
