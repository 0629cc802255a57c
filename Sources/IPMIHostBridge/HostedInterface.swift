import BMCPeripherals
import HostPeripherals
import IPMI
import SystemInterfaces
import VMProtocol

/// The host interface of an SoC, and the hosts at its channels: all that an emulator puts at the
/// SoC's registers.
///
/// A channel has one host: one that speaks the VM protocol, by ``attach(to:)``, or one that reaches
/// registers, through I/O ports. Without one it is a channel whose host is switched off.
///
/// A state machine without I/O: the emulator calls it for every access of either processor and
/// passes bytes and time, in nanoseconds of a clock that does not run backwards. After any call look
/// at ``interruptSources``, ``hasOutput(of:)`` and ``deadline``.
public struct HostedInterface<Module: HostInterfaceModule> {
  /// The registers.
  public private(set) var module: Module
  /// The time that was passed last.
  public private(set) var now: UInt64 = 0

  private var kcs: [4 of ChannelBridge<KCSHost>] = .init { _ in ChannelBridge(KCSHost()) }
  private var bt = ChannelBridge(BTHost())
  /// The channels that have a bridge to their host: bit n for KCSn, bit 0 for BT.
  private var attached: UInt8 = 0
  /// Where a host that chooses its ports has KCS1 to KCS4.
  private var ports: [4 of HostPorts?] = .init(repeating: nil)

  /// Told what a channel that has a bridge to its host holds, before and after its host has acted: all
  /// that came before is the BMC's. For traces.
  public var witness: Witness?

  /// See ``witness``.
  public typealias Witness = (_ channel: HostedChannel, _ hostHasActed: Bool, _ now: UInt64) -> Void

  /// The two ports of a KCS channel.
  private struct HostPorts: Sendable {
    var data: UInt16
    var status: UInt16
  }

  /// Registers after power-on, without hosts.
  public init(_ module: Module) {
    self.module = module
  }

  // MARK: The BMC

  /// What interrupts the BMC now, one bit for each source: `SystemOnChip.InterruptLine.sources`.
  @inline(__always)
  public var interruptSources: UInt8 { module.interruptSources }

  /// A load by the BMC, and whether it is certain that ``interruptSources`` have not changed.
  @inline(__always)
  public mutating func load(_ offset: Int, width: Int) -> (value: UInt64, isQuiet: Bool) {
    // Hosts have seen all that was before.
    let (value, isQuiet) = module.load(offset, width: width)
    if !isQuiet { settle(isDue: false) }
    return (value, isQuiet)
  }

  /// A store by the BMC; returns what ``load(_:width:)`` does.
  @inline(__always)
  public mutating func store(_ value: UInt64, to offset: Int, width: Int) -> Bool {
    let isQuiet = module.store(value, to: offset, width: width)
    if !isQuiet { settle(isDue: false) }
    return isQuiet
  }

  /// A load by the BMC; see the registers' own `read`.
  public mutating func read(_ offset: Int, width: Int) -> UInt64 {
    load(offset, width: width).value
  }

  /// A store by the BMC; see the registers' own `write`.
  public mutating func write(_ value: UInt64, to offset: Int, width: Int) {
    _ = store(value, to: offset, width: width)
  }

  // MARK: Time

  /// Lets time pass.
  public mutating func advance(now: UInt64) {
    self.now = max(now, self.now)
    settle(isDue: deadline.map { self.now >= $0 } ?? false)
  }

  /// When ``advance(now:)`` must be called at the latest, if nothing else happens; `nil` where it
  /// need not.
  public var deadline: UInt64? {
    var first: UInt64?
    for index in kcs.indices where attached >> UInt8(index + 1) & 1 != 0 {
      if let deadline = kcs[index].bridge.deadline { first = min(first ?? .max, deadline) }
    }
    if attached & 1 != 0, let deadline = bt.bridge.deadline { first = min(first ?? .max, deadline) }
    return first
  }

  /// Lets the hosts behind bridges act, where their channels have changed or it `isDue`.
  @inline(__always)
  private mutating func settle(isDue: Bool) {
    module.synchronizeWithHost()
    guard attached != 0 else { return }
    Self.advance(&module, &kcs, &bt, attached, isDue: isDue, now: now, witness)
  }

