import BMCPeripherals
import IPMI
import IPMIHostBridge
import SystemInterfaces
import Tracing
import VMProtocol

/// The way from one channel to its host, by the host's half of the channel's interface.
@safe final class BridgedConnection<Interface: SystemInterfaceHost>: HostConnection
where Interface.Registers: WatchedChannel & TracedChannel {
  private var channelBridge: ChannelBridge<Interface>
  fileprivate final var bridge: IPMIHostBridge<Interface> {
    @inline(__always) _read { yield channelBridge.bridge }
    @inline(__always) _modify { yield &channelBridge.bridge }
  }

  /// Takes the chardev with the id `id`, whose use is exclusive.
  init(
    _ interface: Interface, to id: UnsafePointer<CChar>?, responder: Responder,
    on hostInterface: HostInterface
  ) throws(RealizationError) {
    channelBridge = ChannelBridge(interface)
    try unsafe super.init(id, responder: responder, on: hostInterface)
  }

  // MARK: The channel

  /// Runs the bridge where it must; whether it did.
  @inline(__always)
  func advance(_ channel: inout Interface.Registers, isDue: Bool) -> Bool {
    guard let trace else { return channelBridge.advance(&channel, isDue: isDue, now: realTime) }
    return advance(&channel, isDue: isDue, trace)
  }

  @inline(never)
  private func advance(
    _ channel: inout Interface.Registers, isDue: Bool, _ trace: DeviceTrace
  ) -> Bool {
    trace.see(channel, after: .bmc)
    guard channelBridge.advance(&channel, isDue: isDue, now: realTime) else { return false }
    trace.see(channel, after: .host)
    return true
  }

  /// When the bridge must run although nothing changes; 0 where the chardev needs service.
  @inline(__always)
  var wakeUpTime: UInt64? { needsService ? 0 : bridge.deadline }

  /// Whether the chardev has something to be told, for ``HostConnection/serveChardev()``.
  private var needsService: Bool {
    bridge.isConnected && !isWaitingForRoom && bridge.hasOutput || hasRoomAgain
  }

  /// Saves or restores what goes on at the channel.
  func transfer(through stream: inout SnapshotStream, keeping: Bool) {
    var copy = channelBridge
    copy.transfer(through: &stream)
    if keeping { channelBridge = copy }
  }

  // MARK: What the chardev needs of the bridge

  override var hasOutput: Bool { bridge.isConnected && bridge.hasOutput }

  override func copyOutput(into chunk: inout FixedBytes<512>) {
    bridge.copyOutput(into: &chunk)
  }

  override func consumeOutput(_ count: Int) {
    bridge.consumeOutput(count)
    // A request may have waited for the room this makes.
    channelBridge.touch()
  }

  override func control(_ command: VMControl) { bridge.control(command) }

  override func takeHostReset() -> Bool { bridge.takeHostReset() }

  override var acceptableInput: Int { bridge.acceptableInput }

  override func take(_ bytes: UnsafeBufferPointer<UInt8>) {
    if let trace { unsafe trace.hostSends(bytes.span) }
    unsafe bridge.receive(bytes.span, now: realTime)
    channelBridge.touch()
  }

  override var isConnected: Bool { bridge.isConnected }

  override func connected() {
    trace?.connected()
    bridge.connected()
    channelBridge.touch()
  }

  override func disconnected() {
    super.disconnected()
    trace?.disconnected()
    bridge.disconnected()
    channelBridge.touch()
  }
}

extension BridgedConnection where Interface == KCSHost {
  /// See ``KCSHost/outputDelay``.
  var outputDelay: UInt64 {
    get { bridge.interface.outputDelay }
    set { bridge.interface.outputDelay = newValue }
  }
}
