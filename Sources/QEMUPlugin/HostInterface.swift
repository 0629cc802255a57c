import BMCPeripherals
import CQEMU
import IPMI
import IPMIHostBridge
import RegisterLinkFile
import SystemInterfaces
import Tracing

/// The host interface module of the machine's BMC: its registers, its interrupt and its hosts.
///
/// There is one, made by the first device. All channels have their registers, whether or not a
/// device answers for them: a channel without one is a channel whose host is switched off.
///
/// A system reset leaves the registers alone, as the silicon does: see ``NPCM7xxHostInterface`` and
/// ``AspeedLPC``. The interrupt controller forgets the level of its inputs, so the lines are driven
/// again. The registers are added by ``ModuleInterface``.
@safe class HostInterface {
  // An array for each kind: at every access their bridges are called, and directly.
  fileprivate final var kcsConnections: [BridgedConnection<KCSHost>] = []
  fileprivate final var btConnections: [BridgedConnection<BTHost>] = []
  fileprivate final var postCodeInputs: [PostCodeInput] = []
  private var hostControlPins: [HostControlPins] = []
  fileprivate final lazy var snapshot = Snapshot(of: self)
  private var lines: [Line] = []
  /// The sources by which the lines were driven last.
  private var sourcesSeen: UInt8 = 0

  /// A line, and the sources that raise it.
  private struct Line {
    var input: InterruptLine
    let sources: UInt8
  }

  /// Where all channels are; `nil` where each has a bridge to its host.
  private var link: MappedLink?

  /// QEMU's `QEMUTimer`, and when it fires; `nil` while it is stopped.
  private let timer = unsafe allocateOpaque(byteCount: 256)
  private var wakeUpTime: UInt64?

  /// Puts the registers into the machine.
  init(of soc: SoC) throws(RealizationError) {
    guard
      let controller = unsafe qemu.object_resolve_path(
        soc.interruptController.characters, nil)
    else {
      throw unsafe RealizationError(
        "this QEMU has no ", .string(soc.interruptController.characters))
    }
    for line in soc.chip.interruptLines {
      unsafe lines.append(
        Line(
          input: InterruptLine(qemu.qdev_get_gpio_in(controller, Int32(line.number))!),
          sources: line.sources))
    }

    let opaque = unsafe Unmanaged.passUnretained(self).toOpaque()
    let nanoseconds: Int32 = 1
    unsafe qemu.timer_init_full(
      timer, nil, realTimeClock, nanoseconds, 0,
      { opaque in unsafe HostInterface.from(opaque).wakeUp() }, opaque)
    unsafe qemu.qemu_register_reset(
      { opaque in unsafe HostInterface.from(opaque).systemWasReset() }, opaque)

    unsafe addRegion(
      named: "ipmi-host-interface", cqemu_host_interface_operations(), opaque,
      to: qemu.get_system_memory(), at: soc.chip.base, size: soc.chip.size)
  }

  /// The machine's, once a device is realized. Guarded by QEMU's big lock.
  private nonisolated(unsafe) static var one: HostInterface?

  /// The one of the machine, which is put there for the first device.
  static func ofMachine(_ soc: SoC) throws(RealizationError) -> HostInterface {
    if let one = unsafe one {
      guard one.link == nil else {
        throw RealizationError(
          "the host is at the other end of an ipmi-host-link: leave this device out, or that one")
      }
      return one
    }
    let new = try soc.makeHostInterface()
    unsafe one = new
    return new
  }

  /// Puts the one of the machine there, with all its channels on the link at `path`.
  static func join(_ path: UnsafePointer<CChar>?, _ soc: SoC) throws(RealizationError) {
    guard unsafe one == nil else {
      throw RealizationError(
        "the BMC has an ipmi-host-link, ipmi-host-extern or ipmi-host-post-codes already:",
        " a link takes all of its channels, once")
    }
    let link = try unsafe MappedLink(property: path, side: .bmc)
    let new = try soc.makeHostInterface(on: link)
    unsafe one = new
    new.link = link
    unsafe link.whenRung(Unmanaged.passUnretained(new).toOpaque()) { opaque in
      let hostInterface = unsafe HostInterface.from(opaque)
      hostInterface.link?.drain()
      hostInterface.settle()
    }
    new.settle()
  }

