/// What the host's port I/O reaches: the LPC bus with the BMC on it.
///
/// Time is the host's own, in nanoseconds.
protocol PortBus: AnyObject {
  /// Reads a byte; FFh where nothing answers.
  func read(_ port: UInt16, at time: UInt64) -> UInt8
  /// Writes a byte, which is lost where nothing takes it.
  func write(_ value: UInt8, to port: UInt16, at time: UInt64)
}

/// How long a cycle of the bus takes the host: 16 clocks of LPC's 33 MHz, in nanoseconds.
let busCycle: UInt64 = 480

/// A processor that does port I/O, or what stands in for one.
protocol HostProcessor: AnyObject {
  /// Nanoseconds since power-on.
  var now: UInt64 { get }
  /// When it does something next: ``now``, or later where it waits.
  var wakeTime: UInt64 { get }
  /// How its program ended; `nil` while it runs.
  var end: HostEnd? { get }
  /// Instructions executed since power-on.
  var executed: UInt64 { get }
  /// Runs to `end` at least, and not much further.
  func run(until end: UInt64) throws
  /// Passes time in which it is held.
  func stall(until end: UInt64)
  /// Starts its program again, as a platform's reset does; whatever it was doing is forgotten.
  func reset() throws
  /// Has it give up what it is doing, the way the interface says; where it can.
  func abort()
  /// Switches it off and on: all is as it was when it was made.
  func powerCycle() throws
}

/// How the program of a host ended.
enum HostEnd: Hashable, Sendable {
  case good
  /// Why not.
  case bad(String)
}
