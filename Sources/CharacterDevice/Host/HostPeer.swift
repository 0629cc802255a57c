/// The host's end of the VM protocol, as bytes.
protocol HostPeer: AnyObject {
  /// What `poll(2)` is to watch, where bytes wait for it or not.
  func descriptors(hasOutput: Bool) -> [Descriptor]
  /// Whether somebody has come or gone since this was asked last.
  func takeConnectionChange() -> ConnectionChange?
  /// At most `count` bytes that it has sent.
  func take(_ count: Int) -> [UInt8]
  /// Gives it bytes; how many it took.
  func give(_ bytes: [UInt8]) -> Int
  /// Whether it has nothing more to say, ever.
  var isDone: Bool { get }
}

enum ConnectionChange { case connected, disconnected }
