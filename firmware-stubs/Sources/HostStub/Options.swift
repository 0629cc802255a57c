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
    var options = self
    Argument.forEach { options.take($0) }
    self = options
  }

  private mutating func take(_ argument: Argument) {
    guard misunderstanding == nil else { return }
    if let value = argument.dropping("kcs=") {
      if take(value, &kcs, .kcs) { return }
      expect(argument, "kcs=PORT or kcs=none, PORT below 0xFFFE")
    } else if let value = argument.dropping("bt=") {
      if take(value, &bt, .bt) { return }
      expect(argument, "bt=PORT or bt=none, PORT below 0xFFFE")
    } else if let value = argument.dropping("count=") {
      if let number = value.number(in: 1...1_000_000) { return count = number }
      expect(argument, "count=N, 1 to 1000000")
    } else if let value = argument.dropping("limit=") {
      if let number = value.number(in: 1...1_000_000) { return limit = number }
      expect(argument, "limit=MS, 1 to 1000000 milliseconds")
    } else {
      expect(argument, "kcs=PORT, bt=PORT, count=N or limit=MS")
    }
  }

  private mutating func expect(_ argument: Argument, _ expected: StaticString) {
    misunderstanding = Misunderstanding(argument: argument, expected: expected)
  }

  /// Puts the usual interface at a port, or away; `false` where `value` is neither.
  private func take(
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
