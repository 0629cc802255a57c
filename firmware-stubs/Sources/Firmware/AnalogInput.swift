/// An analog-to-digital converter that measures one voltage and interrupts when it has.
public protocol AnalogInput: Sendable {
  /// The interrupt at the end of a conversion.
  var line: InterruptLine { get }
  /// Starts a conversion.
  func startConversion()
  /// Ends the interrupt, and returns the voltage in millivolts.
  func finishConversion() -> UInt32
}