  @inline(__always)
  private static func advance(
    _ module: inout Module, _ kcs: inout [4 of ChannelBridge<KCSHost>],
    _ bt: inout ChannelBridge<BTHost>, _ attached: UInt8, isDue: Bool, now: UInt64,
    _ witness: Witness?
  ) {
    var rest = attached & ~1
    while rest != 0 {
      let number = rest.trailingZeroBitCount
      rest &= rest &- 1
      module.withHost(ofChannel: number) {
        witness?(.kcs(number, $0), false, now)
        let hasActed = kcs[number - 1].advance(&$0, isDue: isDue, now: now)
        if hasActed { witness?(.kcs(number, $0), true, now) }
        return hasActed
      }
    }
    if attached & 1 != 0 {
      module.withHostOfBT {
        witness?(.bt($0), false, now)
        let hasActed = bt.advance(&$0, isDue: isDue, now: now)
        if hasActed { witness?(.bt($0), true, now) }
        return hasActed
      }
    }
  }

  /// A channel as it is, which the SoC must have.
  public mutating func channel(of responder: Responder) -> HostedChannel? {
    var seen: HostedChannel?
    if responder == .ibt {
      module.withHostOfBT {
        seen = .bt($0)
        return false
      }
    } else {
      module.withHost(ofChannel: responder.channel) {
        seen = .kcs(responder.channel, $0)
        return false
      }
    }
    return seen
  }

  // MARK: Hosts that speak the VM protocol

  /// Whether `responder` has such a host.
  public func isAttached(_ responder: Responder) -> Bool {
    attached >> UInt8(responder.channel) & 1 != 0
  }

  /// Gives `responder`, which the SoC must have, such a host; it is not connected yet. It stays: a
  /// host that leaves and one that comes are ``disconnected(_:)`` and ``connected(_:)``.
  ///
  /// - Returns: `false`, and no change, where the host has I/O ports.
  public mutating func attach(to responder: Responder) -> Bool {
    guard !hasPorts(responder) else { return false }
    attached |= 1 << UInt8(responder.channel)
    if responder != .ibt { module.switchOnHost(ofChannel: responder.channel) }
    return true
  }

  /// The host has connected: it is greeted.
  public mutating func connected(_ responder: Responder) {
    changeBridge(of: responder) {
      $0.connected()
    } bt: {
      $0.connected()
    }
  }

  /// The host is gone. A request it left open is aborted.
  public mutating func disconnected(_ responder: Responder) {
    changeBridge(of: responder) {
      $0.disconnected()
    } bt: {
      $0.disconnected()
    }
  }

  /// Whether the host is there.
  public func isConnected(_ responder: Responder) -> Bool {
    responder == .ibt ? bt.bridge.isConnected : kcs[responder.channel - 1].bridge.isConnected
  }

  /// Takes bytes from the host.
  ///
  /// - Returns: How many were taken; offer the rest again after the host has read what it is sent.
  public mutating func receive(_ bytes: Span<UInt8>, from responder: Responder) -> Int {
    let now = now
    let count =
      if responder == .ibt {
        bt.bridge.receive(bytes, now: now)
      } else {
        kcs[responder.channel - 1].bridge.receive(bytes, now: now)
      }
    touch(responder)
    return count
  }

  /// How many bytes ``receive(_:from:)`` takes.
  public func acceptableInput(of responder: Responder) -> Int {
    responder == .ibt
      ? bt.bridge.acceptableInput : kcs[responder.channel - 1].bridge.acceptableInput
  }

  /// Whether bytes wait for the host, and it is there.
  public func hasOutput(of responder: Responder) -> Bool {
    responder == .ibt
      ? bt.bridge.isConnected && bt.bridge.hasOutput
      : kcs[responder.channel - 1].bridge.isConnected && kcs[responder.channel - 1].bridge.hasOutput
  }

  /// Replaces what `chunk` holds by the oldest bytes for the host, as many as fit.
  public mutating func copyOutput(of responder: Responder, into chunk: inout FixedBytes<512>) {
    if responder == .ibt {
      bt.bridge.copyOutput(into: &chunk)
    } else {
      kcs[responder.channel - 1].bridge.copyOutput(into: &chunk)
    }
  }

  /// Removes the `count` oldest bytes for the host: they were written.
  public mutating func consumeOutput(_ count: Int, of responder: Responder) {
    changeBridge(of: responder) {
      $0.consumeOutput(count)
    } bt: {
      $0.consumeOutput(count)
    }
  }

  /// Asks the host for something only hardware could do: power, reset, NMI, shutdown.
  ///
  /// - Returns: `false` where it is not there, cannot do that or does not read.
  public mutating func control(_ command: VMControl, of responder: Responder) -> Bool {
    responder == .ibt
      ? bt.bridge.control(command) : kcs[responder.channel - 1].bridge.control(command)
  }

