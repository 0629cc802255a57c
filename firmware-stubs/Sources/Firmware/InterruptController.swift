/// One interrupt, by the number device trees give it and by the one its controller knows it by.
public struct InterruptLine: Equatable, Sendable {
  /// The number in device trees and data sheets.
  public let number: UInt32
  /// The number that ``InterruptController/acknowledge()`` returns.
  public let id: UInt32

  public init(number: UInt32, id: UInt32) {
    self.number = number
    self.id = id
  }
}

/// What collects the interrupts of devices for the processor.
public protocol InterruptController: Sendable {
  /// Starts the controller with every line off.
  func start()
  /// Stops every interrupt for good.
  func stop()
  /// Switches one line on.
  func enable(_ line: InterruptLine)
  /// The ``InterruptLine/id`` of a pending interrupt, which becomes active; `nil` if there is none.
  func acknowledge() -> UInt32?
  /// Ends an interrupt that was acknowledged, once its device is served.
  func complete(_ id: UInt32)
}
