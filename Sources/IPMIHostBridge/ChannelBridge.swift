import IPMI
import SystemInterfaces

/// A channel of which a host can see whether anything happened.
public protocol WatchedChannel {
  associatedtype View: Equatable & Sendable
  /// While this is the same, the bridge has nothing to do.
  var view: View { get }
}

extension KCSChannel: WatchedChannel {
  @inline(__always)
  public var view: KCSChannel { self }
}

/// What of a BT channel a host looks at: a byte in a buffer says nothing before BT_CTRL does.
public struct BTView: Equatable, Sendable {
  var control: BTControl
  var enables: BTChannel.Enables
}

extension BTChannel: WatchedChannel {
  @inline(__always)
  public var view: BTView { BTView(control: control, enables: enables) }
}

/// A bridge that runs only when its channel has changed, or it is due.
public struct ChannelBridge<Interface: SystemInterfaceHost>: Sendable
where Interface.Registers: WatchedChannel {
  /// The bridge. Call ``touch()`` after it was given something.
  public var bridge: IPMIHostBridge<Interface>
  /// The channel as the bridge left it.
  private var seen: Interface.Registers.View?

  /// A bridge that has not seen its channel yet.
  public init(_ interface: Interface) {
    bridge = IPMIHostBridge(interface)
  }

  /// Has the bridge run the next time, although its channel may be the same.
  @inline(__always)
  public mutating func touch() { seen = nil }

  /// Runs the bridge where it must: its channel has changed, or `isDue`.
  ///
  /// - Returns: Whether it ran.
  @inline(__always)
  public mutating func advance(
    _ channel: inout Interface.Registers, isDue: Bool, now: @autoclosure () -> UInt64
  ) -> Bool {
    guard isDue || channel.view != seen else { return false }
    bridge.advance(&channel, now: now())
    seen = channel.view
    return true
  }
}

extension ChannelBridge: Restorable {
  public mutating func transfer(through stream: inout some StateStream) {
    bridge.transfer(through: &stream)
    if stream.isRestoring { touch() }
  }
}
