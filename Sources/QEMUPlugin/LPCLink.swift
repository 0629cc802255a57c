import CQEMU
import RegisterLink
import RegisterLinkFile
import Tracing

/// The host's end of one link: its channels' ports and interrupts on the host's bus.
@safe final class LPCLink {
  let memory: MappedLink
  let bus: ISABus
  private let path: UnsafeMutablePointer<CChar>
  fileprivate var channels: [LPCChannel] = []

  /// Every link that is joined; each is by its first device. Guarded by QEMU's big lock.
  private nonisolated(unsafe) static var all: [LPCLink] = []

  /// The link at `path`, joined where it is not yet.
  static func at(_ path: UnsafePointer<CChar>?, _ bus: ISABus) throws(RealizationError) -> LPCLink {
    if let path = unsafe path {
      for link in unsafe all where unsafe qemu.g_strcmp0(link.path, path) == 0 { return link }
    }
    let link = try unsafe LPCLink(path, bus)
    unsafe all.append(link)
    return link
  }

  private init(_ path: UnsafePointer<CChar>?, _ bus: ISABus) throws(RealizationError) {
    memory = try unsafe MappedLink(property: path, side: .host)
    unsafe self.path = qemu.g_strdup(path!)!
    self.bus = bus
    let opaque = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe memory.whenRung(opaque) { opaque in
      let link = unsafe LPCLink.from(opaque)
      link.memory.drain()
      for channel in link.channels { channel.rung() }
    }
    unsafe qemu.qemu_register_reset(
      { opaque in unsafe LPCLink.from(opaque).machineWasReset() }, opaque)
  }

  private static func from(_ opaque: UnsafeMutableRawPointer?) -> LPCLink {
    unsafe Unmanaged<LPCLink>.fromOpaque(opaque!).takeUnretainedValue()
  }

  /// Adds a channel, whose ports are the host's from now on.
  func add(_ channel: LPCChannel, at ports: [4 of UInt16?]) {
    channels.append(channel)
    for index in ports.indices {
      if let port = ports[index] { bus.add(LPCPort(port, of: channel)) }
    }
    channel.settle()
  }

  /// Whether a channel has interrupt `number` for itself.
  func hasInterrupt(_ number: Int) -> Bool {
    unsafe Self.all.contains { $0.channels.contains { $0.interrupt == number } }
  }

  /// The registers are the BMC's too, and stay. The controllers are reset after this, and forget
  /// the level of their inputs: these wait for the main loop.
  private func machineWasReset() {
    for channel in channels { channel.drive(false) }
    memory.ringOwn()
  }
}

/// A channel of a link as a device of the host.
@safe class LPCChannel {
  /// The interrupt that it has, 0 for none; `nil` where the BMC chooses.
  final let interrupt: Int?
  /// Those that it may have, and their numbers.
  private var lines: [(number: Int, line: InterruptLine)] = []

  init(interrupt: Int?, on bus: ISABus) {
    self.interrupt = interrupt
    for number in interrupt.map({ $0 == 0 ? [] : [$0] }) ?? ISABus.interrupts {
      lines.append((number, bus.interruptLine(number)))
    }
  }

  func read(_ port: UInt16) -> UInt8 { 0xFF }
  func write(_ value: UInt8, to port: UInt16) {}
  /// Brings the interrupt up to date with the link.
  func settle() {}
  /// The BMC may have changed something.
  func rung() {}
  /// The interrupts that the BMC has chosen.
  fileprivate var chosenInterrupts: UInt16 { 0 }

  /// Drives the interrupt to `level`.
  final func drive(_ level: Bool) {
    let asserted: UInt16 = level ? (interrupt == nil ? chosenInterrupts : .max) : 0
    for index in lines.indices {
      lines[index].line.drive(asserted >> UInt16(lines[index].number) & 1 != 0)
    }
  }
}

/// A channel with its registers, which the compiler knows.
@safe class LinkedChannel<Ports: LinkedHostPorts>: LPCChannel where Ports.Channel: TracedChannel {
  final var ports: Ports
  private let memory: MappedLink
  private let trace: PortTrace?

  init(_ ports: Ports, of link: LPCLink, interrupt: Int?, _ trace: PortTrace?) {
    self.ports = ports
    self.trace = trace
    memory = link.memory
    super.init(interrupt: interrupt, on: link.bus)
  }

  override func read(_ port: UInt16) -> UInt8 {
    let access = ports.read(port)
    if let trace { note(access, trace, port, isWrite: false, access.result) }
    follow(access)
    return access.result
  }

  override func write(_ value: UInt8, to port: UInt16) {
    let access = ports.write(value, to: port)
    if let trace { note(access, trace, port, isWrite: true, value) }
    follow(access)
  }

  override func settle() { drive(ports.interrupt) }

  override func rung() {
    trace?.see(ports.channel)
    settle()
  }

  override var chosenInterrupts: UInt16 { ports.interrupts }

  /// The controller may want edges: what the access itself has left comes first.
  private final func follow<Result>(_ access: PortAccess<Result, Ports.Channel>) {
    if access.concernsBMC { memory.ring() }
    drive(access.interrupt)
    settle()
  }

  @inline(never)
  private final func note<Result>(
    _ access: PortAccess<Result, Ports.Channel>, _ trace: PortTrace, _ port: UInt16, isWrite: Bool,
    _ value: UInt8
  ) {
    let numbers = ports.ports
    guard let change = access.change,
      let index = numbers.indices.first(where: { numbers[$0] == port })
    else { return }
    trace.see(change, port: index, isWrite: isWrite, value)
  }
}

/// One port of a channel.
private final class LPCPort: ISABus.Port {
  private let channel: LPCChannel

  init(_ number: UInt16, of channel: LPCChannel) {
    self.channel = channel
    super.init(number)
  }

  override func read() -> UInt8 { channel.read(number) }
  override func write(_ value: UInt8) { channel.write(value, to: number) }
}
