import IPMI

/// What a scripted host does, one step after the other.
public struct HostScript: Sendable {
  enum Interface: Sendable {
    case kcs, bt
  }

  enum Step: Sendable {
    case request(Message, Interface)
    case postCode(UInt8)
    /// Nanoseconds.
    case wait(UInt64)
  }

  let steps: [Step]
  /// As it was written.
  public let text: String

  /// Reads a script: one step a line, numbers in hexadecimal, `#` begins a comment.
  ///
  /// | Line            | Step                                                             |
  /// |-----------------|------------------------------------------------------------------|
  /// | `06 01`         | a request: NetFn, command, data, as `ipmitool raw` takes them    |
  /// | `bt 06 01`      | the same by BT, where the board has it; `kcs`, the default       |
  /// | `post 55`       | a POST code to port 80h                                          |
  /// | `wait 1000`     | nothing, for so many microseconds, decimal                       |
  public init(_ text: String) throws {
    self.text = text
    var steps: [Step] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      guard let first = words.first else { continue }
      guard let step = Self.step(first, words) else {
        throw MachineError(
          "line \(index + 1) of the script is '\(line)': bytes of a request in hexadecimal were "
            + "expected, such as '06 01', 'bt 06 01', 'post 55' or 'wait 1000'")
      }
      steps.append(step)
    }
    self.steps = steps
    guard requestCount > 0 else { throw MachineError("the script has no request") }
  }

  private static func step(_ first: Substring, _ words: [Substring]) -> Step? {
    switch first {
    case "wait":
      guard words.count == 2, let time = UInt32(words[1]) else { return nil }
      return .wait(UInt64(time) * 1000)
    case "post":
      guard words.count == 2 else { return nil }
      return UInt8(words[1], radix: 16).map { .postCode($0) }
    case "kcs", "bt":
      return request(words.dropFirst()).map { .request($0, first == "bt" ? .bt : .kcs) }
    default:
      return request(words[...]).map { .request($0, .kcs) }
    }
  }

  private static func request(_ words: ArraySlice<Substring>) -> Message? {
    let bytes = words.compactMap { UInt8($0, radix: 16) }
    guard bytes.count == words.count, bytes.count >= 2, bytes.count <= 60, bytes[0] < 0x40,
      bytes[0] & 1 == 0
    else { return nil }
    var request = Message(Command(NetFn(rawValue: bytes[0]), bytes[1]))
    for byte in bytes.dropFirst(2) { request.append(byte) }
    return request
  }

  /// Requests in it.
  public var requestCount: Int {
    steps.count { if case .request = $0 { true } else { false } }
  }

  /// Talk of a PC's firmware, with every kind of answer: by KCS, and by BT where there is one.
  public static func standard(for board: BMCBoard) -> HostScript {
    let requests = [
      "06 01", "06 04", "06 37", "0A 40", "0A 48", "0A 10 00", "00 01", "06 2F",
      "06 24 02 00 00 04 58 02", "06 25", "0A 22", "3E 01", "06 01",
    ]
    let lines = requests.enumerated().map { board.hasBT && $0 % 2 == 1 ? "bt \($1)" : $1 }
    do {
      return try HostScript("post 01\n" + lines.joined(separator: "\n"))
    } catch {
      preconditionFailure("the standard script: \(error)")
    }
  }
}
