import ArgumentParser
import CharacterDevice
import Foundation
import IPMI
import Synchronization

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
      is named. A result says whether the daemon still answers afterwards; what it did, and what \
      Linux's driver lets it see, is in the lines below.

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
      for abuse in Abuse.all { print("\(abuse.name): \(abuse.summary); \(abuse.rule)") }
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
    let quiet = quiet
    let program = DeviceProgram(devices) { device, event in
      if !quiet { Transcript.note(device, event) }
      report.note(device.name, event)
    }
    let status: Int32
    do {
      status = try program.run(command)
    } catch let error as DeviceError where error.isPrerequisite {
      report.skip(error.description)
      Transcript.write("\(error)")
      throw ExitCode(77)
    }
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

/// What a script's answers are worth, as the Test Anything Protocol has it.
final class TestReport: Sendable {
  private struct State {
    var expected = 0
    var count = 0
    var failures = 0
    /// What each device's program has done since its last result.
    var events: [String: DeviceTally] = [:]
  }
  private let state = Mutex(State())

  func expect(_ count: Int) { state.withLock { $0.expected += count } }

  func begin() {
    state.withLock { state in
      guard state.expected > 0 else { return }
      Self.print("TAP version 13\n1..\(state.expected)")
    }
  }

  func add(_ result: HostScript.Result, of device: String) {
    state.withLock { state in
      state.count += 1
      if !result.isExpected { state.failures += 1 }
      let request = result.step.request
      let name = request.command.name.map { " \($0)" } ?? ""
      Self.print(
        "\(result.isExpected ? "ok" : "not ok") \(state.count) - \(device) "
          + "\(hex(request.netFn.rawValue)) \(hex(request.command.code))\(name) -> "
          + result.bytes.map(hex).joined(separator: " "))
      if !result.isExpected {
        Self.print("# expected \(result.step.expected.map(hex).joined(separator: " "))…")
      }
    }
  }

  func note(_ device: String, _ event: DeviceEvent) {
    state.withLock { $0.events[device, default: DeviceTally()].count(event) }
  }

  func add(_ abuse: Abuse, _ verdict: Abuse.Verdict, of device: String) {
    state.withLock { state in
      state.count += 1
      var isSurvived = false
      if case .survived = verdict { isSurvived = true }
      if !isSurvived { state.failures += 1 }
      Self.print(
        "\(isSurvived ? "ok" : "not ok") \(state.count) - \(device) \(abuse.name): the "
          + "host \(abuse.summary)")
      Self.print("# the driver: \(abuse.rule)")
      let tally = state.events.removeValue(forKey: device) ?? DeviceTally()
      Self.print("# the daemon: \(tally)")
      switch verdict {
      case .survived: break
      case .silent: Self.print("# afterwards it did not answer Get Device ID")
      case .ended(let status):
        Self.print("# it ended with status \(status), and was started again")
      }
    }
  }

  func skip(_ reason: String) {
    state.withLock { state in
      guard state.expected > 0 else { return }
      for number in 1...state.expected { Self.print("ok \(number) # SKIP \(reason)") }
    }
  }

  /// The exit status, where the program's is `status`.
  func end(_ status: Int32) -> Int32 {
    state.withLock { state in
      guard state.expected > 0 else { return status }
      let isWhole = state.count == state.expected
      if !isWhole {
        Self.print(
          "Bail out! The program ended with status \(status) after \(state.count) of "
            + "\(state.expected) answers")
        return status == 0 ? 1 : status
      }
      if state.failures > 0 { return 1 }
      // SIGTERM, which it was sent.
      return status == 128 + SIGTERM ? 0 : status
    }
  }

  private static func print(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}

/// How often a program did what with its device.
private struct DeviceTally: CustomStringConvertible {
  private var counts: [(what: String, count: Int)] = []

  mutating func count(_ event: DeviceEvent) {
    let what =
      switch event {
      case .opened(let error): error.map { "open: \($0.symbol)" } ?? "opens"
      case .released: "closes"
      case .read: "requests read"
      case .readFailed(let error): "read: \(error.symbol)"
      case .wrote: "answers written"
      case .writeFailed(_, let error): "write: \(error.symbol)"
      case .control(let request, let error):
        "ioctl \(String(request, radix: 16))h" + (error.map { ": \($0.symbol)" } ?? "")
      }
    if let index = counts.firstIndex(where: { $0.what == what }) {
      counts[index].count += 1
    } else {
      counts.append((what, 1))
    }
  }

  var description: String {
    counts.isEmpty
      ? "nothing" : counts.map { "\($0.count) \($0.what)" }.joined(separator: ", ")
  }
}

/// What a program does with its devices, a line for each.
private enum Transcript {
  static func note(_ device: EmulatedDevice, _ event: DeviceEvent) {
    let text =
      switch event {
      case .opened(nil): "open"
      case .opened(let error?): "open: \(error.symbol)"
      case .released: "close"
      case .read(let bytes): "read  " + describe(bytes, of: device.kind)
      case .readFailed(let error): "read: \(error.symbol)"
      case .wrote(let bytes): "write " + describe(bytes, of: device.kind)
      case .writeFailed(let bytes, let error):
        "write " + describe(bytes, of: device.kind) + ": \(error.symbol)"
      case .control(let request, let error):
        "ioctl \(String(request, radix: 16))h" + (error.map { ": \($0.symbol)" } ?? "")
      }
    write("\(device.name) \(text)")
  }

  static func write(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }

  private static func describe(_ bytes: [UInt8], of kind: DeviceKind) -> String {
    let text = bytes.map(hex).joined(separator: " ")
    guard let message = kind.message(in: bytes).flatMap({ Message($0.span) }),
      let name = message.command.name
    else { return text }
    return "\(text)  \(name)"
  }
}

private func hex(_ byte: UInt8) -> String {
  (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
}
