import IPMI
import SystemInterfaces

/// `/dev/ipmi-bt-host`: Linux's `bt-bmc`, with its interrupt.
///
/// | Call    | Result                                                                         |
/// |---------|--------------------------------------------------------------------------------|
/// | open    | EBUSY while open; clears B_BUSY                                                 |
/// | read    | length, NetFn/LUN, sequence, command, data. Sleeps for H2B_ATN even with O_NONBLOCK; what is longer than `count` is cut and the rest lost; 0 where the length byte is 0 |
/// | write   | EINVAL below 5 bytes. Sleeps, even with O_NONBLOCK, while H_BUSY or B2H_ATN is set; no upper limit, and what the buffer does not hold is lost |
/// | poll    | POLLIN while H2B_ATN is set; POLLOUT while neither H_BUSY nor B2H_ATN is        |
/// | ioctl   | ``DeviceControl/setAttention``; EINVAL for every other                          |
/// | release | sets B_BUSY                                                                     |
///
/// Sleepers look again when H2B_ATN rises and when H_BUSY falls, for nothing else interrupts. What
/// the driver passes on it does not look at: lengths of 1 and 2 reach the program. Source: Linux
/// 6.12, drivers/char/ipmi/bt-bmc.c.
///
/// Left out: the driver's timer for boards without an interrupt, and EIO, which needs two readers
/// that race.
public struct BTDriver: DeviceDriver {
  public private(set) var isOpen = false
  private var isWoken = false

  public init() {}

  public static var probedRegisters: BTChannel {
    var channel = BTChannel()
    channel.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer]
    // The probe, too, clears it.
    channel.bmcWriteControl(.bmcBusy)
    return channel
  }

  public static var interruptedRead: DriverError { .interrupted }

  public mutating func open(_ registers: inout BTChannel, now: UInt64) -> DriverError? {
    if isOpen { return .busy }
    isOpen = true
    setBusy(false, on: &registers)
    return nil
  }

  public mutating func release(_ registers: inout BTChannel, now: UInt64) {
    guard isOpen else { return }
    isOpen = false
    setBusy(true, on: &registers)
  }

  public mutating func read(
    _ count: Int, at offset: Int64, isNonblocking: Bool, on registers: inout BTChannel, now: UInt64
  ) -> FileOutcome<FileBytes> {
    guard registers.bmcReadControl().contains(.hostToBMCAttention) else { return .waits }
    setBusy(true, on: &registers)
    registers.bmcWriteControl(.hostToBMCAttention)
    registers.bmcWriteControl(.clearReadPointer)
    var bytes = FileBytes()
    let length = registers.bmcReadData()
    if length > 0 {
      bytes.append(length)
      for _ in 0..<min(Int(length), count - 1) { bytes.append(registers.bmcReadData()) }
      // A buffer for the length alone: nothing is left to copy.
      if count == 1 { bytes.removeAll() }
    }
    setBusy(false, on: &registers)
    return .done(bytes)
  }

  public mutating func write(
    _ bytes: Span<UInt8>, at offset: Int64, isNonblocking: Bool, on registers: inout BTChannel,
    now: UInt64
  ) -> FileOutcome<Int> {
    guard bytes.count >= 5 else { return .failed(.invalid) }
    guard Self.takesResponse(registers) else { return .waits }
    registers.bmcWriteControl(.clearWritePointer)
    for index in bytes.indices { registers.bmcWriteData(bytes[index]) }
    registers.bmcWriteControl(.bmcToHostAttention)
    return .done(bytes.count)
  }

  public mutating func control(
    _ request: UInt32, on registers: inout BTChannel, now: UInt64
  ) -> DriverError? {
    guard request == DeviceControl.setAttention else { return .invalid }
    if !registers.bmcReadControl().contains(.smsAttention) {
      registers.bmcWriteControl(.smsAttention)
    }
    return nil
  }

  public mutating func poll(_ registers: inout BTChannel) -> PollEvents {
    var ready: PollEvents = []
    if registers.bmcReadControl().contains(.hostToBMCAttention) { ready.insert(.input) }
    if Self.takesResponse(registers) { ready.insert(.output) }
    return ready
  }

  public mutating func service(_ registers: inout BTChannel, now: UInt64) -> Bool {
    let events = registers.events.intersection([.hostToBMCAttention, .hostBusy])
    guard !events.isEmpty else { return false }
    registers.acknowledge(events)
    isWoken = true
    return false
  }

  public mutating func takeWake() -> Bool {
    defer { isWoken = false }
    return isWoken
  }

  private static func takesResponse(_ registers: BTChannel) -> Bool {
    registers.bmcReadControl().isDisjoint(with: [.hostBusy, .bmcToHostAttention])
  }

  /// B_BUSY toggles, so it is read first.
  private func setBusy(_ isBusy: Bool, on registers: inout BTChannel) {
    guard registers.bmcReadControl().contains(.bmcBusy) != isBusy else { return }
    registers.bmcWriteControl(.bmcBusy)
  }
}
