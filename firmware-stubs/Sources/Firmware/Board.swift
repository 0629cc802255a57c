import IPMI

/// What is where on a board: all that the firmware needs to know about it.
public protocol Board: Sendable {
  associatedtype Interrupts: InterruptController
  associatedtype Timer: MonotonicTimer
  associatedtype Input: AnalogInput
  associatedtype Port: KCSPort

  /// The board's name, as QEMU's `-M` spells it.
  var name: StaticString { get }
  /// Product ID in Get Device ID.
  var product: UInt16 { get }
  /// GUID of the BMC, in the order of the wire.
  var guid: FixedBytes<16> { get }
  var console: Console { get }
  var interrupts: Interrupts { get }
  var timer: Timer { get }
  /// The voltage that one sensor shows.
  var input: Input { get }
  /// The number of KCS channels, at most 4.
  var portCount: Int { get }
  /// The KCS channel `number`, counted from 1 as data sheets do.
  func port(_ number: Int) -> Port
  /// Sends the other cores to sleep. Called at the start and then every second, as a boot ROM that
  /// another core runs may come to its hold only later.
  func parkOtherCores()
  /// Resets the whole chip, KCS registers excepted.
  func restart()
}

extension Board {
  public func parkOtherCores() {}
}
