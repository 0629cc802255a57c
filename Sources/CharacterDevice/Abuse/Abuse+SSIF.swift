import IPMI
import SystemInterfaces

extension Abuse {
  /// Those of SSIF.
  static var ssif: [Abuse] { ssifLengths + ssifTransfers + ssifTimes }

  private static func ssif(
    _ name: String, _ summary: String, rule: String, source: String, _ steps: [AbuseStep]
  ) -> Abuse {
    Abuse(
      name: "ssif-" + name, kind: .ssif, summary: summary, rule: rule, source: source,
      steps: steps + [question])
  }

  /// A block write: command, count and bytes.
  private static func block(_ command: UInt8, _ bytes: [UInt8]) -> AbuseStep {
    .block([command, UInt8(truncatingIfNeeded: bytes.count)] + bytes)
  }

  private static let request: [UInt8] = [0x18, 0x01, 1, 2, 3, 4]
  private static let write = block(SSIFCommand.write, request)
  private static let whole = [UInt8](repeating: 0x55, count: 32)

  private static var ssifLengths: [Abuse] {
    let long = [0x18, 0x01] + whole.dropLast(2)
    return [
      ssif(
        "bad-length", "writes blocks whose count is 0, 1 and 33 to 255",
        rule: "a block of another length than its count is dropped; nothing is read",
        source: "validate_request_part",
        ([0, 1] + Array(33...255)).map { .block([SSIFCommand.write, $0] + whole) }),
      ssif(
        "bad-pec", "writes requests with each PEC that is wrong",
        rule: "the request is dropped; nothing is read until the next start",
        source: "validate_request_part",
        (0...255).filter { $0 != pec(of: request) }.map {
          .block([SSIFCommand.write, UInt8(request.count)] + request + [$0])
        }),
      ssif(
        "longest-request", "sends a request of 254 bytes, the most the driver takes, in parts",
        rule: "it is read whole: a length and 254 bytes", source: "process_request_part",
        [block(SSIFCommand.writeStart, long)]
          + .init(repeating: block(SSIFCommand.writeMiddle, whole), count: 6)
          + [block(SSIFCommand.writeEnd, Array(whole.prefix(30))), .takeResponse]),
      ssif(
        "overlong-request", "sends a request of 288 bytes in parts",
        rule: "the request is aborted at its 255th byte; nothing is read",
        source: "process_request_part",
        [block(SSIFCommand.writeStart, long)]
          + .init(repeating: block(SSIFCommand.writeMiddle, whole), count: 7)
          + [block(SSIFCommand.writeEnd, whole)]),
    ]
  }

  /// The code behind a request of one part.
  private static func pec(of request: [UInt8]) -> UInt8 {
    var code = PacketErrorCode()
    code.append(SSIFTarget.defaultAddress << 1)
    code.append(SSIFCommand.write)
    code.append(UInt8(request.count))
    for byte in request { code.append(byte) }
    return code.value
  }

  private static var ssifTransfers: [Abuse] {
    let whole = [SSIFCommand.write, UInt8(request.count)] + request
    return [
      ssif(
        "stop-at-every-byte", "stops behind each byte of a request",
        rule: "of a block that is shorter than its count nothing is read",
        source: "validate_request_part",
        (0..<whole.count).map { .block(Array(whole.prefix($0))) }),
      ssif(
        "stop-mid-transfer", "stops between the parts of a request for a second, and starts over",
        rule: "nothing is read of the first parts", source: "process_request_part",
        [
          block(SSIFCommand.writeStart, Self.whole), block(SSIFCommand.writeMiddle, Self.whole),
          .pause(1000),
        ]),
      ssif(
        "parts-without-start", "sends middle and end parts that no start came before",
        rule: "ssif_bmc may take an end for a request; here it is not acknowledged",
        source: "process_request_part",
        [block(SSIFCommand.writeMiddle, Self.whole), block(SSIFCommand.writeEnd, request)]),
      ssif(
        "request-while-working", "sends two more requests before the first one is answered",
        rule: "the address is not acknowledged: the daemon sees the first one alone",
        source: "ssif_bmc_cb",
        [write, .blockAtOnce(whole), .blockAtOnce(whole), .takeResponse]),
      ssif(
        "stop-mid-response", "reads the first bytes of an answer and sends another request",
        rule: "the second request is read; the first one's answer is over",
        source: "process_smbus_cmd",
        [write, .awaitResponse, .read(SSIFCommand.read, count: 3)]),
      ssif(
        "lost-stop", "goes without a STOP when it has read an answer's last byte",
        rule: "the next request is read, and its answer is its own; ssif_bmc lost its place",
        source: "ssif_bmc_cb",
        // The count, and an answer that is the request with a completion code.
        [
          write, .awaitResponse,
          .readWithoutStop(SSIFCommand.read, count: 1 + request.count + 1),
        ]),
      ssif(
        "answer-taken-twice", "reads an answer, and reads it again",
        rule: "the driver does not tell; no second answer is wanted, and one is EINVAL",
        source: "ssif_bmc_write",
        [write, .takeResponse, .read(SSIFCommand.read, count: 34)]
          + [.read(SSIFCommand.readMiddle, count: 34)]),
      ssif(
        "replaced-requests", "sends 50 requests and reads no answer",
        rule: "each is read once the one before is answered; that answer is forgotten",
        source: "process_smbus_cmd",
        (0..<50).flatMap {
          [block(SSIFCommand.write, [0x18, 0x01, UInt8($0)]), .awaitResponse]
        }),
      ssif(
        "bus-scan", "reads and writes with each command code that there is not",
        rule: "nothing is read", source: "on_write_received_event",
        (0...255).filter { ![0x02, 0x03, 0x06, 0x07, 0x08, 0x09, 0x0A].contains($0) }.flatMap {
          [.block([$0, 0x02, 0x18, 0x01]), .read($0, count: 4)]
        }),
    ]
  }

  private static var ssifTimes: [Abuse] {
    [
      ssif(
        "flood", "writes 2000 requests, acknowledged or not",
        rule: "one at a time is read; the others are not acknowledged", source: "ssif_bmc_cb",
        .init(
          repeating: .blockAtOnce([SSIFCommand.write, UInt8(request.count)] + request), count: 2000
        )),
      ssif(
        "late-host", "takes two seconds before it reads an answer",
        rule: "the answer waits: 500 ms are the daemon's time, not the host's",
        source: "response_timeout", [write, .awaitResponse, .pause(2000), .takeResponse]),
      ssif(
        "impatient-host", "reads 100 times while there is no answer",
        rule: "the reads get nothing; the daemon does not see them",
        source: "on_read_requested_event",
        [write] + .init(repeating: .read(SSIFCommand.read, count: 34), count: 100)
          + [.takeResponse]),
      ssif(
        "attention-storm",
        "reads the alert response address 1000 times, and asks 100 times what it stands for",
        rule: "each request is read; the driver has no SMS_ATN", source: "ssif_bmc_fops",
        .init(repeating: .readAlert, count: 1000)
          + (0..<100).flatMap {
            [block(SSIFCommand.write, attentionRequest($0)), .takeResponse, .readAlert]
          }),
      ssif(
        "restart-under-load", "has sent a request when the BMC restarts, and is between two parts",
        rule: "the driver keeps the request, which the new daemon reads if its 500 ms allow it",
        source: "ssif_bmc_release",
        [write, .restartDaemon, .pause(200), block(SSIFCommand.writeStart, Self.whole)]
          + [.restartDaemon]),
    ]
  }
}
