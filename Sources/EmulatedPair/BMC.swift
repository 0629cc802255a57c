import Foundation

/// What answers the host: an emulated board, or one of the simulators it is compared with.
public enum BMC: Sendable {
  /// A board in a stock `qemu-system-arm`.
  case emulated(EmulatedBMC)
  /// OpenIPMI's `ipmi_sim`, reached over the same wire protocol.
  ///
  /// - Parameter commands: Lines of its `.emu` file, beside those that make its one controller, 20h.
  case ipmiSim(commands: [String] = [])
  /// This project's `ipmi-host-bridge simulate`.
  ///
  /// - Parameters:
  ///   - program: The executable.
  ///   - options: Those of `simulate`, beside its link.
  case simulate(program: String, options: [String])
  /// `ipmi-bmc-sim`, inside the host's QEMU: nothing runs beside it.
  ///
  /// - Parameter properties: Those of the device, `name=value`.
  case builtIn(properties: [String] = [])
}

extension BMC {
  /// `board` with this project's firmware, which answers on `responder`.
  ///
  /// - Parameters:
  ///   - responder: nil for the board's usual one.
  ///   - elf: nil for the firmware that ``Artifacts`` finds.
  ///   - controlsHost: Whether the BMC's pins control the host.
  public static func firmware(
    _ board: Board, responder: String? = nil, elf: String? = nil, controlsHost: Bool = true
  ) throws -> BMC {
    var bmc = EmulatedBMC(
      board: board, responders: [responder ?? board.responders[0]],
      software: .firmware(elf: try elf ?? Artifacts.firmware(for: board)),
      plugin: try Artifacts.plugin())
    bmc.controlsHost = controlsHost
    return .emulated(bmc)
  }

  /// `board` with Linux and `ipmi-responder`, which answers on `responder`.
  ///
  /// - Parameter responder: nil for iBT, the one that Debian's own kernel has a driver for, or,
  ///   where the board has none, its usual one.
  public static func linux(_ board: Board, responder: String? = nil) throws -> BMC {
    let responder = responder ?? board.responders.first { $0 == "ibt" } ?? board.responders[0]
    return .emulated(try EmulatedBMC.linux(board, responders: [responder]))
  }

  /// What runs beside the host's QEMU.
  struct Program {
    /// With the BMC's console on standard output.
    var command: [String]
    var environment: [String: String] = [:]
    /// How the lines of the console begin that say, together, that the BMC takes requests; empty
    /// where its socket does.
    var readyLines: [String] = []
    /// What a Linux that takes commands on its console has to have first; nil where there is none.
    var guestDevice: String?
  }

  /// The program that is this BMC; nil where it is part of the host's QEMU.
  ///
  /// - Parameters:
  ///   - wires: One for each interface; all but boards have one.
  ///   - link: How a board is joined to the host.
  func program(
    _ wires: [WireAddress], _ link: LinkKind = .messages, directory: String
  ) throws -> Program? {
    switch self {
    case .builtIn:
      return nil
    case .ipmiSim(let commands):
      let configuration = try writeSimulatorConfiguration(
        wires[0], commands, directory: directory)
      return Program(
        command: ["ipmi_sim", "-c", configuration.network, "-f", configuration.emulation]
          + ["-s", directory, "-n"])
    case .simulate(let program, let options):
      guard case .unix(let path) = wires[0] else { throw EmulatorError("no Unix socket") }
      return Program(
        command: [program, "simulate", "--listen", "unix:\(path)"] + options,
        readyLines: ["listening on "])
    case .emulated(let bmc):
      let joint: EmulatedBMC.Joint =
        switch link {
        case .messages: .messages(wires, postCodes: Self.postCodes(in: directory))
        case .registers: .registers(link: RegisterJoint.linkPath(in: directory))
        }
      return try bmc.program(joint, monitor: Self.monitorPath(in: directory))
    }
  }

  /// The socket of the emulator's machine protocol.
  static func monitorPath(in directory: String) -> String { "\(directory)/monitor" }

  /// The wire that carries the POST codes of the host to an emulated board.
  static func postCodes(in directory: String) -> WireAddress {
    .unix(path: "\(directory)/post-codes")
  }

  /// The smallest configuration with which `ipmi_sim` satisfies Linux's driver.
  private func writeSimulatorConfiguration(
    _ wire: WireAddress, _ commands: [String], directory: String
  ) throws -> (network: String, emulation: String) {
    guard case .tcp(let port) = wire else { throw EmulatorError("ipmi_sim listens on TCP only") }
    let network = "\(directory)/ipmi_sim.conf"
    let emulation = "\(directory)/ipmi_sim.emu"
    try """
    name "ipmi_sim"
    set_working_mc 0x20
    serial kcs localhost \(port) codec VM

    """.write(toFile: network, atomically: true, encoding: .utf8)
    try """
    mc_setbmc 0x20
    mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
    sel_enable 0x20 1000 0x0a
    \(commands.joined(separator: "\n"))
    mc_enable 0x20

    """.write(toFile: emulation, atomically: true, encoding: .utf8)
    return (network, emulation)
  }
}
