import Foundation

/// What answers the host: our firmware, or one of the simulators it is compared with.
public enum BMC: Sendable {
  /// Firmware on an emulated board, reached through the registers that the plug-in adds to a
  /// stock `qemu-system-arm`.
  case firmware(Board, elf: String, plugin: String)
  /// OpenIPMI's `ipmi_sim`, reached over the same wire protocol.
  case ipmiSim
  /// `ipmi-bmc-sim`, inside the host's QEMU: nothing runs beside it.
  case builtIn
}

/// Where the two emulators meet.
enum WireAddress {
  case unix(path: String)
  case tcp(port: UInt16)

  /// The options of QEMU's socket chardev.
  var chardevOptions: String {
    switch self {
    // A comma in an option's value is written twice.
    case .unix(let path): "path=\(path.replacingOccurrences(of: ",", with: ",,"))"
    case .tcp(let port): "host=localhost,port=\(port)"
    }
  }
}

extension BMC {
  /// The command that runs this BMC with its console on standard output, and the line that says it
  /// takes requests; nil where it is part of the host's QEMU.
  func command(_ wire: WireAddress, directory: String) throws
    -> (command: [String], environment: [String: String], isReady: @Sendable (String) -> Bool)?
  {
    switch self {
    case .builtIn:
      return nil
    case .ipmiSim:
      let configuration = try writeSimulatorConfiguration(wire, directory: directory)
      return (
        ["ipmi_sim", "-c", configuration.network, "-f", configuration.emulation]
          + ["-s", directory, "-n"],
        [:], { _ in true }
      )
    case .firmware(let board, let elf, let plugin):
      guard isELF(elf) else { throw EmulatorError("\(elf) is not an ARM ELF file") }
      let command = [
        "qemu-system-arm", "-M", board.name, "-accel", "tcg", "-display", "none",
        "-monitor", "none", "-serial", "stdio",
        "-qmp", "unix:\(Self.monitorPath(in: directory)),server=on,wait=off",
        "-chardev", "socket,id=ipmi0,\(wire.chardevOptions),server=on,wait=off",
        "-device", "ipmi-host-extern,chardev=ipmi0,responder=\(board.responder)",
        "-device", "loader,file=\(elf),cpu-num=0",
      ]
      let ready = "\(board.responder.uppercased()) ready"
      return (command, Preload.environment(for: plugin), { $0.hasPrefix(ready) })
    }
  }

  /// The socket of the emulator's machine protocol.
  static func monitorPath(in directory: String) -> String {
    "\(directory)/monitor".replacingOccurrences(of: ",", with: ",,")
  }

  /// The smallest configuration with which `ipmi_sim` satisfies Linux's driver.
  private func writeSimulatorConfiguration(
    _ wire: WireAddress, directory: String
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
    mc_enable 0x20

    """.write(toFile: emulation, atomically: true, encoding: .utf8)
    return (network, emulation)
  }
}

/// The environment that makes a stock QEMU load our library.
public enum Preload {
  /// `LD_PRELOAD` with `library` in front of what is there already.
  public static func environment(for library: String) -> [String: String] {
    let name = "LD_PRELOAD"
    let present = ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    return [name: present.map { "\(library):\($0)" } ?? library]
  }
}