  static func from(_ opaque: UnsafeMutableRawPointer?) -> HostInterface {
    unsafe Unmanaged<HostInterface>.fromOpaque(opaque!).takeUnretainedValue()
  }

  // MARK: Hosts

  /// Whether `responder` has its host.
  final func isTaken(_ responder: Responder) -> Bool {
    kcsConnections.contains { $0.responder == responder }
      || btConnections.contains { $0.responder == responder }
  }

  /// Gives a responder its host, at the other end of the chardev with the id `chardev`.
  final func connect(
    _ responder: Responder, to chardev: UnsafePointer<CChar>?, _ trace: DeviceTrace?
  ) throws(RealizationError) -> HostConnection {
    let connection: HostConnection
    if responder == .ibt {
      let host = try unsafe BridgedConnection(
        BTHost(), to: chardev, responder: responder, on: self)
      btConnections.append(host)
      connection = host
    } else {
      let host = try unsafe BridgedConnection(
        KCSHost(), to: chardev, responder: responder, on: self)
      switchOnHost(ofChannel: responder.channel)
      kcsConnections.append(host)
      connection = host
    }
    connection.trace = trace
    connection.open()
    settle()
    return connection
  }

  /// How long the host at the end of a KCS channel leaves a full ODR, in nanoseconds.
  final func delayOutput(of responder: Responder, by delay: UInt64) {
    for connection in kcsConnections where connection.responder == responder {
      connection.outputDelay = delay
    }
  }

  /// Has the pins follow what they are tied to.
  final func add(_ pins: HostControlPins) {
    hostControlPins.append(pins)
    settle()
  }

  /// Takes POST codes for `port` from the chardev with the id `chardev`.
  final func addPostCodes(
    from chardev: UnsafePointer<CChar>?, port: UInt16
  ) throws(RealizationError) {
    let input = try unsafe PostCodeInput(chardev, port: port, on: self)
    postCodeInputs.append(input)
    input.open()
    settle()
  }

  // MARK: The registers

  func read(_ offset: Int, width: Int) -> UInt64 { 0 }
  func write(_ value: UInt64, to offset: Int, width: Int) {}
  fileprivate func switchOnHost(ofChannel number: Int) {}

  /// Brings bridges, lines and timer up to date with the registers; after every change.
  ///
  /// Chardevs are left to the timer: they may call back, and a register access is no place for it.
  func settle() {}
  fileprivate func advance(isDue: Bool) {}

  /// Saves or restores the state of everything.
  ///
  /// - Parameter keeping: Whether what is restored counts; otherwise it is looked at only.
  func transfer(through stream: inout SnapshotStream, keeping: Bool) {
    for connection in kcsConnections { connection.transfer(through: &stream, keeping: keeping) }
    for connection in btConnections { connection.transfer(through: &stream, keeping: keeping) }
    for input in postCodeInputs { input.transfer(through: &stream, keeping: keeping) }
    for pins in hostControlPins { pins.transfer(through: &stream, keeping: keeping) }
    guard keeping else { return }
    // The controller has its own state back, in which the lines are what they were.
    sourcesSeen = 0
    for index in lines.indices { lines[index].input.isHigh = false }
    setTimer(isDue: true)
  }

  // MARK: Consequences

  /// Lets the pins follow the hosts, which only the wire and time change.
  fileprivate final func advanceHostControl() {
    for pins in hostControlPins { pins.advance() }
  }

  @inline(__always)
  fileprivate final func drive(_ sources: UInt8) {
    if sources != sourcesSeen { driveLines(sources) }
  }

  private func driveLines(_ sources: UInt8) {
    sourcesSeen = sources
    for index in lines.indices { lines[index].input.drive(lines[index].sources & sources != 0) }
  }

