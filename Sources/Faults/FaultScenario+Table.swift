extension FaultScenario {
  /// All there are.
  ///
  /// Times end what a driver has to live through, so that a test comes to an end; for another time, or
  /// none, the rules are given by hand.
  public static let all: [FaultScenario] = [
    FaultScenario(
      "silent-device-id", "the first Get Device ID is never answered",
      course: "nobody answers the command with which drivers begin; the next one is answered",
      goodDriver: "gives the request up in bounded time, tells who waits for it, and asks again",
      source: "openipmi-developer, 2026-04-15: no time-out in __get_device_id",
      wire: "drop request of Get Device ID 1",
      registers: "delay request of Get Device ID 1 by 6s"),
    FaultScenario(
      "watchdog-reset", "the BMC starts again while it runs the host's watchdog",
      course: "behind a Reset Watchdog Timer the BMC forgets its timer, and is away for 10 s",
      goodDriver:
        "fails what was open, sees 80h afterwards, sets the timer up again or says that it is lost",
      source:
        "openipmi-developer, 2026-04-07: [PATCH 0/2] ipmi:watchdog: Reboot cleanly on BMC reset (panic, "
        + "hang, lost protection; Dell R640, reported twice)",
      wire: "reset bmc request of Reset Watchdog Timer 1 for 10s",
      registers: "reset bmc request of Reset Watchdog Timer 1"),
    FaultScenario(
      "cold-reset", "the BMC goes at a Cold Reset that the host has sent, and is back after 10 s",
      course: "the connection ends before Cold Reset is answered; nobody serves another for 10 s",
      goodDriver: "takes the missing answer for what it is, does not poll without end, comes back",
      source: "openipmi-developer, 2025-08-14: hard lockup in kcs_event after mc reset cold, 6.6",
      wire: "cut request of Cold Reset 1 for 10s"),
    FaultScenario(
      "endless-events", "attention and events that do not end, for 10 s",
      course:
        "attention is set, flags say that there is an event, and there is another one each time",
      goodDriver: "takes a bounded number of events before it serves its users' requests",
      source: "openipmi-developer, 2026-04-22: limits for BMCs that report endless events",
      wire: """
        attention request 1 for 10s
        answer request of Get Message Flags for 10s with 00 02
        answer request of Read Event Message Buffer for 10s with \
        00 01 00 02 00 00 00 00 20 00 04 01 30 01 59 00 00
        """),
    FaultScenario(
      "ssif-short-reads", "every third response ends behind its completion code",
      course:
        "data that the command has is missing; the wire carries no shorter response, so a block "
        + "read has 3 bytes and not 0 to 2",
      goodDriver: "checks lengths before it looks at data, and fails the one request",
      source: "openipmi-developer, 2026-03-02: ipmi_ssif and short reads; with QEMU's smbus-ipmi",
      wire: "truncate response every 3 to 3"),
    FaultScenario(
      "ssif-lost-stop", "an SMBus host goes in the middle of a read, without a STOP",
      course:
        "the target has sent its response's last byte; what it sees next is a request's start",
      goodDriver: "of the BMC: takes the request for one, and answers it with its own answer",
      source:
        "openipmi-developer, 2026-04-02: [PATCH 3/5] ipmi: ssif_bmc: fix message desynchronization "
        + "after truncated response",
      elsewhere: "openbmc --ssif --abuse ssif-lost-stop"),
    FaultScenario(
      "creative-silence", "the BMC fails to answer in many ways",
      course: "by chance: lost, late, twice, damaged, short, busy, an error without a reason",
      goodDriver: "ends every request, matches answers to requests, and never waits for good",
      source:
        "openipmi-developer, 2026-04-07: several creative ways in which BMCs fail to respond have "
        + "confused the lower level drivers",
      wire: """
        drop request 3%
        drop response 3%
        delay response 3% by 6s
        duplicate response 5%
        corrupt response 3%
        truncate response 5% to 3
        busy request 5%
        answer request 5% with FF
        """,
      registers: """
        delay request 5% by 6s
        reset bmc request 2%
        corrupt response 2%
        """),
    FaultScenario(
      "bmc-gone", "the BMC is gone for 10 s, then back",
      course: "from the sixth request on nothing is answered for 10 s; the connection stays",
      goodDriver: "ends the requests of that time, and works as before when the BMC does",
      source:
        "infra-controller issue 4493, OpenBIC issue 169: a driver stuck since the BMC rebooted",
      wire: "drop request after 5 for 10s",
      registers: "delay request 5 by 10s"),
  ]
}
