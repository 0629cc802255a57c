import ArgumentParser
import CharacterDevice
import Foundation

/// Gives a BMC's daemon the device it opens, and a host behind that.
struct OpenBMCCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "openbmc",
    abstract: "Run your kcsbridged, btbridged or ssifbridged without hardware.",
    discussion: """
      The program finds /dev/ipmi-kcs3 (--kcs ipmi-kcs3), /dev/ipmi-bt-host (--bt) or \
      /dev/ipmi-ssif-host (--ssif), which behave as Linux's drivers do: who may open them, what \
      read, write, poll and ioctl return, which errors there are. Nobody else sees them, and no \
      privilege is needed. The program's environment stays as it is, DBUS_SYSTEM_BUS_ADDRESS and \
      the like included.

      A script is the host, and its answers are a test's results (TAP, on standard output):
        ipmi-host-bridge openbmc --kcs ipmi-kcs3 --host script:boot.txt -- ./kcsbridged -c ipmi-kcs3

      A line of a script is what ipmitool raw takes, and how the answer begins: "06 01 -> 00". \
      --host simulate is a script that asks what a PC asks when it starts. When all is answered the \
      program is ended (SIGTERM).

      A PC in QEMU is the host:
        ipmi-host-bridge openbmc --bt --host unix:bmc.sock -- ./btbridged
        qemu-system-x86_64 … -chardev socket,id=ipmi0,path=bmc.sock,reconnect=1 \
      -device ipmi-bmc-extern,chardev=ipmi0,id=bmc0 -device isa-ipmi-bt,bmc=bmc0

      --abuse all has a host that misbehaves, in each way that --abuse list names, or in the one that \
      is named: KCS, BT and SSIF. A result says whether the daemon still answers afterwards; what it \
      did, and what Linux's driver lets it see, is in the lines below.

      --trace writes the messages that the program reads and writes, for Wireshark or for programs; \
      "tshark -o ipmi.dissect_bus_commands:TRUE -r FILE" shows them.

      --host is given once for each device, in the order KCS, BT, SSIF, raw KCS, or once for all \
      where it is a script. What the program does with the device is on standard error, unless \
      --quiet is given.

      The exit status is the program's; 1 where a script was not answered as it should be; 77 where \
      this machine allows no such devices.
      """)

  @Option(help: ArgumentHelp("A KCS channel's device; may be repeated.", valueName: "name"))
  var kcs: [String] = []

  @Flag(help: "The BT device, ipmi-bt-host.")
  var bt = false

  @Flag(help: "The SSIF device, ipmi-ssif-host.")
  var ssif = false

  @Option(
    help: ArgumentHelp(
      "A KCS channel's registers as a device, such as raw-kcs4; may be repeated.",
      valueName: "name"))
  var rawKCS: [String] = []

  @Option(
    help: ArgumentHelp(
      "The host: unix:PATH, simulate or script:FILE.", valueName: "host"))
  var host: [String] = []

  @Option(
    help: ArgumentHelp(
      "How the host misbehaves, instead of --host: a name, all or list; may be repeated.",
      valueName: "name"))
  var abuse: [String] = []

  @OptionGroup var options: DeviceOptions

  @OptionGroup var files: TraceOptions

  @Flag(help: "Say nothing of what the program does with the device.")
  var quiet = false

  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp("The program and its arguments, after \"--\".", valueName: "command"))
  var command: [String] = []

  /// The devices' kinds and names.
  private var wanted: [(kind: DeviceKind, name: String)] {
    kcs.map { (.kcs, $0) } + (bt ? [(.bt, "ipmi-bt-host")] : [])
      + (ssif ? [(.ssif, "ipmi-ssif-host")] : []) + rawKCS.map { (.rawKCS, $0) }
  }

  func validate() throws {
    if abuse.contains("list") { return }
    guard !command.isEmpty else {
      throw ValidationError(
        "No program. Write it after \"--\": ipmi-host-bridge openbmc --bt --host simulate -- btbridged"
      )
    }
    guard (1...8).contains(wanted.count) else {
      throw ValidationError(
        "\(wanted.count) devices: 1 to 8 are expected. Name them with --kcs NAME, --bt, --ssif")
    }
    guard Set(wanted.map(\.name)).count == wanted.count else {
      throw ValidationError("Two devices have the same name; give each one its own")
    }
    for name in abuse where name != "all" && !Abuse.all.contains(where: { $0.name == name }) {
      throw ValidationError("--abuse \(name): no such misbehaviour; --abuse list names them")
    }
    guard abuse.isEmpty || host.isEmpty else {
      throw ValidationError("--abuse and --host are two hosts of one device; give one of them")
    }
    if !abuse.isEmpty { return }
    let isShared = host.count == 1 && !host[0].hasPrefix("unix:")
    guard isShared || host.count == wanted.count else {
      throw ValidationError(
        "\(host.count) times --host for \(wanted.count) devices: give it once for each, in the order "
          + "KCS, BT, SSIF, raw KCS, or one script for all")
    }
  }

  func run() throws {
    if abuse.contains("list") {
      print(AbuseList.text)
      return
    }
    let report = TestReport()
    var devices: [EmulatedDevice] = []
    do {
      for (index, device) in wanted.enumerated() {
        let end =
          abuse.isEmpty
          ? try Self.hostEnd(host[host.count == 1 ? 0 : index], of: device.name, report)
          : abusiveEnd(of: device, report)
        devices.append(try EmulatedDevice(device.kind, name: device.name, host: end))
      }
    } catch let error as DeviceError {
      throw ValidationError(error.description)
    }
    report.begin()
    let trace = try DeviceFileTrace(files, devices)
    let quiet = quiet
    let program = DeviceProgram(devices, access: try options.access()) { device, event in
      if !quiet { DeviceTranscript.note(device, event) }
      report.note(device, event)
      trace?.note(device, event)
    }
    let status = try DeviceOptions.run(program, command) { report.skip($0.description) }
    try trace?.end()
    let result = report.end(status)
    guard result == 0 else { throw ExitCode(result) }
  }

  /// A host that misbehaves.
  private func abusiveEnd(
    of device: (kind: DeviceKind, name: String), _ report: TestReport
  ) -> HostEnd {
    let wanted = Abuse.all.filter { abuse.contains("all") || abuse.contains($0.name) }
    report.expect(wanted.count { $0.kind == device.kind })
    return .abuse(wanted) { report.add($0, $1, of: device.name) }
  }

  private static func hostEnd(
    _ text: String, of device: String, _ report: TestReport
  ) throws -> HostEnd {
    if text.hasPrefix("unix:") {
      return .socket(path: String(text.dropFirst("unix:".count)))
    }
    let script: HostScript
    if text == "simulate" {
      script = .boot
    } else if text.hasPrefix("script:") {
      let path = String(text.dropFirst("script:".count))
      guard let content = try? String(contentsOfFile: path, encoding: .utf8) else {
        throw ValidationError("\(path): no script can be read there")
      }
      script = try HostScript(content)
    } else {
      throw ValidationError("--host \(text): expected unix:PATH, simulate or script:FILE")
    }
    report.expect(script.steps.count)
    return .script(script) { report.add($0, of: device) }
  }
}
