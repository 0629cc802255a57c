/// Why there is no report, or not of all of a file.
public struct ReportError: Error, Equatable, CustomStringConvertible, Sendable {
  /// What was wrong, where, and what was expected.
  public let description: String

  init(_ description: String) { self.description = description }
}