  /// Whether the host said that it was reset since this was asked last.
  public mutating func takeHostReset(of responder: Responder) -> Bool {
    responder == .ibt
      ? bt.bridge.takeHostReset() : kcs[responder.channel - 1].bridge.takeHostReset()
  }

  /// What the bridge to the host has done.
  public func statistics(of responder: Responder) -> BridgeStatistics {
    responder == .ibt ? bt.bridge.statistics : kcs[responder.channel - 1].bridge.statistics
  }

  /// Changes a bridge, then lets it act.
  private mutating func changeBridge(
    of responder: Responder, kcs change: (inout IPMIHostBridge<KCSHost>) -> Void,
    bt changeBT: (inout IPMIHostBridge<BTHost>) -> Void
  ) {
    if responder == .ibt {
      changeBT(&bt.bridge)
    } else {
      change(&kcs[responder.channel - 1].bridge)
    }
    touch(responder)
  }

  private mutating func touch(_ responder: Responder) {
    if responder == .ibt { bt.touch() } else { kcs[responder.channel - 1].touch() }
    settle(isDue: false)
  }

  // MARK: Hosts that have I/O ports

  /// Whether a host has told where it has the channel.
  private func hasPorts(_ responder: Responder) -> Bool {
    responder != .ibt && ports[responder.channel - 1] != nil
  }

  /// Puts a KCS channel, which the SoC must have, at two ports of a host that chooses them.
  ///
  /// - Returns: `false`, and no change, where the channel has another host, the two are the same,
  ///   another channel has one of them, or the BMC chooses: `HostInterfaceModule.decodesHostPorts`.
  public mutating func map(_ responder: Responder, data: UInt16, status: UInt16) -> Bool {
    guard responder != .ibt, !isAttached(responder), !module.decodesHostPorts, data != status
    else { return false }
    let own = responder.channel - 1
    for index in ports.indices where index != own {
      if register(at: data, of: index) != nil || register(at: status, of: index) != nil {
        return false
      }
    }
    ports[own] = HostPorts(data: data, status: status)
    module.switchOnHost(ofChannel: responder.channel)
    return true
  }

  /// The register of the KCS channel at `index` that a port is.
  private func register(at port: UInt16, of index: Int) -> Int? {
    guard let mapped = ports[index] else { return nil }
    return port == mapped.data ? 0 : port == mapped.status ? 1 : nil
  }

  /// What an I/O port of the host is; `nil` where nothing here answers.
  public func hostPort(_ port: UInt16) -> HostPort? {
    let responders: [4 of Responder] = [.kcs1, .kcs2, .kcs3, .kcs4]
    for index in ports.indices {
      if let register = register(at: port, of: index) {
        return HostPort(responders[index], register)
      }
    }
    return module.hostPort(port)
  }

  /// The host reads an I/O port; `nil` where nothing here answers.
  public mutating func hostRead(port: UInt16) -> UInt8? {
    for index in ports.indices {
      guard let register = register(at: port, of: index) else { continue }
      var value: UInt8 = 0xFF
      module.withHost(ofChannel: index + 1) {
        value = $0.hostRead(register: register)
        return true
      }
      return value
    }
    return module.hostRead(port: port)
  }

  /// The host writes an I/O port; POST codes come this way, too.
  ///
  /// - Returns: Whether a channel has taken it.
  @discardableResult
  public mutating func hostWrite(_ value: UInt8, port: UInt16) -> Bool {
    let isTaken = module.hostWrite(value, port: port)
    for index in ports.indices {
      guard let register = register(at: port, of: index) else { continue }
      module.withHost(ofChannel: index + 1) {
        $0.hostWrite(value, register: register)
        return true
      }
      return true
    }
    return isTaken
  }

  /// What a channel asks of the interrupt of a host that has ports.
  public func hostInterrupt(of responder: Responder) -> HostInterrupt {
    module.hostInterrupt(of: responder)
  }
}

/// A channel of an SoC at one moment.
public enum HostedChannel: Sendable {
  /// KCS, and its number.
  case kcs(Int, KCSChannel)
  case bt(BTChannel)
}

extension HostedInterface: Restorable {
  /// The registers and what goes on at them. The hosts must be attached and mapped as they were.
  public mutating func transfer(through stream: inout some StateStream) {
    var hosts = attached
    stream.transfer(&hosts)
    if hosts != attached { return stream.reject() }
    module.transfer(through: &stream)
    for index in kcs.indices where attached >> UInt8(index + 1) & 1 != 0 {
      kcs[index].transfer(through: &stream)
    }
    if attached & 1 != 0 { bt.transfer(through: &stream) }
  }
}
