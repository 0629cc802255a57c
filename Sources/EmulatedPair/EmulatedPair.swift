import Foundation

/// A host and a BMC in two emulators, joined by a socket or by shared registers. Either can be killed and started again;
/// both end with this value.
public final class EmulatedPair {
  /// What to run, and where to write it down.
  public struct Configuration: Sendable {
    public var bmc: BMC
    /// A Linux, or, without an initramfs, `host.elf`.
    public var hostKernel: String
    public var hostInitrd: String?
    /// The folder of `bmc.log` and `host.log`; nil for none.
    public var logDirectory: String?
    /// Seconds that either side may take to start.
    public var bootTimeout: TimeInterval = 120
    /// How they are joined; the registers shared are those of an emulated board.
    public var link = LinkKind.messages
    /// The device through which the host sees its BMC: one for each interface of the BMC; where
    /// they are joined by messages.
    public var hostInterface = "isa-ipmi-kcs"
    /// Whether a host that reboots does; otherwise its emulator ends.
    public var hostMayReboot = false

    public init(bmc: BMC, hostKernel: String, hostInitrd: String) {
      self.bmc = bmc
      self.hostKernel = hostKernel
      self.hostInitrd = hostInitrd
    }

    /// A host that runs `host.elf`, and ends with it: ``EmulatedPair/runHostStub(arguments:timeout:)``.
    public init(bmc: BMC, hostStub: String) {
      self.bmc = bmc
      hostKernel = hostStub
    }
  }

  /// A line that one side printed.
  public enum Side: Sendable { case bmc, host }

  public let configuration: Configuration
  /// The BMC's emulator; nil while it is not running, and where it is part of the host's.
  public private(set) var bmc: ChildProcess?
  /// The console of a BMC that runs Linux; nil of any other, and while it is not running.
  public private(set) var bmcConsole: GuestConsole?
  /// The host's console; nil while it is not running.
  public private(set) var host: GuestConsole?
  private let directory: TemporaryDirectory
  /// One for each interface.
  private let wires: [WireAddress]
  private let observer: @Sendable (Side, String) -> Void

  /// Prepares a pair; nothing runs yet.
  /// - Parameter observer: called with every line either side prints.
  public init(
    _ configuration: Configuration,
    observer: @escaping @Sendable (Side, String) -> Void = { _, _ in }
  ) throws {
    self.configuration = configuration
    self.observer = observer
    directory = try TemporaryDirectory()
    switch configuration.bmc {
    case .ipmiSim: wires = [.tcp(port: try freePort())]
    case .simulate: wires = [.unix(path: directory.appending("wire"))]
    case .builtIn: wires = [.unix(path: "")]
    case .emulated(let bmc):
      let directory = directory
      wires = bmc.responders.map { .unix(path: directory.appending("wire-\($0)")) }
    }
    if let logs = configuration.logDirectory {
      do {
        try FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
      } catch {
        throw EmulatorError("could not make \(logs): \(error.localizedDescription)")
      }
    }
  }

  deinit { stop() }

  /// Starts the BMC, and returns when it takes requests. It comes first: the host's driver looks
  /// for it once, while it is loaded.
  public func startBMC() throws {
    guard
      let program = try configuration.bmc.program(
        wires, configuration.link, directory: directory.path)
    else { return }
    let observer = self.observer
    let bmc = try ChildProcess(
      name: "BMC", command: program.command, environment: program.environment, log: log("bmc.log")
    ) { observer(.bmc, $0) }
    self.bmc = bmc
    if let device = program.guestDevice, case .emulated(let emulated) = configuration.bmc {
      bmcConsole = try GuestConsole(
        bmc, device: device, failure: "the BMC's kernel has no \(device)",
        timeout: configuration.bootTimeout, isLog: emulated.isLog)
    }
    if case .tcp(let port) = wires[0] { try waitForListener(port, of: bmc) }
    var cursor = 0
    try wait(for: program.readyLines, of: bmc, from: &cursor)
  }

  /// Waits for a line with each of these beginnings, in any order.
  private func wait(
    for beginnings: [String], of process: ChildProcess, from cursor: inout Int
  ) throws {
    var missing = beginnings
    while !missing.isEmpty {
      let line = try process.wait(
        for: "line that says it is ready", from: &cursor, timeout: configuration.bootTimeout
      ) { line in missing.contains(where: line.hasPrefix) }
      missing.removeAll(where: line.hasPrefix)
    }
  }

  /// Reboots a BMC that runs Linux and may, and returns when it takes requests again. Its registers
  /// stay as they are.
  /// - Parameter reset: what resets the machine; nil for Linux itself.
  public func rebootBMC(by reset: (() throws -> Void)? = nil) throws {
    guard case .emulated(let emulated) = configuration.bmc, let bmc, let bmcConsole else {
      throw EmulatorError("only Linux on an emulated board is rebooted")
    }
    var cursor = bmc.lines.count
    try bmcConsole.reboot(timeout: configuration.bootTimeout, by: reset)
    try wait(
      for: emulated.responders.map { "\($0.uppercased()) ready" }, of: bmc, from: &cursor)
  }

