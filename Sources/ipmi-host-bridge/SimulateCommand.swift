import ArgumentParser
import ControllerContent
import Dispatch
import EmulatedPair
import Faults
import Foundation
import IPMI
import Logging
import ManagementController
import Tracing
import Transport

/// A BMC made of messages: the management controller behind the VM protocol.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Be the BMC of a PC in QEMU, without emulating one.",
    discussion: """
      Answers QEMU's "ipmi-bmc-extern" over OpenIPMI's VM protocol, as OpenIPMI's ipmi_sim does. \
      The PC is a stock QEMU with any of its IPMI devices:

        ipmi-host-bridge simulate --listen unix:bmc.sock
        qemu-system-x86_64 … -chardev socket,id=ipmi0,path=bmc.sock,reconnect=1 \
      -device ipmi-bmc-extern,chardev=ipmi0,id=bmc0 -device isa-ipmi-kcs,bmc=bmc0

      The other devices are isa-ipmi-bt, pci-ipmi-kcs, pci-ipmi-bt and smbus-ipmi,address=0x10.

      --listen and --connect may be repeated and mixed: each is a link, with a BMC of its own that \
      keeps what it knows when its PC leaves. One PC at a time is connected to a link; a second one \
      is refused. An ADDRESS is unix:PATH or tcp:HOST:PORT, where port 0 lets the system choose one \
      to listen on. A line on standard output says where each link is, as soon as PCs can \
      connect; the log is on standard error.

      Whoever can connect can be the PC, and whoever listens can be a BMC that turns the PC off: \
      a Unix socket is made for this user only, and TCP is refused for another address than \
      127.0.0.0/8, ::1 and localhost unless --allow-remote is given.

      What a PC's software asks of its chassis is sent to QEMU, which does it: power off, reset and \
      power cycle (a reset), diagnostic interrupt (NMI), soft power off.

      --config gives the BMCs sensors, FRU data and more from a description in YAML, --sdr and --fru \
      from the binary files of QEMU's ipmi-bmc-sim ("ipmi-host-bridge content --help"):

        ipmi-host-bridge simulate --listen unix:bmc.sock --config bmc.yaml --state bmc.state

      With --state, what a BMC keeps without power outlives the program: SEL, SDRs and FRU data that \
      were changed, the SEL clock, boot options, restore policy. The file is made where there is \
      none, and written at the end and within 5 s of a change. Each link needs a file of its own: \
      --state is given once for each --listen, in their order, then once for each --connect.

      --trace writes all messages of all links, for Wireshark, whose preference the program prints, \
      or for programs. "ipmi-host-bridge replay" sends the requests of a .pcapng again.

      With --fault, --faults or --scenario the BMC of each link misbehaves, on purpose and in the same \
      way each time; "ipmi-host-bridge capture --help" has the rules, --scenario list the scenarios:

        ipmi-host-bridge simulate --listen unix:bmc.sock --fault 'drop response every 10'

      Ctrl-C or SIGTERM ends it, with status 0, and removes its sockets.
      """)

  @Option(
    help: ArgumentHelp("Let a PC connect here; may be repeated.", valueName: "address"),
    transform: { try linkAddress($0) })
  var listen: [LinkAddress] = []

  @Option(
    help: ArgumentHelp(
      "Connect to a PC that listens here, and again whenever that ends; may be repeated.",
      valueName: "address"),
    transform: { try linkAddress($0) })
  var connect: [LinkAddress] = []

  @Flag(help: "Accept TCP addresses that are not of this machine alone.")
  var allowRemote = false

  @OptionGroup(title: "Content")
  var content: ContentOptions

  @Option(
    help: ArgumentHelp(
      "Keep what a link's BMC knows in this file; once for each link.", valueName: "path"))
  var state: [String] = []

  @OptionGroup var files: TraceOptions

  @OptionGroup(title: "Faults")
  var faults: FaultOptions

  @OptionGroup(title: "Identity")
  var identity: IdentityOptions

  @Option(
    help: ArgumentHelp(
      "What is logged: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "level"),
    transform: { try level(named: $0) })
  var logLevel = Logger.Level.notice

  func validate() throws {
    try faults.listScenarios()
    _ = try faults.schedule(for: .wire)
    guard !(listen + connect).isEmpty else {
      throw ValidationError(
        "At least one --listen or --connect is needed, for example --listen unix:bmc.sock.")
    }
    try requireLocal(listen + connect, unless: allowRemote)
    for case .tcp(_, 0) in connect {
      throw ValidationError("--connect needs the port that the PC listens on.")
    }
    let links = listen.count + connect.count
    guard state.isEmpty || state.count == links else {
      throw ValidationError(
        "\(links) links and \(state.count) --state: each link's BMC needs a file of its own; give one "
          + "for each --listen, in their order, then one for each --connect.")
    }
    var paths: Set<String> = []
    guard files.trace.isEmpty || links <= TraceChannel.limit else {
      throw ValidationError(
        "\(links) links and --trace: a trace has room for \(TraceChannel.limit) of them.")
    }
    for path in state {
      guard paths.insert(URL(fileURLWithPath: path).standardizedFileURL.path).inserted else {
        throw ValidationError(
          "--state \(path) is given twice: each link's BMC needs a file of its own.")
      }
    }
  }

  func run() throws {
    allowManyFiles()
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var logger = Logger(label: "ipmi-host-bridge")
    logger.logLevel = logLevel

    let end = EndOfProgram()
    let log = try files.begin(channels)
    let schedule = try faults.schedule(for: .wire)
    let simulator = Simulator(logger: logger, trace: log, faults: schedule)
    var states = StateFiles(state, logger: logger)
    do {
      files.explain()
      for line in schedule?.lines ?? [] { print(line) }
      let content = try content.content()
      for (index, address) in listen.enumerated() {
        let bmc = try bmc(content, link: index, &states)
        print("listening on \(try simulator.listen(on: address, bmc: bmc))")
        flushOutput()
      }
      for (index, address) in connect.enumerated() {
        let bmc = try bmc(content, link: listen.count + index, &states)
        try simulator.connect(to: address, bmc: bmc)
        print("connecting to \(address)")
        flushOutput()
      }
    } catch let error as any Error & CustomStringConvertible {
      try simulator.end()
      throw EmulatorError(error.description)
    }
    if states.isEmpty {
      end.wait()
    } else {
      while !end.wait(seconds: StateFiles.interval) {
        states.save(try simulator.controllers(), now: Simulator.now)
      }
    }
    try simulator.end()
    if let schedule { for line in schedule.summary(try simulator.faultCounts()) { print(line) } }
    let failures = log?.end() ?? []
    for failure in failures { logger.error("\(failure)") }
    guard states.save(try simulator.controllers(), now: Simulator.now), failures.isEmpty else {
      throw ExitCode.failure
    }
  }

  /// Those of a trace: one for each link.
  private var channels: [TraceChannel] {
    (listen + connect).enumerated().map { index, address in
      TraceChannel(
        FixedBytes(truncating: "link\(index + 1)"), .messages,
        description: FixedBytes(truncating: address.description))
    }
  }

  /// The BMC of link number `index`.
  private func bmc(
    _ content: ControllerContent, link index: Int, _ files: inout StateFiles
  ) throws(ContentError) -> SimulatedBMC {
    var content = content
    content.identity = identity.apply(to: content.identity, ofLink: index)
    let now = Simulator.now
    var controller = try Self.controller(content, now: now)
    try files.open(&controller, link: index, now: now)
    let keepsState = !files.isEmpty
    return SimulatedBMC(controller) { [content] before, now in
      // It fitted before.
      guard
        var controller = try? Self.controller(content, powerIsOn: before.powerIsOn, now: now)
      else { return before }
      if keepsState { SavedState.carry(from: before, to: &controller, now: now) }
      return controller
    }
  }

  private static func controller(
    _ content: ControllerContent, powerIsOn: Bool = false, now: UInt64
  ) throws(ContentError) -> ManagementController {
    try content.makeController(
      powerIsOn: powerIsOn, seconds: UInt32(clamping: Int(Date().timeIntervalSince1970)), now: now)
  }
}

