/// What is where on a board: all that the firmware needs to know about it.
public protocol Board: Sendable {
  associatedtype Interrupts: InterruptController
  associatedtype Timer: MonotonicTimer
  associatedtype Input: AnalogInput
  associatedtype Port: KCSPort

  /// The board's name, as QEMU's `-M` spells it.
  var name: StaticString { get }
  var console: Console { get }
  var interrupts: Interrupts { get }
  var timer: Timer { get }
  /// The voltage that one sensor shows.
  var input: Input { get }
  /// The number of KCS channels, at most 4.
  var portCount: Int { get }
  /// The KCS channel `number`, counted from 1 as data sheets do.
  func port(_ number: Int) -> Port
  /// What only this board needs before everything else.
  func start()
}

extension Board {
  public func start() {}
}
