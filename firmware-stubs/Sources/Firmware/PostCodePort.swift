/// What catches the host's POST codes: bytes it writes to port 80h while it starts.
public protocol PostCodePort: Sendable {
  /// The interrupt that tells of one; other parts may raise it, too.
  var line: InterruptLine { get }
  /// Catches codes from now on.
  func start()
  /// The oldest code that nobody has taken; `nil` where there is none. The interrupt lasts while
  /// there are more.
  func takeCode() -> UInt8?
}
