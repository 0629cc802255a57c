import Foundation

/// A board in a stock `qemu-system-arm`, reached through the registers that the plug-in adds to it.
public struct EmulatedBMC: Sendable {
  public var board: Board
  /// The interfaces of the BMC that the host is connected to, one at least, as `responder=` names
  /// them.
  public var responders: [String]
  public var software: Software
  /// Whether the BMC's pins control the host, which it then can turn off.
  public var controlsHost = true
  /// Whether a Linux that reboots does; otherwise the emulator ends.
  public var mayReboot = false
  /// Where what happens at the first interface is written: see the plug-in's `trace=`.
  public var trace: String?
  /// The library that adds the registers.
  public var plugin: String

  /// What runs on the board.
  public enum Software: Sendable {
    /// Our firmware, or other that logs as it does.
    case firmware(elf: String)
    /// A Linux whose /init is `Tests/Guests/init`, and answers with `ipmi-responder`.
    case linux(kernel: String, deviceTree: String, initrd: String)
  }

  public init(board: Board, responders: [String], software: Software, plugin: String) {
    self.board = board
    self.responders = responders
    self.software = software
    self.plugin = plugin
  }

  /// How the board and the host are joined.
  enum Joint {
    /// By messages: where those to each of the interfaces come from, and the POST codes.
    case messages([WireAddress], postCodes: WireAddress)
    /// By registers: the file of the link.
    case registers(link: String)
  }

  /// The emulator with this board.
  ///
  /// - Parameter monitor: The socket of the emulator's machine protocol.
  func program(_ joint: Joint, monitor: String) throws -> BMC.Program {
    let machine = [
      "qemu-system-arm", "-M", board.name, "-display", "none", "-monitor", "none",
      "-serial", "stdio", "-qmp", "unix:\(escapedForQEMU(monitor)),server=on,wait=off",
    ]
    return BMC.Program(
      command: try machine + translation + devices(joint) + softwareOptions,
      environment: Preload.environment(for: plugin),
      readyLines: responders.map { "\($0.uppercased()) ready" }, guestDevice: guestDevice)
  }

  /// QEMU's options that join the host.
  private func devices(_ joint: Joint) -> [String] {
    switch joint {
    case .registers(let link):
      return ["-device", "ipmi-host-link,link=\(escapedForQEMU(link))"]
    case .messages(let wires, let postCodes):
      var devices = [
        "-chardev", "socket,id=post0,\(postCodes.chardevOptions),server=on,wait=off",
        "-device", "ipmi-host-post-codes,chardev=post0",
      ]
      for (number, (responder, wire)) in zip(responders, wires).enumerated() {
        devices += [
          "-chardev", "socket,id=ipmi\(number),\(wire.chardevOptions),server=on,wait=off",
          "-device",
          "ipmi-host-extern,id=\(responder),chardev=ipmi\(number),responder=\(responder)"
            + (controlsHost && number == 0 ? ",\(board.hostControl)" : "")
            + (number == 0 ? trace.map { ",trace=\(escapedForQEMU($0))" } ?? "" : ""),
        ]
      }
      return devices
    }
  }

  /// QEMU's options that load the software.
  private var softwareOptions: [String] {
    get throws {
      switch software {
      case .firmware(let elf):
        guard let entry = entryPoint(of: elf) else {
          throw EmulatorError("\(elf) is not an ARM ELF file")
        }
        let others = board.otherCores.flatMap {
          ["-device", "loader,addr=\(entry),cpu-num=\($0)"]
        }
        return ["-device", "loader,file=\(escapedForQEMU(elf)),cpu-num=0"] + others
      case .linux(let kernel, let deviceTree, let initrd):
        return (mayReboot ? [] : ["-no-reboot"]) + [
          "-kernel", kernel, "-dtb", deviceTree, "-initrd", initrd, "-append",
          "console=\(board.console),115200 quiet loglevel=1 panic=-1 "
            + "responders=\(responders.joined(separator: ","))",
        ]
      }
    }
  }

  /// What Linux's programs have of the last interface; nil where they have none.
  private var guestDevice: String? {
    guard case .linux = software, let responder = responders.last else { return nil }
    return responder == "ibt" ? "/dev/ipmi-bt-host" : "/dev/ipmi-\(responder)"
  }

  /// Whether a line of the console is the log of what answers.
  func isLog(_ line: String) -> Bool {
    (responders.map { $0.uppercased() + " " } + ["action: ", "ipmi-responder "])
      .contains(where: line.hasPrefix)
  }
}

extension EmulatedBMC {
  /// `board` with Linux and an `ipmi-responder` for each interface.
  ///
  /// - Parameter responders: One at least; the kernel is the one for the first.
  public static func linux(_ board: Board, responders: [String]) throws -> EmulatedBMC {
    EmulatedBMC(
      board: board, responders: responders,
      software: try Artifacts.linux(for: board, responder: responders[0]),
      plugin: try Artifacts.plugin())
  }
}

extension EmulatedBMC.Software {
  /// For the user's eyes.
  public var name: String {
    switch self {
    case .firmware(let elf): String(elf.split(separator: "/").last ?? "")
    case .linux: "Linux"
    }
  }
}

/// Where a 32-bit little-endian ELF file is entered; nil for a file that is none.
func entryPoint(of path: String) -> UInt32? {
  guard let file = FileHandle(forReadingAtPath: path), let header = try? file.read(upToCount: 28),
    header.count == 28, header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 1, 1])
  else { return nil }
  return header.suffix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
}