/// Refuses addresses that others can reach.
func requireLocal(_ addresses: [LinkAddress], unless allowRemote: Bool) throws {
  for address in addresses where !address.isLocal && !allowRemote {
    throw ValidationError(
      "\(address) is not of this machine alone, and a peer can turn the PC off or be its BMC; "
        + "use unix:PATH or tcp:127.0.0.1:PORT, or add --allow-remote.")
  }
}

func linkAddress(_ text: String) throws -> LinkAddress {
  do throws(LinkError) {
    return try LinkAddress(text)
  } catch {
    throw ValidationError(error.description)
  }
}

private func level(named text: String) throws -> Logger.Level {
  guard let level = Logger.Level(rawValue: text) else {
    throw ValidationError("\(text) is no level of the log.")
  }
  return level
}

/// Two files for each link are soon more than what a shell allows at first.
private func allowManyFiles() {
  var limit = rlimit()
  guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
  limit.rlim_cur = limit.rlim_max
  _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

/// SIGINT and SIGTERM, as something to wait for.
struct EndOfProgram {
  private let isWanted = DispatchSemaphore(value: 0)
  private let sources: [any DispatchSourceSignal]

  init() {
    sources = [SIGINT, SIGTERM].map { [isWanted] number in
      _ = signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(
        signal: number, queue: DispatchQueue(label: "ipmi-host-bridge.signals"))
      source.setEventHandler { isWanted.signal() }
      source.resume()
      return source
    }
  }

  func wait() { isWanted.wait() }

  /// Waits for at most so long; `true` for the end.
  func wait(seconds: Int) -> Bool { isWanted.wait(timeout: .now() + .seconds(seconds)) == .success }
}
