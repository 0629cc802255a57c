import ArgumentParser
import EmulatedPair
import Foundation

/// Sets the preload up, and becomes QEMU.
struct QEMUCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "qemu",
    abstract: "Run a stock QEMU with this project's devices added to it.",
    discussion: """
      Puts libipmi-host-bridge-qemu.so in front of LD_PRELOAD and replaces itself with the \
      program, so that the process id, the exit status and the signals are QEMU's own. The same by \
      hand: env LD_PRELOAD=…/libipmi-host-bridge-qemu.so qemu-system-arm …

      The library is the one named by --plugin or by IPMI_HOST_BRIDGE_QEMU_PLUGIN, else the one \
      installed in ../lib/ipmi-host-bridge beside this program, else the build tree's.

      What the device takes:
        ipmi-host-bridge qemu -- qemu-system-arm -M npcm750-evb \\
          -device ipmi-host-extern,help

      A BMC that a host can connect to:
        ipmi-host-bridge qemu -- qemu-system-arm -M npcm750-evb -nographic \\
          -chardev socket,id=ipmi0,path=/tmp/ipmi0,server=on,wait=off \\
          -device ipmi-host-extern,chardev=ipmi0,responder=kcs1 \\
          -device loader,file=npcm750-evb.elf,cpu-num=0

      The host that connects to it (with reconnect=, without which QEMU 7.2 crashes):
        qemu-system-x86_64 … \\
          -chardev socket,id=ipmichr0,path=/tmp/ipmi0,reconnect=1 \\
          -device ipmi-bmc-extern,chardev=ipmichr0,id=bmc0 \\
          -device isa-ipmi-kcs,bmc=bmc0

      Both sharing the registers of the BMC's channels, without messages:
        ipmi-host-bridge qemu -- qemu-system-arm -M ast2600-evb … \\
          -device ipmi-host-link,link=/tmp/link
        ipmi-host-bridge qemu -- qemu-system-x86_64 … \\
          -device lpc-kcs,link=/tmp/link,channel=3,ioport=0xca2,irq=10 \\
          -device lpc-post-codes,link=/tmp/link
      """)

  @Option(help: ArgumentHelp("The library to load into QEMU.", valueName: "path"))
  var plugin: String?

  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp("The program and its arguments, after \"--\".", valueName: "command"))
  var command: [String] = []

  func validate() throws {
    guard !command.isEmpty else {
      throw ValidationError(
        "No program. Write it after \"--\": ipmi-host-bridge qemu -- qemu-system-arm …")
    }
  }

  func run() throws {
    let library = try plugin ?? Artifacts.plugin()
    guard FileManager.default.isReadableFile(atPath: library) else {
      throw EmulatorError("there is no library \(library)")
    }
    let path = URL(fileURLWithPath: library).path
    // The loader takes both as separators, and has no way to quote them.
    guard !path.contains(where: { $0 == ":" || $0 == " " }) else {
      throw EmulatorError("LD_PRELOAD cannot name a path with a colon or a space: \(path)")
    }
    guard let program = Programs.find(command[0]) else {
      throw EmulatorError("\(command[0]) was not found on PATH")
    }
    for (name, value) in Preload.environment(for: path) {
      _ = unsafe setenv(name, value, 1)
    }
    let reason = replaceProcess(program, command)
    throw EmulatorError("could not run \(program): \(reason)")
  }
}

/// `execv(3)`; returns only when it fails, and then says why.
private func replaceProcess(_ program: String, _ arguments: [String]) -> String {
  var pointers = unsafe arguments.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  unsafe execv(program, &pointers)
  return unsafe String(cString: strerror(errno))
}
