/// Why a machine could not be made, or could not go on.
public struct MachineError: Error, CustomStringConvertible, Sendable {
  /// What was wrong, and what to do.
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}
