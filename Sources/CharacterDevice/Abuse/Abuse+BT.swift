import IPMI
import SystemInterfaces

extension Abuse {
  /// Those of BT.
  static var bt: [Abuse] { btLengths + btTransfers }

  private static let header: [UInt8] = [0x18, 0x77, 0x01]

  private static func bt(
    _ name: String, _ summary: String, rule: String, source: String, _ steps: [AbuseStep]
  ) -> Abuse {
    Abuse(
      name: "bt-" + name, kind: .bt, summary: summary, rule: rule, source: source,
      steps: steps + [question])
  }

  /// Frames whose first byte is no length of theirs.
  private static var btLengths: [Abuse] {
    func frame(_ name: String, _ bytes: [UInt8], _ rule: String) -> Abuse {
      bt(
        name, "sends a frame whose length byte is \(bytes[0])", rule: rule, source: "bt_bmc_read",
        [.frame(bytes), .pause(200)])
    }
    let filler = [UInt8](repeating: 0x55, count: 60)
    return [
      frame("length-0", [0], "read returns 0"),
      frame("length-1", [1] + header, "it is read: 2 bytes, no request"),
      frame("length-2", [2] + header, "it is read: 3 bytes, no request"),
      frame(
        "length-64", [64] + header + filler,
        "it is read, with a byte that never arrived; 64 bytes into a shorter buffer"),
      frame(
        "length-255", [255] + header + filler,
        "it is read, with bytes that never arrived, as far as the buffer goes"),
    ]
  }

  private static var btTransfers: [Abuse] {
    [
      bt(
        "host-busy", "holds H_BUSY for two seconds after a request",
        rule: "POLLOUT comes when H_BUSY falls; a write sleeps until then", source: "bt_bmc_poll",
        [.control(.hostBusy), .frame([3] + header), .pause(2000), .control(.hostBusy)]
          + [.pause(200), .control([.bmcToHostAttention])]),
      bt(
        "late-host", "holds H_BUSY for six seconds after a request, longer than a daemon waits",
        rule: "one answer is wanted when H_BUSY falls: the daemon's own, or its CEh, not both",
        source: "bt_bmc_write",
        [.control(.hostBusy), .frame([3] + header), .pause(6000), .control(.hostBusy)]
          + [.takeResponse, .pause(200), .control(.bmcToHostAttention)]),
      bt(
        "restart-under-load", "has sent a request when the BMC restarts",
        rule: "H2B_ATN is still set, so the new daemon reads the request", source: "bt_bmc_open",
        [.frame([3] + header), .restartDaemon, .pause(200), .control(.bmcToHostAttention)]),
      bt(
        "replaced-requests", "sends 50 requests and takes no answer",
        rule: "each is read; an answer waits for the host to take the first one",
        source: "bt_bmc_write",
        (0..<50).map { .frame([3, 0x18, $0, 0x01]) }
          + [.pause(200), .control(.bmcToHostAttention), .pause(200)]
          + [.control(.bmcToHostAttention)]),
      bt(
        "flood", "announces 2000 frames without a look at B_BUSY and H2B_ATN",
        rule: "H2B_ATN is one bit: what was announced before it is read is read once",
        source: "bt_bmc_read",
        (0..<2000).map { .frameAtOnce([3, 0x18, UInt8(truncatingIfNeeded: $0), 0x01]) }
          + [.pause(200), .control(.bmcToHostAttention)]),
      bt(
        "stop-mid-transfer", "writes half a frame, waits for a second, and starts over",
        rule: "without H2B_ATN nothing is read", source: "bt_bmc_poll",
        [.control(.clearWritePointer)] + header.map { .dataAtOnce($0) } + [.pause(1000)]),
      bt(
        "duplicate-sequence", "sends two requests that have one sequence number",
        rule: "both are read; the driver does not look at it, so each is answered with it",
        source: "bt_bmc_read",
        [.frame([3] + header), .frame([3] + header), .takeResponse, .takeResponse]),
      bt(
        "answer-taken-twice", "reads an answer, and reads it again",
        rule: "the driver does not see it; no second answer is wanted", source: "bt_bmc_write",
        [.frame([3] + header), .takeResponse]
          + [.control(.clearReadPointer), .control(.bmcToHostAttention)]),
      bt(
        "attention-storm",
        "clears SMS_ATN 1000 times, and asks 100 times what it stands for",
        rule: "each request is read; SMS_ATN is the BMC's to set, by ioctl",
        source: "bt_bmc_ioctl",
        .init(repeating: .control(.smsAttention), count: 1000)
          + (0..<100).flatMap { number -> [AbuseStep] in
            let request = attentionRequest(number)
            return [
              .frame([3, request[0], UInt8(number), request[1]]), .takeResponse,
              .control(.smsAttention),
            ]
          }),
    ]
  }
}
