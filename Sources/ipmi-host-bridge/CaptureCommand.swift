import ArgumentParser
import EmulatedPair
import Faults
import Foundation
import IPMI
import Logging
import Synchronization
import Tracing
import Transport

/// A tap on a VM protocol connection.
struct CaptureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture",
    abstract: "Show what a PC and its BMC say to each other.",
    discussion: """
      Stands between QEMU's "ipmi-bmc-extern" and any BMC that speaks OpenIPMI's VM protocol: a \
      "simulate", an ipmi_sim, or a qemu-system-arm with "ipmi-host-extern". Every byte is forwarded \
      as it is, damaged ones too, and shown decoded, one line for each message:

        ipmi-host-bridge simulate --listen unix:bmc.sock
        ipmi-host-bridge capture --listen unix:tap.sock --to unix:bmc.sock --trace pc.pcapng
        qemu-system-x86_64 … -chardev socket,id=ipmi0,path=tap.sock,reconnect=1 \
      -device ipmi-bmc-extern,chardev=ipmi0,id=bmc0 -device isa-ipmi-kcs,bmc=bmc0

      A line has the time in seconds, who sent the message, its id, the command and its data; of a \
      response also the completion code and how long after its request it came. Ctrl-C or SIGTERM \
      ends it with a summary, and with status 0.

      Wireshark decodes the messages of a .pcapng only with one preference set:

        tshark -o ipmi.dissect_bus_commands:TRUE -r pc.pcapng

      The requests of a .pcapng are sent again by "ipmi-host-bridge replay".

      With --fault, --faults or --scenario it makes the link go wrong, on purpose and in the same way \
      each time. A rule says what, to which messages, and when:

        drop response 3                          delay response every 10 by 6s
        duplicate response of Get Device ID      corrupt request 1%
        busy request every 4                     answer request of 0A43 first 3 with C5
        truncate response every 3 to 3           drop any after 10 for 5s
        cut after request 5 for 3s               attention request 1 for 10s
        reset bmc after 20 for 8s                reset host request 30

      What was done is a line of its own. The requests are shown as the PC sent them, the responses as \
      the BMC did. "of" takes a command's name, or NetFn and command in hexadecimal; "for" says how long \
      a fault lasts. --scenario list prints failures that were seen in the world, with their rules:

        ipmi-host-bridge capture --listen unix:tap.sock --to unix:bmc.sock --scenario bmc-gone
      """)

  @Option(
    help: ArgumentHelp(
      "Let the PC connect here: unix:PATH or tcp:HOST:PORT.", valueName: "address"),
    transform: { try linkAddress($0) })
  var listen: LinkAddress?

  @Option(
    help: ArgumentHelp("Where the BMC listens.", valueName: "address"),
    transform: { try linkAddress($0) })
  var to: LinkAddress?

  @OptionGroup var files: TraceOptions

  @OptionGroup(title: "Faults")
  var faults: FaultOptions

  @Flag(help: "Show the summary only.")
  var quiet = false

  @Flag(help: "Accept TCP addresses that are not of this machine alone.")
  var allowRemote = false

  func validate() throws {
    try faults.listScenarios()
    // Not demanded of who wants the list of scenarios.
    guard let listen else {
      throw ValidationError("Missing expected argument '--listen <address>'.")
    }
    guard let to else { throw ValidationError("Missing expected argument '--to <address>'.") }
    try requireLocal([listen, to], unless: allowRemote)
    _ = try faults.schedule(for: .wire)
    if case .tcp(_, 0) = to {
      throw ValidationError("--to needs the port that the BMC listens on.")
    }
  }

  func run() throws {
    guard let listen, let to else { return }
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    let logger = Logger(label: "ipmi-host-bridge")
    let end = EndOfProgram()
    let view = CaptureView(isQuiet: quiet)
    let failures: [String]
    let schedule = try faults.schedule(for: .wire)
    var counts: [UInt64] = []
    do {
      let log = try files.begin([TraceChannel(wireTo: to)]) { view.show($0) }
      let capture = Capture(to: to, log: log, logger: logger, faults: schedule)
      do {
        print("listening on \(try capture.listen(on: listen))")
      } catch {
        try capture.end()
        throw error
      }
      files.explain()
      for line in schedule?.lines ?? [] { print(line) }
      flushOutput()
      end.wait()
      try capture.end()
      counts = try capture.faultCounts()
      failures = log.end()
    } catch let error as any Error & CustomStringConvertible {
      throw EmulatorError(error.description)
    }
    for line in view.summary { print(line) }
    if let schedule { for line in [""] + schedule.summary(counts) { print(line) } }
    for failure in failures { logger.error("\(failure)") }
    guard failures.isEmpty else { throw ExitCode.failure }
  }
}

/// The lines of a capture as it goes on, and the summary at its end.
private final class CaptureView: Sendable {
  private let isQuiet: Bool
  private let state = Mutex(CaptureSummary())

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  var summary: [String] { state.withLock { $0.lines } }

  func show(_ event: TraceEvent) {
    let latency = state.withLock { $0.add(event) }
    guard !isQuiet else { return }
    var line: FixedBytes<512> = []
    line.append(seconds: event.time, places: 6)
    while line.count < 12 { line.append(UInt8(ascii: " ")) }
    switch event.occurrence {
    case .request(let id, _): line.append(side: "host", id)
    case .response(let id, _): line.append(side: "BMC ", id)
    default: line.append("  --  ")
    }
    event.occurrence.describe(to: &line)
    if let latency {
      line.append("  ")
      line.append(duration: latency)
    }
    print(String(line))
    flushOutput()
  }
}

extension FixedBytes {
  fileprivate mutating func append(side: StaticString, _ id: UInt8) {
    append(side)
    append(" ")
    append(hexadecimal: id)
    append("  ")
  }
}
