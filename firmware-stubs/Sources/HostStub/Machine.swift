/// What conversations share: the console, the clock, and the account of what was sent.
struct Machine {
  var console = Console()
  var clock = Clock()
  var account = Account()
}

/// What came of all requests.
struct Account {
  /// Interfaces that something answers at.
  var interfaces: UInt32 = 0
  var sent: UInt32 = 0
  /// With any completion code but C3h.
  var answered: UInt32 = 0
  /// Answered with a completion code other than 00h.
  var refused: UInt32 = 0

  /// Whether there is a BMC, and it left no request without an answer.
  var isGood: Bool { interfaces > 0 && answered == sent }
}
