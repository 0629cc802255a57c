import IPMI
import SystemInterfaces

/// One way in which a host misbehaves, and what Linux's driver makes of it.
///
/// Each ends with a request as it should be, whose answer says whether the BMC's daemon got over it.
public struct Abuse: Sendable {
  /// The name, as the command line takes it.
  public let name: String
  /// Whose device it is done to.
  public let kind: DeviceKind
  /// What the host does.
  public let summary: String
  /// What the driver gives the daemon then.
  public let rule: String
  let steps: [AbuseStep]

  /// What came of it.
  public enum Verdict: Sendable {
    /// The request at the end was answered.
    case survived
    /// It was not.
    case silent
    /// The daemon ended, with this status, and was started again.
    case ended(Int32)
  }
}

/// One thing that a misbehaving host does.
enum AbuseStep: Sendable {
  /// KCS: a byte to the command port, once IBF is clear.
  case command(UInt8)
  /// KCS: a byte to the data port, once IBF is clear.
  case data(UInt8)
  /// KCS: a byte to the data port, whatever IBF is.
  case dataAtOnce(UInt8)
  /// KCS: a read of the data port.
  case readData
  /// BT: a frame as it is, announced once the BMC takes one.
  case frame([UInt8])
  /// BT: a write to BT_CTRL.
  case control(BTControl)
  /// Nothing, for so many milliseconds.
  case pause(UInt64)
  /// Nothing until there is a response, for a second at most.
  case awaitResponse
  /// Nothing until the daemon has read the request, for a second at most.
  case awaitRead
  /// The daemon is killed and started again, as by a BMC that restarts.
  case restartDaemon
  /// A request by the rules, with all of the host's retries.
  case request(Message)

  /// A KCS request that nobody recovers from.
  static func kcsRequest(_ bytes: [UInt8]) -> [AbuseStep] {
    [.command(KCSControl.writeStart)] + bytes.dropLast().map { .data($0) }
      + [.command(KCSControl.writeEnd), .data(bytes[bytes.count - 1])]
  }

  /// GET_STATUS/ABORT, and what follows it.
  static let kcsAbort: [AbuseStep] = [
    .command(KCSControl.getStatusAbort), .readData, .data(0), .readData, .data(KCSControl.read),
    .readData,
  ]
}

extension Abuse {
  /// All there are.
  public static var all: [Abuse] { kcs + bt }

  private static let question = AbuseStep.request(Message(.getDeviceID))

