import EmulatedPair
import Foundation
import Testing

@Suite struct CommandLineTests {
  @Test(arguments: [
    ([], "SUBCOMMANDS:"), (["--help"], "SUBCOMMANDS:"), (["qemu", "--help"], "LD_PRELOAD"),
    (["help", "qemu"], "ipmi-host-extern,help"), (["pair-qemu", "--help"], "--host-command"),
    (["--version"], "0."), (["qemu", "--version"], "0."),
  ])
  func `help and version are printed with exit status 0`(
    _ arguments: [String], _ expected: String
  ) throws {
    let run = try CommandLineRun(arguments)
    #expect(run.status == .exited(0))
    #expect(run.text.contains(expected))
  }

  @Test(arguments: [
    (["qemu"], "after \"--\""), (["qemu", "--"], "after \"--\""),
    (["qemu", "--plugin"], "--plugin"), (["no-such"], "no-such"),
    (["pair-qemu", "--board", "no-such"], "npcm750-evb"),
    (["pair-qemu", "--bmc", "no-such"], "ipmi_sim"),
    (["pair-qemu", "--responder", "kcs9"], "which has kcs1, kcs2, kcs3"),
    (["pair-qemu", "--host-interface", "no-such"], "isa-ipmi-bt"),
    (["pair-qemu", "--link", "no-such"], "registers"),
    (["pair-qemu", "--link", "registers", "--bmc", "ipmi_sim"], "has no registers"),
    (
      ["pair-qemu", "--link", "registers", "--host-interface", "isa-ipmi-bt"],
      "--host-interface is for --link messages"
    ),
    (["pair-qemu", "--trace", "a.txt"], "ends in .pcapng, .jsonl or .vcd"),
    (["pair-qemu", "--trace", "a.vcd", "--bmc", "simulate"], "no registers to make a waveform of"),
    (["pair-qemu", "--trace", "a.vcd", "--bmc", "ipmi_sim"], "our own BMCs"),
    (["pair-qemu", "--trace", "a.vcd", "--link", "registers"], "--link messages"),
    (["pair-qemu", "--timeout", "0"], "time-out"),
    (["pair-qemu", "--timeout", "nan"], "time-out"),
  ])
  func `a command line that makes no sense is refused with status 64`(
    _ arguments: [String], _ expected: String
  ) throws {
    let run = try CommandLineRun(arguments)
    #expect(run.status == .exited(64))
    #expect(run.text.contains(expected))
  }

  @Test(arguments: [
    (["qemu", "--plugin", "/no/such.so", "--", "true"], "/no/such.so"),
    (
      ["qemu", "--plugin", "/dev/null", "--", "no-such-qemu"], "no-such-qemu was not found on PATH"
    ),
    (["qemu", "--plugin", "/dev/null", "--", "/etc/passwd"], "/etc/passwd was not found"),
    (["qemu", "--plugin", "/dev/null", "--", "/tmp"], "/tmp was not found"),
    (["pair-qemu", "--bmc", "ipmi-bmc-sim", "--host-script", "/no/such"], "/no/such"),
  ])
  func `what is missing is named in one line, with status 1`(
    _ arguments: [String], _ expected: String
  ) throws {
    let run = try CommandLineRun(arguments)
    #expect(run.status == .exited(1))
    #expect(run.lines.count == 1)
    #expect(run.text.contains(expected))
  }

  @Test(arguments: [
    ("IPMI_HOST_BRIDGE_QEMU_PLUGIN", ["qemu", "--", "true"]),
    ("IPMI_HOST_BRIDGE_HOST_KERNEL", ["pair-qemu", "--bmc", "ipmi-bmc-sim"]),
    ("IPMI_HOST_BRIDGE_FIRMWARE", ["pair-qemu"]),
    ("IPMI_HOST_BRIDGE_BMC_LINUX", ["pair-qemu", "--board", "ast2600-evb", "--bmc", "linux"]),
  ])
  func `a variable that names a file which is not there is named in the message`(
    _ variable: String, _ arguments: [String]
  ) throws {
    let run = try CommandLineRun(arguments, environment: [variable: "/no/such"])
    #expect(run.status == .exited(1))
    #expect(run.text.contains("\(variable) says: /no/such"))
  }

  @Test func `a library whose path cannot be preloaded is refused`() throws {
    let directory = try TemporaryDirectory()
    let library = directory.appending("a library.so")
    #expect(FileManager.default.createFile(atPath: library, contents: nil))
    let run = try CommandLineRun(["qemu", "--plugin", library, "--", "true"])
    #expect(run.status == .exited(1))
    #expect(run.text.contains("colon or a space"))
  }

  @Test func `qemu becomes the program: same process, its arguments, its exit status`() throws {
    let script = "echo \"$$ $1 $2\"; exit 7"
    let process = try CommandLineRun.start(
      ["qemu", "--plugin", "/dev/null", "--", "sh", "-c", script, "sh", "--help", "a b"])
    #expect(try process.waitForExit(timeout: 30) == .exited(7))
    #expect(process.lines.contains("\(process.processIdentifier) --help a b"))
  }

  @Test func `a signal that ends the program is seen by the caller`() throws {
    let run = try CommandLineRun(
      ["qemu", "--plugin", "/dev/null", "--", "sh", "-c", "kill -KILL $$"])
    #expect(run.status == .signalled(9))
  }

  @Test func `the library goes in front of what is preloaded already`() throws {
    let run = try CommandLineRun(
      ["qemu", "--plugin", "/dev/null", "--", "sh", "-c", "echo $LD_PRELOAD"],
      environment: ["LD_PRELOAD": "/dev/zero"])
    #expect(run.lines.contains("/dev/null:/dev/zero"))
  }

  @Test func `firmware that is no ELF file is refused`() throws {
    let run = try CommandLineRun(
      [
        "pair-qemu", "--bmc-firmware", "/etc/passwd", "--host-kernel", "/dev/null", "--host-initrd",
        "/dev/null",
      ], environment: ["IPMI_HOST_BRIDGE_QEMU_PLUGIN": "/dev/null"])
    #expect(run.status == .exited(1))
    #expect(run.text.contains("/etc/passwd is not an ARM ELF file"))
  }
}
