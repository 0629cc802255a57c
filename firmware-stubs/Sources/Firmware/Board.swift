import IPMI

/// What is where on a board: all that the firmware needs to know about it.
public protocol Board: Sendable {
  associatedtype Interrupts: InterruptController
  associatedtype Timer: MonotonicTimer
  associatedtype Input: AnalogInput
  associatedtype KCS: KCSPort
  associatedtype BT: BTPort = NoBT
  associatedtype PostCodes: PostCodePort
  associatedtype HostLines: HostControlPort

  /// The board's name, as QEMU's `-M` spells it.
  var name: StaticString { get }
  /// Product ID in Get Device ID.
  var product: UInt16 { get }
  /// GUID of the BMC, in the order of the wire.
  var guid: FixedBytes<16> { get }
  var console: Console { get }
  var interrupts: Interrupts { get }
  /// The timer as it is before its start.
  var timer: Timer { get }
  /// The voltage that one sensor shows.
  var input: Input { get }
  /// The KCS channels that answer a host, at most 4, by their numbers in data sheets.
  var kcsChannels: ClosedRange<Int> { get }
  /// The KCS channel `number`.
  func kcs(_ number: Int) -> KCS
  /// The BT interface, where the board has one.
  var bt: BT? { get }
  /// What catches the host's POST codes.
  var postCodes: PostCodes { get }
  /// What controls the host's power.
  var hostLines: HostLines { get }
  /// Sends the other cores to sleep. Called at the start and then every second, as a boot ROM that
  /// another core runs may come to its hold only later.
  func parkOtherCores()
  /// Resets the whole chip, KCS registers excepted.
  func restart()
}

extension Board {
  public func parkOtherCores() {}
}

extension Board where BT == NoBT {
  public var bt: NoBT? { nil }
}
