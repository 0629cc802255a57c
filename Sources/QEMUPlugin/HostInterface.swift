import BMCPeripherals
import CQEMU
import SystemInterfaces

/// The host interface module of the machine's BMC: its registers, its interrupt and its hosts.
///
/// There is one, made by the first device. All channels have their registers, whether or not a
/// device answers for them: a channel without one is a channel whose host is switched off.
///
/// A system reset leaves the registers alone, as the silicon does: see ``NPCM7xxHostInterface``.
/// The interrupt controller forgets the level of its inputs, so the line is driven again.
@safe final class HostInterface {
  private var registers = NPCM7xxHostInterface()
  private var connections: [HostConnection] = []
  /// QEMU's `qemu_irq`, and the level it was given last.
  private let line: UnsafeMutableRawPointer
  private var lineIsHigh = false
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
    unsafe line = qemu.qdev_get_gpio_in(controller, soc.interrupt)!

    let opaque = unsafe Unmanaged.passUnretained(self).toOpaque()
    let nanoseconds: Int32 = 1
    unsafe qemu.timer_init_full(
      timer, nil, realTimeClock, nanoseconds, 0,
      { opaque in unsafe HostInterface.from(opaque).wakeUp() }, opaque)
    unsafe qemu.qemu_register_reset(
      { opaque in unsafe HostInterface.from(opaque).systemWasReset() }, opaque)

    // QEMU's own stub for this module has a lower priority.
    let region = unsafe allocateOpaque(byteCount: 4096)
    unsafe qemu.memory_region_init_io(
      region, nil, cqemu_host_interface_operations(), opaque, "ipmi-host-interface", soc.size)
    unsafe qemu.memory_region_add_subregion_overlap(
      qemu.get_system_memory(), soc.base, region, 10)
  }

  static func from(_ opaque: UnsafeMutableRawPointer?) -> HostInterface {
    unsafe Unmanaged<HostInterface>.fromOpaque(opaque!).takeUnretainedValue()
  }

  // MARK: Hosts

  /// Whether `responder` has its host.
  func isTaken(_ responder: Responder) -> Bool {
    connections.contains { $0.responder == responder }
  }

  /// Gives a responder its host.
  func add(_ connection: HostConnection) {
    registers[channel: connection.responder.channel].channel.enables.insert(.hostDecode)
    connections.append(connection)
    connection.open()
    settle()
  }

  // MARK: Accesses

  func read(_ offset: Int, width: Int) -> UInt64 {
    let value = registers.read(offset, width: width)
    settle()
    return value
  }

  func write(_ value: UInt64, to offset: Int, width: Int) {
    registers.write(value, to: offset, width: width)
    settle()
  }

  // MARK: Consequences

  /// Brings bridges, line and timer up to date with the registers; after every change.
  ///
  /// Chardevs are left to the timer: they may call back, and a register access is no place for it.
  func settle() {
    advance(isDue: false)
    if registers.interrupt != lineIsHigh {
      lineIsHigh.toggle()
      unsafe qemu.qemu_set_irq(line, lineIsHigh ? 1 : 0)
    }
    setTimer()
  }

  private func advance(isDue: Bool) {
    for connection in connections {
      connection.advance(&registers[channel: connection.responder.channel].channel, isDue: isDue)
    }
  }

  /// The timer has fired, in the main loop.
  private func wakeUp() {
    wakeUpTime = nil
    advance(isDue: true)
    for connection in connections { connection.serveChardev() }
    settle()
  }

  /// The controller is reset after this, so its input waits for the main loop.
  private func systemWasReset() {
    guard lineIsHigh else { return }
    lineIsHigh = false
    unsafe qemu.qemu_set_irq(line, 0)
    setTimer(isDue: true)
  }

  /// Sets the timer for the first deadline, or for at once where a chardev needs service.
  private func setTimer(isDue: Bool = false) {
    var time: UInt64? = isDue ? 0 : nil
    for connection in connections {
      let deadline = connection.needsService ? 0 : connection.deadline
      if let deadline { time = min(time ?? .max, deadline) }
    }
    // Deadlines move with every byte; a timer that fires too early costs less than moving it.
    guard let time, time < wakeUpTime ?? .max else { return }
    wakeUpTime = time
    // Never in the past: QEMU runs what is due until nothing is, without returning.
    unsafe qemu.timer_mod_ns(timer, Int64(clamping: max(time, realTime &+ 1)))
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
