import ArgumentParser
import CharacterDevice
import Tracing
import Transport

/// Gives a host's program a /dev/ipmi0.
struct HostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "host",
    abstract: "Run ipmitool, FreeIPMI and the like on this machine, in front of an emulated BMC.",
    discussion: """
      The program finds /dev/ipmi0, as Linux's ipmi_devintf makes it; nobody else sees it, and no \
      privilege is needed. The BMC is whoever listens at a Unix socket and speaks OpenIPMI's VM \
      protocol: a daemon of OpenBMC's, firmware in QEMU, or this program's own BMC:

        ipmi-host-bridge openbmc --kcs ipmi-kcs3 --host unix:bmc.sock -- ./kcsbridged -c ipmi-kcs3
        ipmi-host-bridge simulate --listen unix:bmc.sock

        ipmi-host-bridge host --bmc unix:bmc.sock -- ipmitool mc info

      --trace writes what the two say to each other, for programs, or for Wireshark, which needs one \
      preference: tshark -o ipmi.dissect_bus_commands:TRUE -r FILE. A "capture" in between shows it as \
      it goes on:

        ipmi-host-bridge capture --listen unix:tap.sock --to unix:bmc.sock
        ipmi-host-bridge host --bmc unix:tap.sock -- ipmitool mc info

      The exit status is the program's; 77 where this machine allows no such device.
      """)

  @Option(help: ArgumentHelp("Where the BMC listens: unix:PATH.", valueName: "address"))
  var bmc: String

  @OptionGroup var files: TraceOptions

  @OptionGroup var options: DeviceOptions

  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp("The program and its arguments, after \"--\".", valueName: "command"))
  var command: [String] = []

  func validate() throws {
    guard !command.isEmpty else {
      throw ValidationError(
        "No program. Write it after \"--\": ipmi-host-bridge host --bmc unix:PATH -- ipmitool mc info"
      )
    }
    guard bmc.hasPrefix("unix:") else {
      throw ValidationError("--bmc \(bmc): expected unix:PATH, as in unix:bmc.sock")
    }
  }

  func run() throws {
    let log = try files.begin([TraceChannel(device: "ipmi0")])
    let tap = log.map { WireTap($0, channel: 0) }
    let program = DeviceProgram(
      hostOfBMCAt: String(bmc.dropFirst("unix:".count)), access: try options.access()
    ) { tap?.note($0) }
    let status = try DeviceOptions.run(program, command)
    let failure = log?.end().first
    if let failure { DeviceTranscript.write("Error: \(failure)") }
    guard status == 0 else { throw ExitCode(status) }
    guard failure == nil else { throw ExitCode.failure }
  }
}

extension WireTap {
  fileprivate func note(_ event: WireEvent) {
    switch event {
    case .connected: connected()
    case .disconnected: disconnected()
    case .hostSent(let bytes): hostSends(bytes.span)
    case .bmcSent(let bytes): bmcSends(bytes.span)
    }
    flush()
  }
}
