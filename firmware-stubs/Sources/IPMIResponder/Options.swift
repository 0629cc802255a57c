import LinuxProgram

/// The command line: the interface, its device, and what to do wrong.
struct Options {
  let interface: Interface
  let device: Argument
  /// Milliseconds between each request and its response.
  private(set) var late: UInt32 = 0
  /// SMS_ATN from the start on, whatever the controller has for the host; `nil` leaves it to that.
  private(set) var attention: Bool?
  /// The number of the request that gets each of ``Fault``, counted from 1; 0 for none.
  private var requests: [6 of UInt32] = .init(repeating: 0)

  static let usage: StaticString = """
    usage: ipmi-responder bt|kcs DEVICE [late=MS] [attention=set|clear] [never=N] [twice=N]
      [wrong-length=N] [abort=N] [reopen=N] [exit=N]
    """

  /// `nil` where there is something that ``usage`` does not have.
  init?() {
    guard let name = Argument(at: 1), let interface = Interface(name),
      let device = Argument(at: 2)
    else { return nil }
    self.interface = interface
    self.device = device
    var index = 3
    while let argument = Argument(at: index) {
      guard take(argument) else { return nil }
      index += 1
    }
  }

  private mutating func take(_ argument: Argument) -> Bool {
    if argument == "attention=set" {
      attention = true
    } else if argument == "attention=clear" {
      attention = false
    } else if let milliseconds = argument.number(after: "late=") {
      late = milliseconds
    } else {
      for fault in Fault.allCases {
        guard let number = argument.number(after: fault.prefix) else { continue }
        requests[fault.rawValue] = number
        return true
      }
      return false
    }
    return true
  }

  /// Whether `fault` is wanted with request number `request`.
  func wants(_ fault: Fault, with request: UInt32) -> Bool { requests[fault.rawValue] == request }
}

/// What the responder does wrong with one request.
enum Fault: Int, CaseIterable {
  /// It is not answered.
  case never
  /// It is answered twice.
  case twice
  /// BT: the response announces one byte more than it has. KCS: it lacks its last byte.
  case wrongLength
  /// KCS: the channel goes to its ERROR state instead of an answer. The host starts over.
  case abort
  /// It is answered, then the device is closed and opened again.
  case reopen
  /// It is answered, then the program ends.
  case exit

  var prefix: StaticString {
    switch self {
    case .never: "never="
    case .twice: "twice="
    case .wrongLength: "wrong-length="
    case .abort: "abort="
    case .reopen: "reopen="
    case .exit: "exit="
    }
  }
}
