import ArgumentParser
import EmulatedPair
import Foundation
import Tracing
import Transport

/// The demonstration: a PC and a BMC, each in a stock QEMU, and ipmitool on the PC.
struct PairQEMUCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pair-qemu",
    abstract: "Boot a PC and a BMC in two stock QEMUs, and run IPMI tools on the PC.",
    discussion: """
      Starts the BMC's firmware in qemu-system-arm and Debian's Linux in qemu-system-x86_64, joined \
      by a socket, or by the registers that both share; runs commands on the PC and prints what they printed there, then what the \
      BMC logged on its serial port. The exit status is 0 if every command succeeded and the \
      BMC that answered is the one that was started.

        ipmi-host-bridge pair-qemu
        ipmi-host-bridge pair-qemu --host-command 'ipmitool sensor list'
        ipmi-host-bridge pair-qemu --board ast2600-evb --bmc linux --host-interface isa-ipmi-bt
        ipmi-host-bridge pair-qemu --bmc simulate --host-interface smbus-ipmi
        ipmi-host-bridge pair-qemu --link registers --board ast2600-evb --bmc linux --responder kcs3
        ipmi-host-bridge pair-qemu --host-script checks.sh --log-directory logs

      `make guests firmware plugin` makes the files it uses: the host's kernel and initramfs in \
      the cache (IPMI_HOST_BRIDGE_HOST_KERNEL, IPMI_HOST_BRIDGE_HOST_INITRD), the BMC's Linux there \
      too (IPMI_HOST_BRIDGE_BMC_LINUX, a folder), the firmware (IPMI_HOST_BRIDGE_FIRMWARE, a \
      folder), the library for QEMU (IPMI_HOST_BRIDGE_QEMU_PLUGIN).
      """)

  enum Simulator: String, ExpressibleByArgument, CaseIterable {
    case firmware
    case linux
    case simulate
    case ipmiSim = "ipmi_sim"
    case builtIn = "ipmi-bmc-sim"
  }

  @Option(help: ArgumentHelp("The BMC's board: \(boardNames).", valueName: "name"))
  var board = "npcm750-evb"

  @Option(
    help: """
      What answers: our firmware, a Linux with our ipmi-responder, our command simulate, or, to \
      compare with, OpenIPMI's or QEMU's simulator.
      """)
  var bmc = Simulator.firmware

  @Option(
    help: ArgumentHelp(
      "The interface of the BMC that answers the host; by default the board's first.",
      valueName: "kcs1…kcs4|ibt"))
  var responder: String?

  @Option(
    help: """
      The device through which the host sees its BMC, isa-ipmi-kcs by default. With --link registers \
      it is of the responder's kind.
      """)
  var hostInterface: HostInterface?

  @Option(
    help: """
      How both are joined: by the messages of QEMU's ipmi-bmc-extern, or register by register, \
      without a state machine of ours or QEMU's in between.
      """)
  var link = LinkKind.messages

  @Option(help: ArgumentHelp("The BMC's firmware, an ELF file.", valueName: "path"))
  var bmcFirmware: String?

  @Option(help: ArgumentHelp("The host's kernel.", valueName: "path"))
  var hostKernel: String?

  @Option(
    help: ArgumentHelp(
      "The host's initramfs; its /init is this project's or speaks as that does.",
      valueName: "path"))
  var hostInitrd: String?

  @Option(
    help: ArgumentHelp(
      "Run this on the host instead of the usual commands; may be repeated.", valueName: "command"))
  var hostCommand: [String] = []

  @Option(
    help: ArgumentHelp(
      "Run this shell script on the host instead of the usual commands, after --host-command.",
      valueName: "path"))
  var hostScript: String?

  @Option(help: ArgumentHelp("Write bmc.log and host.log here.", valueName: "path"))
  var logDirectory: String?

  @Option(
    help: ArgumentHelp(
      """
      Write what host and BMC say to this file: .pcapng for Wireshark, .jsonl for programs or, where \
      the BMC has registers, .vcd for waveform viewers.
      """, valueName: "path"))
  var trace: String?

  @Option(help: ArgumentHelp("Seconds that a boot or a command may take.", valueName: "seconds"))
  var timeout: Double = 120

  func validate() throws {
    let board = try chosenBoard()
    if let responder, !board.responders.contains(responder) {
      throw ValidationError(
        "No responder '\(responder)' on \(board.name), "
          + "which has \(board.responders.joined(separator: ", ")).")
    }
    if link == .registers {
      guard bmc == .firmware || bmc == .linux else {
        throw ValidationError("\(bmc.rawValue) has no registers: use --bmc firmware or linux.")
      }
      guard hostInterface == nil else {
        throw ValidationError("--host-interface is for --link messages.")
      }
    }
    try validateTrace()
    guard timeout >= 1, timeout <= 86_400 else {
      throw ValidationError("A time-out is between 1 and 86400 seconds.")
    }
  }

  private func validateTrace() throws {
    guard let trace else { return }
    guard let format = TraceFormat(path: trace) else {
      throw ValidationError(
        "--trace \(trace): a name that ends in .pcapng, .jsonl or .vcd is expected.")
    }
    switch bmc {
    case .firmware, .linux:
      guard link == .messages else {
        throw ValidationError("--trace is for --link messages.")
      }
    case .simulate:
      guard format.showsMessages else {
        throw ValidationError("--trace \(trace): simulate has no registers to make a waveform of.")
      }
    case .ipmiSim, .builtIn:
      throw ValidationError("--trace is of our own BMCs: use --bmc firmware, linux or simulate.")
    }
  }

  func run() throws {
    let started = Date()
    let script = try hostScript.map { try readScript($0) }
    let pair = try makePair()

    report("BMC", "starting \(description(of: pair.configuration.bmc))")
    try pair.startBMC()
    let system = pair.bmcConsole.map { "Linux \($0.kernelVersion) " } ?? ""
    report("BMC", "\(system)ready after \(seconds(since: started))")
    let hostStarted = Date()
    let shared = link == .registers ? ", sharing the BMC's registers" : ""
    report("host", "booting Debian's Linux in a stock qemu-system-x86_64\(shared)")
    try pair.startHost()
    let kernel = pair.host?.kernelVersion ?? ""
    report("host", "Linux \(kernel) and /dev/ipmi0 after \(seconds(since: hostStarted))")

    var commands = hostCommand
    if let script {
      try pair.host?.write(script, to: "/tmp/host-script")
      commands.append("sh /tmp/host-script")
    }
    if commands.isEmpty { commands = Demonstration.commands }
    var results: [CommandResult] = []
    for command in commands {
      print("\n$ \(command)")
      let result = try pair.run(command, timeout: timeout)
      for line in result.lines { print(line) }
      if result.status != 0 { print("(exit status \(result.status))") }
      flushOutput()
      results.append(result)
    }
    try pair.host?.powerOff()
    var problems = Demonstration.problems(results)
    if case .emulated = pair.configuration.bmc, let bmc = pair.bmc {
      print("\nThe BMC's serial port:")
      for line in bmc.lines { print("  \(line)") }
      if let status = bmc.exitStatus { problems.append("the BMC ended (\(status))") }
      if hostCommand.isEmpty, hostScript == nil {
        problems += Demonstration.identityProblems(results, bmcLog: bmc.lines)
      }
    }
    pair.stop()
    print("")
    if let trace, TraceFormat(path: trace) == .pcapng {
      print("To see what they said: \(TraceOptions.tshark) -r \(trace)\n")
    }
    guard problems.isEmpty else {
      print("FAILED after \(seconds(since: started)): \(problems.joined(separator: "; "))")
      throw ExitCode.failure
    }
    print("OK: \(results.count) of \(results.count) commands, in \(seconds(since: started))")
  }

  private func chosenBoard() throws -> Board {
    guard let board = Board.named(board) else {
      throw ValidationError("No board '\(board)'. Known: \(boardNames).")
    }
    return board
  }

  private func makePair() throws -> EmulatedPair {
    var selected: BMC
    switch bmc {
    case .firmware:
      selected = try .firmware(chosenBoard(), responder: responder, elf: bmcFirmware)
    case .linux: selected = try .linux(chosenBoard(), responder: responder)
    case .simulate:
      selected = .simulate(
        program: Artifacts.executablePath(), options: trace.map { ["--trace", $0] } ?? [])
    case .ipmiSim: selected = .ipmiSim()
    case .builtIn: selected = .builtIn()
    }
    if case .emulated(var emulated) = selected {
      emulated.trace = trace
      selected = .emulated(emulated)
    }
    var configuration = EmulatedPair.Configuration(
      bmc: selected, hostKernel: try hostKernel ?? Artifacts.hostKernel(),
      hostInitrd: try hostInitrd ?? Artifacts.hostInitrd())
    configuration.link = link
    if let hostInterface { configuration.hostInterface = hostInterface.rawValue }
    configuration.logDirectory = logDirectory
    configuration.bootTimeout = timeout
    return try EmulatedPair(configuration)
  }

  private func readScript(_ path: String) throws -> Data {
    do {
      return try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw EmulatorError("could not read \(path)")
    }
  }

  private func description(of bmc: BMC) -> String {
    switch bmc {
    case .emulated(let bmc):
      "\(bmc.software.name) in a stock qemu-system-arm -M \(bmc.board.name), "
        + "answering on \(bmc.responders.joined(separator: ", "))"
    case .simulate: "ipmi-host-bridge simulate"
    case .ipmiSim: "OpenIPMI's ipmi_sim"
    case .builtIn: "QEMU's ipmi-bmc-sim, inside the host's QEMU"
    }
  }
}

extension HostInterface: ExpressibleByArgument {}
extension LinkKind: ExpressibleByArgument {}

private let boardNames = Board.all.map(\.name).joined(separator: ", ")

private func seconds(since start: Date) -> String {
  let tenths = Int((Date().timeIntervalSince(start) * 10).rounded())
  return "\(tenths / 10).\(tenths % 10) s"
}

private func report(_ who: String, _ what: String) {
  print("\(who.padding(toLength: 5, withPad: " ", startingAt: 0)) \(what)")
  flushOutput()
}

/// Progress is for whoever is watching, also through a pipe.
func flushOutput() {
  fflush(nil)
}