  private static var kcs: [Abuse] {
    let request: [UInt8] = [0x18, 0x01, 1, 2, 3, 4, 5, 6]
    return [
      Abuse(
        name: "kcs-abort-at-every-byte", kind: .kcs,
        summary: "gives a request up with GET_STATUS/ABORT behind each of its bytes",
        rule: "of a request that is given up before its last byte nothing is read",
        steps: (0..<request.count - 1).flatMap { count in
          [.command(KCSControl.writeStart)] + request.prefix(count).map { .data($0) }
            + AbuseStep.kcsAbort
        } + [question]),
      Abuse(
        name: "kcs-abort-while-working", kind: .kcs,
        summary: "gives a request up when the daemon has it",
        rule: "an answer that comes afterwards is EINVAL",
        steps: AbuseStep.kcsRequest(request) + [.awaitRead] + AbuseStep.kcsAbort
          + [.pause(200), question]),
      Abuse(
        name: "kcs-replaced-requests", kind: .kcs,
        summary: "sends 50 requests and reads no answer",
        rule: "each is an edge of poll; an answer to one that is replaced is EINVAL",
        steps: (0..<50).flatMap { AbuseStep.kcsRequest([0x18, 0x01, $0]) + [.readData] }
          + AbuseStep.kcsAbort + [question]),
      Abuse(
        name: "kcs-flood", kind: .kcs,
        summary: "writes 2000 bytes to the data port without a control code",
        rule: "the transfer is aborted; nothing is read",
        steps: (0..<2000).map { .dataAtOnce(UInt8(truncatingIfNeeded: $0)) }
          + AbuseStep.kcsAbort + [question]),
      Abuse(
        name: "kcs-stop-mid-transfer", kind: .kcs,
        summary: "stops in the middle of a request for a second, and starts over",
        rule: "nothing is read of the first half",
        steps: [.command(KCSControl.writeStart), .data(0x18), .data(0x01), .pause(1000), question]),
      Abuse(
        name: "kcs-stop-mid-response", kind: .kcs,
        summary: "reads the first byte of an answer and sends another request",
        rule: "the second request is read; the first one's answer is over",
        steps: AbuseStep.kcsRequest(request) + [.awaitResponse, .readData, .data(0x68), .readData]
          + [question]),
      Abuse(
        name: "kcs-longest-request", kind: .kcs,
        summary: "sends a request of 1000 bytes, the most the driver takes",
        rule: "it is read whole by whoever has room for it; else EOVERFLOW, and an abort",
        steps: AbuseStep.kcsRequest([0x18, 0x01] + .init(repeating: 0x55, count: 998))
          + [.pause(200)] + AbuseStep.kcsAbort + [question]),
      Abuse(
        name: "kcs-overlong-request", kind: .kcs,
        summary: "sends a request of 1100 bytes",
        rule: "the transfer is aborted with the code 06h; nothing is read",
        steps: AbuseStep.kcsRequest(.init(repeating: 0x55, count: 1100))
          + AbuseStep.kcsAbort + [question]),
      Abuse(
        name: "kcs-restart-under-load", kind: .kcs,
        summary: "is in the middle of a request when the BMC restarts, and goes on",
        rule: "the transfer is aborted; its rest is read by nobody",
        steps: [.command(KCSControl.writeStart), .data(0x18), .data(0x01), .restartDaemon]
          + AbuseStep.kcsRequest(request) + [.restartDaemon, question]),
      Abuse(
        name: "kcs-illegal-control", kind: .kcs,
        summary: "writes each control code that there is not",
        rule: "the transfer is aborted with the code 02h; nothing is read",
        steps: (0...255).filter { ![0x60, 0x61, 0x62].contains($0) }.map { .command($0) }
          + AbuseStep.kcsAbort + [question]),
    ]
  }

  private static var bt: [Abuse] {
    func frame(_ name: String, _ bytes: [UInt8], _ rule: String) -> Abuse {
      Abuse(
        name: "bt-" + name, kind: .bt,
        summary: "sends a frame whose length byte is \(bytes[0])", rule: rule,
        steps: [.frame(bytes), .pause(200), question])
    }
    let header: [UInt8] = [0x18, 0x77, 0x01]
    return [
      frame("length-0", [0], "read returns 0"),
      frame("length-1", [1] + header, "it is read: 2 bytes, no request"),
      frame("length-2", [2] + header, "it is read: 3 bytes, no request"),
      frame(
        "length-64", [64] + header + .init(repeating: 0x55, count: 60),
        "it is read, with a byte that never arrived; 64 bytes into a shorter buffer"),
      frame(
        "length-255", [255] + header + .init(repeating: 0x55, count: 60),
        "it is read, with bytes that never arrived, as far as the buffer goes"),
      Abuse(
        name: "bt-host-busy", kind: .bt,
        summary: "holds H_BUSY for two seconds after a request",
        rule: "POLLOUT comes when H_BUSY falls; a write sleeps until then",
        steps: [.control(.hostBusy), .frame([3] + header), .pause(2000), .control(.hostBusy)]
          + [.pause(200), .control([.bmcToHostAttention]), question]),
      Abuse(
        name: "bt-restart-under-load", kind: .bt,
        summary: "has sent a request when the BMC restarts",
        rule: "H2B_ATN is still set, so the new daemon reads the request",
        steps: [.frame([3] + header), .restartDaemon, .pause(200)]
          + [.control(.bmcToHostAttention), question]),
      Abuse(
        name: "bt-replaced-requests", kind: .bt,
        summary: "sends 50 requests and takes no answer",
        rule: "each is read; an answer waits for the host to take the first one",
        steps: (0..<50).map { .frame([3, 0x18, $0, 0x01]) }
          + [.pause(200), .control(.bmcToHostAttention), .pause(200)]
          + [.control(.bmcToHostAttention), question]),
    ]
  }
}