  /// Boots the host, Debian's Linux with ipmitool, and returns when its driver has found the BMC.
  ///
  /// - Parameter relay: A Unix socket that the host connects to instead of the BMC's first.
  public func startHost(through relay: String? = nil) throws {
    guard let initrd = configuration.hostInitrd else {
      throw EmulatorError("a host without an initramfs is not Linux; run host.elf by runHostStub")
    }
    let interface = try selectedInterface()
    let process = try startEmulator(
      [
        "-kernel", configuration.hostKernel, "-initrd", initrd,
        // Linux delays by writing to port 80h, which an emulator does not need: POST codes go there.
        // On a busy machine it takes an emulated timer that is late for a broken one.
        "-append",
        "console=ttyS0 quiet loglevel=1 panic=-1 mitigations=off io_delay=none no_timer_check"
          + interface.kernelOption,
      ] + (configuration.hostMayReboot ? [] : ["-no-reboot"]), try hostJoint(interface, relay))
    host = try GuestConsole(
      process, device: "/dev/ipmi0", failure: "the host's \(interface.driver) found no BMC",
      timeout: configuration.bootTimeout)
  }

  /// Boots `host.elf`, and returns when its emulator has ended, as it does by itself when the program
  /// has said everything: with status 85 where all is well, and 221 otherwise.
  ///
  /// - Parameter arguments: The program's command line.
  public func runHostStub(
    arguments: String = "", timeout: TimeInterval = 60
  ) throws -> ChildProcess {
    let process = try startEmulator(
      [
        "-kernel", configuration.hostKernel, "-append", arguments, "-no-reboot",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
      ], try hostJoint(selectedInterface(), nil))
    _ = try process.waitForExit(timeout: timeout)
    return process
  }

  private func selectedInterface() throws -> HostInterface {
    guard let interface = HostInterface(rawValue: configuration.hostInterface) else {
      throw EmulatorError("QEMU has no \(configuration.hostInterface)")
    }
    return interface
  }

  /// A PC in a stock QEMU, with its serial port on standard output.
  private func startEmulator(
    _ software: [String], _ joint: (options: [String], environment: [String: String])
  ) throws -> ChildProcess {
    let observer = self.observer
    return try ChildProcess(
      name: "host",
      command: [
        "qemu-system-x86_64", "-m", "256", "-nodefaults", "-display", "none", "-serial", "stdio",
        "-qmp", "unix:\(escapedForQEMU(directory.appending("host-monitor"))),server=on,wait=off",
      ] + translation + software + joint.options,
      environment: joint.environment, log: log("host.log")
    ) { observer(.host, $0) }
  }

  /// What joins the host's emulator to its BMC.
  private func hostJoint(
    _ interface: HostInterface, _ relay: String?
  ) throws -> (options: [String], environment: [String: String]) {
    guard configuration.link == .registers else {
      return (try messageOptions(interface, relay), [:])
    }
    guard case .emulated(let bmc) = configuration.bmc, relay == nil else {
      throw EmulatorError("only an emulated board shares registers, and without a relay")
    }
    return (
      try RegisterJoint(bmc: bmc, directory: directory.path).options(),
      Preload.environment(for: bmc.plugin)
    )
  }

  private func messageOptions(
    _ interface: HostInterface, _ relay: String?
  ) throws -> [String] {
    var options: [String] = []
    for (number, wire) in wires.enumerated() {
      switch configuration.bmc {
      case .builtIn(let properties):
        options += [
          "-device", (["ipmi-bmc-sim", "id=bmc\(number)"] + properties).joined(separator: ","),
        ]
      case .ipmiSim, .simulate, .emulated:
        // With `reconnect`: a socket that is open before the device exists crashes QEMU 7.2.
        let wire = number == 0 ? relay.map { .unix(path: $0) } ?? wire : wire
        options += [
          "-chardev", "socket,id=ipmichr\(number),\(wire.chardevOptions),reconnect=1",
          "-device", "ipmi-bmc-extern,chardev=ipmichr\(number),id=bmc\(number)",
        ]
      }
      options += ["-device", try interface.device(number)]
    }
    if case .emulated = configuration.bmc {
      let postCodes = BMC.postCodes(in: directory.path)
      options += [
        "-chardev", "socket,id=post0,\(postCodes.chardevOptions),reconnect=1",
        "-device", "isa-debugcon,iobase=0x80,chardev=post0",
      ]
    }
    return options
  }

  /// Starts both.
  public func start() throws {
    try startBMC()
    try startHost()
  }

  /// Runs a command in the host.
  public func run(_ command: String, timeout: TimeInterval = 60) throws -> CommandResult {
    guard let host else { throw EmulatorError("the host is not running") }
    return try host.run(command, timeout: timeout)
  }

  /// Where the BMC takes the host's messages to its first interface: a Unix socket, of a board.
  public var wirePath: String? {
    if case .unix(let path) = wires[0] { path } else { nil }
  }

  /// The machine protocol of the BMC's emulator, for one caller at a time.
  public func monitorBMC() throws -> MachineMonitor {
    try MachineMonitor(path: directory.appending("monitor"))
  }

  /// The machine protocol of the host's emulator, for one caller at a time. Where both share
  /// registers, the device of each interface has the responder's name.
  public func monitorHost() throws -> MachineMonitor {
    try MachineMonitor(path: directory.appending("host-monitor"))
  }

  /// Ends the host as a power cut would.
  public func killHost() {
    host?.process.kill()
    host = nil
  }

  /// Ends the BMC as a power cut would.
  public func killBMC() {
    bmc?.kill()
    bmc = nil
    bmcConsole = nil
  }

  /// Ends both.
  public func stop() {
    killHost()
    killBMC()
  }

  private func log(_ name: String) -> URL? {
    configuration.logDirectory.map { URL(fileURLWithPath: $0).appendingPathComponent(name) }
  }
}
