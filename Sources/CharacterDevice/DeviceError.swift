/// What kept a device from being there, in the words shown to the user.
public struct DeviceError: Error, Hashable, CustomStringConvertible {
  /// One sentence: what was wrong, and what to do.
  public let description: String
  /// Whether this machine does not allow what is needed, so that a test is to be skipped.
  public let isPrerequisite: Bool

  init(_ description: String, isPrerequisite: Bool = false) {
    self.description = description
    self.isPrerequisite = isPrerequisite
  }
}
