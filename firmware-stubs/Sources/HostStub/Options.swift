import HostPeripherals

/// The command line: where the interfaces are, and how much is said.
///
///     kcs=0xca2 bt=0xe4 count=1 limit=5000
struct Options {
  /// `kcs=`: the data port of KCS, or `none`.
  private(set) var kcs: ISAInterface? = .kcs
  /// `bt=`: the port of BT_CTRL, or `none`.
  private(set) var bt: ISAInterface? = .bt
  /// `count=`: how often everything is asked of a BMC.
  private(set) var count: UInt32 = 1
  /// `limit=`: how long a response may take, in milliseconds.
  private(set) var limit: UInt32 = 5_000

  /// A word that was not understood, and what is.
  struct Misunderstanding {
    let argument: Argument
    let expected: StaticString
  }
  /// The first of them.
  private(set) var misunderstanding: Misunderstanding?

  init() {
    var next = Argument.first
    while let argument = next, misunderstanding == nil {
      if let expected = take(argument) {
        misunderstanding = Misunderstanding(argument: argument, expected: expected)
      }
      next = argument.next
    }
  }

  /// What was expected in place of `argument`; `nil` where it is understood.
  private mutating func take(_ argument: Argument) -> StaticString? {
    if let value = argument.dropping("kcs=") {
      return Self.take(value, &kcs, .kcs) ? nil : "kcs=PORT or kcs=none, PORT below 0xFFFE"
    }
    if let value = argument.dropping("bt=") {
      return Self.take(value, &bt, .bt) ? nil : "bt=PORT or bt=none, PORT below 0xFFFE"
    }
    if let value = argument.dropping("count=") {
      return Self.take(value, &count) ? nil : "count=N, 1 to 1000000"
    }
    if let value = argument.dropping("limit=") {
      return Self.take(value, &limit) ? nil : "limit=MS, 1 to 1000000 milliseconds"
    }
    return "kcs=PORT, bt=PORT, count=N or limit=MS"
  }

  private static func take(_ value: Argument, _ number: inout UInt32) -> Bool {
    guard let given = value.number(in: 1...1_000_000) else { return false }
    number = given
    return true
  }

  /// Puts the usual interface at a port, or away.
  private static func take(
    _ value: Argument, _ interface: inout ISAInterface?, _ usual: ISAInterface
  ) -> Bool {
    interface = nil
    if value == "none" { return true }
    guard let port = value.number(in: 0...0xFFFD) else { return false }
    interface = usual
    interface?.window.base = UInt64(port)
    return true
  }
}
