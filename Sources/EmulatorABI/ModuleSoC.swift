import BMCPeripherals
import CIPMIHostBridge
import IPMI
import IPMIHostBridge
import Tracing
import VMProtocol

/// An ``SoC`` with its registers, which the compiler knows: an access takes no detour.
@safe final class ModuleSoC<Module: HostInterfaceModule>: SoC {
  private var interface: HostedInterface<Module>

  init(_ module: Module, of chip: SystemOnChip) {
    interface = HostedInterface(module)
    super.init(chip)
  }

  // MARK: The registers

  override func read(_ offset: Int, width: Int) -> UInt64 {
    let (value, isQuiet) = interface.load(offset, width: width)
    if isWatched {
      report(IHB_EVENT_READ, at: UInt64(offset), width: width, value)
      traceBMC()
    }
    if !isQuiet { follow(interface.interruptSources) } else if isWatched { follow() }
    return value
  }

  override func write(_ value: UInt64, to offset: Int, width: Int) {
    if isWatched { report(IHB_EVENT_WRITE, at: UInt64(offset), width: width, value) }
    let isQuiet = interface.store(value, to: offset, width: width)
    if isWatched { traceBMC() }
    if !isQuiet { follow(interface.interruptSources) } else if isWatched { follow() }
  }

  override var interruptSources: UInt8 { interface.interruptSources }

  override var decodesHostPorts: Bool { interface.module.decodesHostPorts }

  override func map(_ responder: Responder, data: UInt16, status: UInt16) -> Bool {
    interface.map(responder, data: data, status: status)
  }

  override func portRead(_ port: UInt16) -> UInt8 {
    let value = interface.hostRead(port: port) ?? 0xFF
    if isWatched { traceHost(port, isWrite: false, value) }
    return value
  }

  override func portWrite(_ value: UInt8, to port: UInt16) {
    interface.hostWrite(value, port: port)
    if isWatched { traceHost(port, isWrite: true, value) }
  }

  override func hostInterrupt(of responder: Responder) -> HostInterrupt {
    interface.hostInterrupt(of: responder)
  }

  // MARK: Traces

  override func trace(_ responder: Responder, _ trace: ChannelTrace?) {
    super.trace(responder, trace)
    interface.witness =
      traces.isEmpty
      ? nil
      : { [traces] channel, hostHasActed, now in
        traces.see(channel, after: hostHasActed ? .host : .bmc, at: now)
      }
    guard let channel = interface.channel(of: responder) else { return }
    trace?.see(channel, after: .bmc, at: now)
  }

  /// The BMC has made an access. Channels with a host by messages are seen by the witness, before
  /// their host acts.
  private func traceBMC() {
    for index in chip.responders.indices {
      let responder = chip.responders[index]
      guard let trace = traces[responder], !interface.isAttached(responder),
        let channel = interface.channel(of: responder)
      else { continue }
      trace.see(channel, after: .bmc, at: now)
    }
  }

  /// A host has made an access to one of its ports.
  private func traceHost(_ port: UInt16, isWrite: Bool, _ value: UInt8) {
    guard let place = interface.hostPort(port), let trace = traces[place.responder],
      let channel = interface.channel(of: place.responder)
    else { return }
    trace.see(channel, after: .host, at: now)
    trace.hear(port: place.index, isWrite: isWrite, value, at: now)
  }

  // MARK: What the hosts by messages need

  override var now: UInt64 { interface.now }

  override func passTime(now: UInt64) { interface.advance(now: now) }

  override var bridgeDeadline: UInt64? { interface.deadline }

  override func attach(_ responder: Responder) -> Bool { interface.attach(to: responder) }

  override func connected(_ responder: Responder) { interface.connected(responder) }

  override func disconnected(_ responder: Responder) { interface.disconnected(responder) }

  override func isConnected(_ responder: Responder) -> Bool { interface.isConnected(responder) }

  override func receive(_ bytes: Span<UInt8>, from responder: Responder) -> Int {
    interface.receive(bytes, from: responder)
  }

  override func acceptableInput(of responder: Responder) -> Int {
    interface.acceptableInput(of: responder)
  }

  override func hasOutput(of responder: Responder) -> Bool { interface.hasOutput(of: responder) }

  override func copyOutput(of responder: Responder, into chunk: inout FixedBytes<512>) {
    interface.copyOutput(of: responder, into: &chunk)
  }

  override func consumeOutput(_ count: Int, of responder: Responder) {
    interface.consumeOutput(count, of: responder)
  }

  override func control(_ command: VMControl, of responder: Responder) -> Bool {
    interface.control(command, of: responder)
  }

  // MARK: State

  override func save(through stream: inout StateBytes) {
    var copy = interface
    copy.transfer(through: &stream)
  }

  override func restore(through stream: inout StateBytes) -> Bool {
    var copy = interface
    copy.transfer(through: &stream)
    guard stream.isComplete else { return false }
    interface = copy
    return true
  }
}
