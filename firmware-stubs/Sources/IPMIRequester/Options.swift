import IPMI
import LinuxProgram

/// The command line: the device, what to send, and how much of it.
struct Options {
  let device: Argument
  let exercise: Exercise
  /// How many requests.
  private(set) var count: UInt32 = 1
  /// The shortest and the longest request, in bytes from NetFn on.
  private(set) var shortest: UInt32 = 2
  private(set) var longest: UInt32 = 40
  /// Where sizes and contents come from.
  private(set) var seed: UInt32 = 1
  /// How long a response, or an event, may take, in milliseconds.
  private(set) var limit: UInt32 = 90_000
  /// After how many requests each there is a line that says so; 0 for none.
  private(set) var report: UInt32 = 0

  /// What is sent.
  enum Exercise {
    /// `ipmi-responder`'s Echo: every size from the shortest to the longest, then sizes at random.
    case echo
    /// Platform Event Message, which the BMC then reports to its host.
    case events
  }

  static let usage: StaticString = """
    usage: ipmi-requester /dev/ipmiN echo|events [count=N] [shortest=BYTES] [longest=BYTES]
      [seed=N] [limit=MS] [report=N]
    """

  /// `nil` where there is something that ``usage`` does not have.
  init?() {
    guard let device = Argument(at: 1), let name = Argument(at: 2) else { return nil }
    self.device = device
    if name == "echo" {
      exercise = .echo
    } else if name == "events" {
      exercise = .events
    } else {
      return nil
    }
    var index = 3
    while let argument = Argument(at: index) {
      guard take(argument) else { return nil }
      index += 1
    }
  }

  private static var sizes: ClosedRange<UInt32> { 2...UInt32(Message.capacity) }

  private mutating func take(_ argument: Argument) -> Bool {
    if let number = argument.number(after: "count=") {
      count = number
    } else if let number = argument.number(after: "shortest="), Self.sizes.contains(number) {
      shortest = number
      longest = max(longest, number)
    } else if let number = argument.number(after: "longest="), Self.sizes.contains(number) {
      longest = number
      shortest = min(shortest, number)
    } else if let number = argument.number(after: "seed=") {
      seed = number
    } else if let number = argument.number(after: "limit="), number <= 1_000_000 {
      limit = number
    } else if let number = argument.number(after: "report=") {
      report = number
    } else {
      return false
    }
    return true
  }
}
