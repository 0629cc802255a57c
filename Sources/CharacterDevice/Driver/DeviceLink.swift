import IPMI
import IPMIHostBridge
import SystemInterfaces

/// A driver's file, the registers below it, and the host at their other side.
///
/// The whole emulated device without I/O: who has the file calls it for each system call, who has
/// the host's connection passes its bytes to ``bridge``. The host acts at once on whatever the BMC
/// has done, so that a response is read before `write` returns.
public struct DeviceLink<Driver: DeviceDriver, Host: SystemInterfaceHost>: Sendable
where Driver.Registers == Host.Registers {
  /// The driver.
  public private(set) var driver = Driver()
  /// What host and BMC share.
  public private(set) var registers = Driver.probedRegisters
  /// The host, behind the VM protocol. Call ``settle(now:)`` after it was given something.
  public var bridge: IPMIHostBridge<Host>

  /// Whether ``bridge`` is the host. Otherwise it is whoever calls ``withRegisters(_:)``.
  public var hostIsBridged = true

  /// A device nobody has open, whose host is not connected.
  public init(_ host: Host) {
    bridge = IPMIHostBridge(host)
  }

  /// When ``settle(now:)`` must be called if nothing else happens.
  public var deadline: UInt64? { hostIsBridged ? bridge.deadline : nil }

  /// Lets host and driver act on what the other has done, and time pass.
  public mutating func settle(now: UInt64) {
    if hostIsBridged { bridge.advance(&registers, now: now) }
    while driver.service(&registers, now: now) {
      if hostIsBridged { bridge.advance(&registers, now: now) }
    }
  }

  // MARK: The file

  /// `open`.
  public mutating func open(now: UInt64) -> DriverError? {
    defer { settle(now: now) }
    return driver.open(&registers, now: now)
  }

  /// The last `close`.
  public mutating func release(now: UInt64) {
    driver.release(&registers, now: now)
    settle(now: now)
  }

  /// `read`.
  public mutating func read(
    _ count: Int, at offset: Int64, isNonblocking: Bool, now: UInt64
  ) -> FileOutcome<FileBytes> {
    defer { settle(now: now) }
    return driver.read(
      count, at: offset, isNonblocking: isNonblocking, on: &registers, now: now)
  }

  /// `write`.
  public mutating func write(
    _ bytes: Span<UInt8>, at offset: Int64, isNonblocking: Bool, now: UInt64
  ) -> FileOutcome<Int> {
    let outcome = driver.write(
      bytes, at: offset, isNonblocking: isNonblocking, on: &registers, now: now)
    settle(now: now)
    return outcome
  }

  /// `ioctl`.
  public mutating func control(_ request: UInt32, now: UInt64) -> DriverError? {
    defer { settle(now: now) }
    return driver.control(request, on: &registers, now: now)
  }

  /// `poll`.
  public mutating func poll() -> PollEvents { driver.poll(&registers) }

  /// Whether sleepers have to look again; see ``DeviceDriver/takeWake()``.
  public mutating func takeWake() -> Bool { driver.takeWake() }

  /// The registers, for a host that reaches them itself. Call ``settle(now:)`` afterwards.
  public mutating func withRegisters<Result>(
    _ body: (inout Driver.Registers) -> Result
  ) -> Result { body(&registers) }
}
