/// Why a file is not content: where, what, and what was expected instead.
public struct ContentError: Error, Equatable, CustomStringConvertible {
  /// The file's name.
  public var file: String
  /// The line, from 1; `nil` where there is none.
  public var line: Int?
  /// What is wrong, what was expected, what to do.
  public var message: String

  init(_ file: String, line: Int? = nil, _ message: String) {
    self.file = file
    self.line = line
    self.message = message
  }

  public var description: String {
    "\(file):\(line.map { "\($0): " } ?? " ")\(message)"
  }
}
