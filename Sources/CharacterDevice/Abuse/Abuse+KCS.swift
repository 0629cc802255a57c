import IPMI
import SystemInterfaces

extension AbuseStep {
  /// A KCS request that nobody recovers from. OBF is cleared before the last byte, so that it means
  /// an answer afterwards.
  fileprivate static func kcsRequest(_ bytes: [UInt8]) -> [AbuseStep] {
    [.command(KCSControl.writeStart), .readData]
      + bytes.dropLast().flatMap { [.data($0), .readData] }
      + [.command(KCSControl.writeEnd), .readData, .data(bytes[bytes.count - 1])]
  }

  /// GET_STATUS/ABORT, and what follows it.
  fileprivate static let kcsAbort: [AbuseStep] = [
    .command(KCSControl.getStatusAbort), .readData, .data(0), .readData, .data(KCSControl.read),
    .readData,
  ]
}

extension Abuse {
  /// Those of KCS.
  static var kcs: [Abuse] { kcsTransfers + kcsLengths + kcsTimes }

  private static let request: [UInt8] = [0x18, 0x01, 1, 2, 3, 4, 5, 6]

  private static func kcs(
    _ name: String, _ summary: String, rule: String, source: String, _ steps: [AbuseStep]
  ) -> Abuse {
    Abuse(
      name: "kcs-" + name, kind: .kcs, summary: summary, rule: rule, source: source,
      steps: steps + [question])
  }

  /// Transfers that are given up, replaced or begun wrongly.
  private static var kcsTransfers: [Abuse] {
    [
      kcs(
        "abort-at-every-byte", "gives a request up with GET_STATUS/ABORT behind each of its bytes",
        rule: "of a request that is given up before its last byte nothing is read",
        source: "kcs_bmc_ipmi_handle_cmd",
        (0..<request.count - 1).flatMap { count in
          [.command(KCSControl.writeStart)] + request.prefix(count).map { .data($0) }
            + AbuseStep.kcsAbort
        }),
      kcs(
        "abort-while-working", "gives a request up when the daemon has it",
        rule: "an answer that comes afterwards is EINVAL", source: "kcs_bmc_ipmi_write",
        AbuseStep.kcsRequest(request) + [.awaitRead] + AbuseStep.kcsAbort + [.pause(200)]),
      kcs(
        "replaced-requests", "sends 50 requests and reads no answer",
        rule: "each is an edge of poll; an answer to one that is replaced is EINVAL",
        source: "kcs_bmc_ipmi_handle_cmd",
        (0..<50).flatMap { AbuseStep.kcsRequest([0x18, 0x01, $0]) + [.readData] }
          + AbuseStep.kcsAbort),
      kcs(
        "stop-mid-transfer", "stops in the middle of a request for a second, and starts over",
        rule: "nothing is read of the first half", source: "kcs_bmc_ipmi_handle_cmd",
        [.command(KCSControl.writeStart), .data(0x18), .data(0x01), .pause(1000)]),
      kcs(
        "stop-mid-response", "reads the first byte of an answer and sends another request",
        rule: "the second request is read; the first one's answer is over",
        source: "kcs_bmc_ipmi_handle_cmd",
        AbuseStep.kcsRequest(request)
          + [.awaitResponse, .readData, .data(KCSControl.read), .readData]),
      kcs(
        "illegal-control", "writes each control code that there is not",
        rule: "the transfer is aborted with the code 02h; nothing is read",
        source: "kcs_bmc_ipmi_handle_cmd",
        (0...255).filter { ![0x60, 0x61, 0x62].contains($0) }.map { .command($0) }
          + AbuseStep.kcsAbort),
      kcs(
        "answer-taken-twice", "reads an answer to its end, and asks for its bytes again",
        rule: "READ in the idle state is an abort; nothing is read, and no second answer is wanted",
        source: "kcs_bmc_ipmi_handle_data",
        AbuseStep.kcsRequest(request) + [.takeResponse]
          + (0..<4).flatMap { _ in [.data(KCSControl.read), .readData] } + AbuseStep.kcsAbort),
    ]
  }

  private static var kcsLengths: [Abuse] {
    [
      kcs(
        "flood", "writes 2000 bytes to the data port without a control code",
        rule: "the transfer is aborted; nothing is read", source: "kcs_bmc_ipmi_handle_data",
        (0..<2000).map { .dataAtOnce(UInt8(truncatingIfNeeded: $0)) } + AbuseStep.kcsAbort),
      kcs(
        "no-data", "sends WRITE_END right behind WRITE_START",
        rule: "the transfer is aborted; nothing is read", source: "kcs_bmc_ipmi_handle_cmd",
        [.command(KCSControl.writeStart), .command(KCSControl.writeEnd), .data(0x18)]
          + AbuseStep.kcsAbort),
      kcs(
        "longest-request", "sends a request of 1000 bytes, the most the driver takes",
        rule: "it is read whole by whoever has room for it; else EOVERFLOW, and an abort",
        source: "kcs_bmc_ipmi_read",
        AbuseStep.kcsRequest([0x18, 0x01] + .init(repeating: 0x55, count: 998)) + [.pause(200)]
          + AbuseStep.kcsAbort),
      kcs(
        "overlong-request", "sends a request of 1100 bytes",
        rule: "the transfer is aborted with the code 06h; nothing is read",
        source: "kcs_bmc_ipmi_handle_data",
        AbuseStep.kcsRequest(.init(repeating: 0x55, count: 1100)) + AbuseStep.kcsAbort),
    ]
  }

  private static var kcsTimes: [Abuse] {
    [
      kcs(
        "late-host", "takes six seconds before it reads an answer",
        rule: "the driver has no time-out: the answer waits; a second one is EINVAL",
        source: "kcs_bmc_ipmi_write",
        AbuseStep.kcsRequest(request) + [.awaitResponse, .pause(6000), .takeResponse]),
      kcs(
        "attention-storm", "asks 100 times what SMS_ATN stands for, as if it never fell",
        rule: "each request is read; SMS_ATN is the BMC's, by ioctl",
        source: "kcs_bmc_ipmi_ioctl",
        (0..<100).flatMap { AbuseStep.kcsRequest(attentionRequest($0)) + [.takeResponse] }),
      kcs(
        "restart-under-load", "is in the middle of a request when the BMC restarts, and goes on",
        rule: "the transfer is aborted; its rest is read by nobody",
        source: "kcs_bmc_ipmi_release",
        [.command(KCSControl.writeStart), .data(0x18), .data(0x01), .restartDaemon]
          + AbuseStep.kcsRequest(request) + [.restartDaemon]),
    ]
  }

  /// What Linux's host asks where SMS_ATN is set, in turn: Get Message Flags, Read Event Message
  /// Buffer, Get Message. All of NetFn App.
  static func attentionRequest(_ number: Int) -> [UInt8] {
    [0x18, [0x31, 0x35, 0x33][number % 3]]
  }
}
