import IPMI
import IPMIHostBridge
import SystemInterfaces
import VMProtocol

/// A channel of which a host can see whether anything happened.
protocol WatchedChannel {
  associatedtype View: Equatable
  /// While this is the same, the bridge has nothing to do.
  var view: View { get }
}

extension KCSChannel: WatchedChannel {
  @inline(__always)
  var view: KCSChannel { self }
}

extension BTChannel: WatchedChannel {
  struct View: Equatable {
    var control: BTControl
    var enables: Enables
  }

  /// A byte in a buffer says nothing before BT_CTRL does.
  var view: View { View(control: control, enables: enables) }
}

/// The way from one channel to its host, by the host's half of the channel's interface.
@safe final class BridgedConnection<Interface: SystemInterfaceHost>: HostConnection
where Interface.Registers: WatchedChannel {
  fileprivate var bridge: IPMIHostBridge<Interface>
  /// The channel as the bridge left it.
  private var seen: Interface.Registers.View?

  /// Takes the chardev with the id `id`, whose use is exclusive.
  init(
    _ interface: Interface, to id: UnsafePointer<CChar>?, responder: Responder,
    on hostInterface: HostInterface
  ) throws(RealizationError) {
    bridge = IPMIHostBridge(interface)
    try unsafe super.init(id, responder: responder, on: hostInterface)
  }

  // MARK: The channel

  /// Whether the channel has changed, or the deadline has come.
  @inline(__always)
  func mustAdvance(_ channel: Interface.Registers, isDue: Bool) -> Bool {
    isDue || channel.view != seen
  }

  /// Runs the bridge where it must.
  @inline(__always)
  func advance(_ channel: inout Interface.Registers, isDue: Bool) {
    guard mustAdvance(channel, isDue: isDue) else { return }
    bridge.advance(&channel, now: realTime)
    seen = channel.view
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
    var copy = bridge
    copy.transfer(through: &stream)
    guard keeping else { return }
    bridge = copy
    seen = nil
  }

  // MARK: What the chardev needs of the bridge

  override var hasOutput: Bool { bridge.isConnected && bridge.hasOutput }

  override func copyOutput(into chunk: inout FixedBytes<512>) {
    bridge.copyOutput(into: &chunk)
  }

  override func consumeOutput(_ count: Int) {
    bridge.consumeOutput(count)
    // A request may have waited for the room this makes.
    seen = nil
  }

  override func control(_ command: VMControl) { bridge.control(command) }

  override func takeHostReset() -> Bool { bridge.takeHostReset() }

  override var acceptableInput: Int { bridge.acceptableInput }

  override func take(_ bytes: UnsafeBufferPointer<UInt8>) {
    unsafe bridge.receive(bytes.span, now: realTime)
    seen = nil
  }

  override var isConnected: Bool { bridge.isConnected }

  override func connected() {
    bridge.connected()
    seen = nil
  }

  override func disconnected() {
    super.disconnected()
    bridge.disconnected()
    seen = nil
  }
}

extension BridgedConnection where Interface == KCSHost {
  /// See ``KCSHost/outputDelay``.
  var outputDelay: UInt64 {
    get { bridge.interface.outputDelay }
    set { bridge.interface.outputDelay = newValue }
  }
}
