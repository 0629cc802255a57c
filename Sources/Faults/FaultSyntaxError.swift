/// Why a text is no rule: what was wrong, what was expected.
public struct FaultSyntaxError: Error, Hashable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
