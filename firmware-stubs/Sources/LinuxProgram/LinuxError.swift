/// An error number of Linux.
public struct LinuxError: Error {
  public let number: Int32

  public init(number: Int32) { self.number = number }
}
