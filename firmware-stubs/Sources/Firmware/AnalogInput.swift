/// An analog-to-digital converter that measures one voltage.
public protocol AnalogInput: Sendable {
  /// What the highest reading, and one more, stands for, in millivolts.
  var reference: UInt32 { get }
  /// The voltage in millivolts as converted since the last call, which starts the next conversion;
  /// `nil` where none is complete. No interrupt: it is called about once a second.
  func sample() -> UInt32?
}