  /// The timer has fired, in the main loop.
  private func wakeUp() {
    wakeUpTime = nil
    advance(isDue: true)
    for connection in kcsConnections { connection.serveChardev() }
    for connection in btConnections { connection.serveChardev() }
    for input in postCodeInputs { input.serveChardev() }
    settle()
  }

  /// The controllers are reset after this, so their inputs wait for the main loop.
  private func systemWasReset() {
    guard sourcesSeen != 0 || !hostControlPins.isEmpty else { return }
    driveLines(0)
    for pins in hostControlPins { pins.machineWasReset() }
    setTimer(isDue: true)
  }

  /// Sets the timer for the first deadline, or for at once where a chardev needs service.
  fileprivate final func setTimer(isDue: Bool = false) {
    var time: UInt64? = isDue ? 0 : nil
    for connection in kcsConnections {
      if let wakeUp = connection.wakeUpTime { time = min(time ?? .max, wakeUp) }
    }
    for connection in btConnections {
      if let wakeUp = connection.wakeUpTime { time = min(time ?? .max, wakeUp) }
    }
    for input in postCodeInputs {
      if let wakeUp = input.wakeUpTime { time = min(time ?? .max, wakeUp) }
    }
    for pins in hostControlPins {
      if let wakeUp = pins.wakeUpTime { time = min(time ?? .max, wakeUp) }
    }
    // Deadlines move with every byte; a timer that fires too early costs less than moving it.
    guard let time, time < wakeUpTime ?? .max else { return }
    wakeUpTime = time
    // Never in the past: QEMU runs what is due until nothing is, without returning.
    unsafe qemu.timer_mod_ns(timer, Int64(clamping: max(time, realTime &+ 1)))
  }
}

/// The host interface with its registers, which the compiler knows: an access takes no detour.
@safe final class ModuleInterface<Module: HostInterfaceModule>: HostInterface {
  private var registers: Module

  /// Puts the registers into the machine.
  init(_ registers: Module, of soc: SoC) throws(RealizationError) {
    self.registers = registers
    try super.init(of: soc)
  }

  override func read(_ offset: Int, width: Int) -> UInt64 {
    let value = registers.read(offset, width: width)
    settle()
    return value
  }

  override func write(_ value: UInt64, to offset: Int, width: Int) {
    registers.write(value, to: offset, width: width)
    settle()
  }

  fileprivate override func switchOnHost(ofChannel number: Int) {
    registers.switchOnHost(ofChannel: number)
  }

  override func settle() {
    advance(isDue: false)
    drive(registers.interruptSources)
    advanceHostControl()
    setTimer()
    snapshot.update()
  }

  override func transfer(through stream: inout SnapshotStream, keeping: Bool) {
    var copy = registers
    copy.transfer(through: &stream)
    if keeping { registers = copy }
    super.transfer(through: &stream, keeping: keeping)
  }

  fileprivate override func advance(isDue: Bool) {
    registers.synchronizeWithHost()
    for connection in kcsConnections {
      registers.withHost(ofChannel: connection.responder.channel) {
        connection.advance(&$0, isDue: isDue)
      }
    }
    for connection in btConnections {
      registers.withHostOfBT { connection.advance(&$0, isDue: isDue) }
    }
    for input in postCodeInputs { input.advance(&registers) }
  }
}

@c(host_interface_read) @implementation
func readRegister(_ opaque: UnsafeMutableRawPointer, _ offset: UInt64, _ size: UInt32)
  -> UInt64
{
  // The reference count is atomic, and to move it up and down costs more than the access.
  unsafe Unmanaged<HostInterface>.fromOpaque(opaque)._withUnsafeGuaranteedRef {
    $0.read(Int(truncatingIfNeeded: offset), width: Int(size))
  }
}

@c(host_interface_write) @implementation
func writeRegister(
  _ opaque: UnsafeMutableRawPointer, _ offset: UInt64, _ value: UInt64, _ size: UInt32
) {
  unsafe Unmanaged<HostInterface>.fromOpaque(opaque)._withUnsafeGuaranteedRef {
    $0.write(value, to: Int(truncatingIfNeeded: offset), width: Int(size))
  }
}
