import IPMI

/// What a host asks, and what it expects.
///
/// A line has NetFn, command and data in hexadecimal, as `ipmitool raw` takes them, and perhaps an
/// arrow and how the answer begins, from the completion code on. What is behind "#" is a comment.
///
/// ```
/// 06 01 -> 00         # Get Device ID
/// 06 52 05 aa 01 -> 83
/// ```
public struct HostScript: Sendable {
  /// One request.
  public struct Step: Sendable {
    public let request: Message
    /// How the answer must begin, completion code first. Empty: any answer will do.
    public let expected: [UInt8]
  }

  /// One answer.
  public struct Result: Sendable {
    /// Counted from 1.
    public let number: Int
    public let step: Step
    public let response: Message

    /// The answer from the completion code on.
    public var bytes: [UInt8] { (2..<response.count).map { response.bytes[$0] } }
    /// Whether it is the one that was expected.
    public var isExpected: Bool { bytes.starts(with: step.expected) }
  }

  /// What it asks, in this order.
  public let steps: [Step]

  /// What a PC's firmware and Linux' `ipmi_si` ask when they find a BMC.
  public static var boot: HostScript {
    HostScript(steps: [
      Step(request: Message(.getDeviceID), expected: [0]),
      Step(request: Message(.getSelfTestResults), expected: [0]),
      Step(request: Message(.getBMCGlobalEnables), expected: [0]),
      Step(request: Message(.getMessageFlags), expected: [0]),
      Step(request: Message(.getSystemGUID), expected: []),
      Step(request: Message(.getChassisStatus), expected: [0]),
    ])
  }

  init(steps: [Step]) { self.steps = steps }

  /// The script in `text`; the error names the line.
  public init(_ text: String) throws(DeviceError) {
    var steps: [Step] = []
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() {
      let code = line.prefix { $0 != "#" }
      guard code.contains(where: { !$0.isWhitespace }) else { continue }
      let halves = code.split(separator: "->", maxSplits: 1, omittingEmptySubsequences: false)
      guard let request = Self.bytes(halves[0]),
        let expected = halves.count == 1 ? [] : Self.bytes(halves[1]),
        let message = Self.message(request)
      else {
        throw DeviceError(
          "line \(number + 1) of the script, \"\(line)\": expected an even NetFn below 40h, a "
            + "command and data in hexadecimal, then perhaps \"->\" and how the answer begins, as "
            + "in \"06 01 -> 00\"")
      }
      steps.append(Step(request: message, expected: expected))
    }
    guard !steps.isEmpty else {
      throw DeviceError("the script asks nothing; write \"06 01 -> 00\"")
    }
    self.steps = steps
  }

  /// The request of NetFn, command and data; `nil` where the NetFn is none of a request's.
  private static func message(_ bytes: [UInt8]) -> Message? {
    guard let netFn = bytes.first, netFn < 0x40, netFn & 1 == 0 else { return nil }
    var bytes = bytes
    bytes[0] = netFn << 2
    return Message(bytes.span)
  }

  private static func bytes(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      let digits = word.hasPrefix("0x") ? word.dropFirst(2) : word
      guard digits.count <= 2, let byte = UInt8(digits, radix: 16) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}
