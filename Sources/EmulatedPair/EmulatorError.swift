import Foundation

/// What went wrong with an emulated pair, in the words shown to the user.
public struct EmulatorError: Error, Sendable, CustomStringConvertible, LocalizedError {
  /// One sentence, or one and the last lines of the console it speaks of.
  public let description: String

  public init(_ description: String) { self.description = description }

  public var errorDescription: String? { description }
}
