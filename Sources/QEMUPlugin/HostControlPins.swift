import CQEMU
import IPMIHostBridge
import VMProtocol

/// The GPIO pins by which a BMC controls its host and sees it, tied to the host's wire.
@safe final class HostControlPins {
  private var lines = HostControlLines()
  private let connection: HostConnection
  private let hostInterface: HostInterface
  /// By ``HostControlLines/Output``; those of the BMC that are tied.
  private let outputs: [(line: HostControlLines.Output, pin: GPIOPin)]
  private let powerGood: Input?
  private let platformReset: Input?

  /// A pin that the BMC reads, and what it was driven to last.
  private final class Input {
    let pin: GPIOPin
    private var isAsserted: Bool?

    init(_ pin: GPIOPin) {
      self.pin = pin
    }

    /// The controller may have forgotten the level.
    func forget() { isAsserted = nil }

    /// Drives the pin where that is new. The controller may call back before this returns.
    func drive(_ level: Bool) {
      guard isAsserted != level else { return }
      isAsserted = level
      pin.drive(asserted: level)
    }
  }

  /// Ties pins to the host at the other end of `connection`.
  init(
    outputs: [(line: HostControlLines.Output, pin: GPIOPin)], powerGood: GPIOPin?,
    platformReset: GPIOPin?, to connection: HostConnection, of hostInterface: HostInterface
  ) {
    self.connection = connection
    self.hostInterface = hostInterface
    self.outputs = outputs
    self.powerGood = powerGood.map { Input($0) }
    self.platformReset = platformReset.map { Input($0) }
    for index in outputs.indices {
      unsafe outputs[index].pin.watch(
        tag: Int32(index), opaque: Unmanaged.passUnretained(self).toOpaque()
      ) { opaque, tag, level in
        unsafe Unmanaged<HostControlPins>.fromOpaque(opaque!).takeUnretainedValue()
          .outputChanged(Int(tag), level: level)
      }
    }
  }

  /// When ``advance()`` must be called although nothing changes.
  var wakeUpTime: UInt64? { lines.deadline }

  /// Lets time pass, and shows the BMC how its host is.
  func advance() {
    if lines.deadline != nil { send(lines.advance(now: realTime)) }
    if lines.powerGood != connection.isConnected { lines.setPowerGood(connection.isConnected) }
    if connection.takeHostReset() { lines.hostWasReset(now: realTime) }
    powerGood?.drive(lines.powerGood)
    platformReset?.drive(lines.platformReset)
  }

  /// The machine is being reset: ASPEED's controller forgets the levels of its inputs.
  func machineWasReset() {
    powerGood?.forget()
    platformReset?.forget()
  }

  /// Saves or restores what the BMC drives; how the host is, is the host's.
  func transfer(through stream: inout SnapshotStream, keeping: Bool) {
    var copy = lines
    copy.transfer(through: &stream)
    if keeping { lines = copy }
  }

  private func outputChanged(_ index: Int, level: Int32) {
    let (line, pin) = outputs[index]
    let isAsserted = level >= 0 && (level > 0) != pin.isActiveLow
    send(lines.set(line, asserted: isAsserted, now: realTime))
    hostInterface.settle()
  }

  private func send(_ control: VMControl?) {
    if let control { connection.control(control) }
  }
}
