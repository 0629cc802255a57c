import ArgumentParser
import Dispatch
import EmulatedPair
import Foundation
import Logging
import ManagementController
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

  @OptionGroup(title: "Identity")
  var identity: IdentityOptions

  @Option(
    help: ArgumentHelp(
      "What is logged: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "level"),
    transform: { try level(named: $0) })
  var logLevel = Logger.Level.notice

  func validate() throws {
    guard !(listen + connect).isEmpty else {
      throw ValidationError(
        "At least one --listen or --connect is needed, for example --listen unix:bmc.sock.")
    }
    for address in listen + connect where !address.isLocal && !allowRemote {
      throw ValidationError(
        "\(address) is not of this machine alone, and a peer can turn the PC off or be its BMC; "
          + "use unix:PATH or tcp:127.0.0.1:PORT, or add --allow-remote.")
    }
    for case .tcp(_, 0) in connect {
      throw ValidationError("--connect needs the port that the PC listens on.")
    }
  }

  func run() throws {
    allowManyFiles()
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var logger = Logger(label: "ipmi-host-bridge")
    logger.logLevel = logLevel

    let end = EndOfProgram()
    let simulator = Simulator(logger: logger)
    do {
      for (index, address) in listen.enumerated() {
        print("listening on \(try simulator.listen(on: address, bmc: bmc(index)))")
        flushOutput()
      }
      for (index, address) in connect.enumerated() {
        try simulator.connect(to: address, bmc: bmc(listen.count + index))
        print("connecting to \(address)")
        flushOutput()
      }
    } catch let error as LinkError {
      try simulator.end()
      throw EmulatorError(error.description)
    }
    end.wait()
    try simulator.end()
  }

  /// The BMC of link number `index`.
  private func bmc(_ index: Int) -> SimulatedBMC {
    let identity = identity.identity(ofLink: index)
    return SimulatedBMC(now: Simulator.now) { powerIsOn, now in
      ManagementController(
        identity: identity, sensors: .ofSimulator, fru: .ofSimulator, powerIsOn: powerIsOn,
        seconds: UInt32(clamping: Int(Date().timeIntervalSince1970)), now: now)
    }
  }
}

private func linkAddress(_ text: String) throws -> LinkAddress {
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
private struct EndOfProgram {
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
}
