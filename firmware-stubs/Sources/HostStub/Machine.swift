/// What conversations share: the console, the clock, and the account of what was sent.
struct Machine {
  var console = Console()
  var clock = Clock()
  var account = Account()
}

/// What came of all requests.
struct Account {
  /// Interfaces whose ports something decodes.
  var interfaces: UInt32 = 0
  /// Those of them where a request was not answered, or Get Device ID refused.
  var givenUp: UInt32 = 0
  var sent: UInt32 = 0
  /// With any completion code but C3h.
  var answered: UInt32 = 0
  /// Answered with a completion code other than 00h.
  var refused: UInt32 = 0

  /// Whether there is a BMC, and it said on each interface all that it was asked.
  var isGood: Bool { interfaces > 0 && givenUp == 0 }
}
