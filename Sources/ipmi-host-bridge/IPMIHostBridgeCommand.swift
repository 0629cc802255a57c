import ArgumentParser

@main
struct IPMIHostBridgeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ipmi-host-bridge",
    abstract: "Joins the IPMI host interface of an emulated PC to an emulated BMC.",
    discussion: """
      A PC in a stock qemu-system-x86_64 and a BMC's firmware in a stock qemu-system-arm talk \
      through the registers of the BMC's own KCS channels, as on a board. No QEMU is patched: a \
      library that is loaded into qemu-system-arm adds the registers.

      To see it work:
        ipmi-host-bridge pair-qemu

      To run your firmware against a host in one process, the same way every time:
        ipmi-host-bridge pair --bmc firmware.elf --soc ast2600

      To use it with your own command line:
        ipmi-host-bridge qemu -- qemu-system-arm -M npcm750-evb …

      To answer a PC without emulating a BMC:
        ipmi-host-bridge simulate --listen unix:bmc.sock

      To see what they say to each other, and to say it again:
        ipmi-host-bridge capture --listen unix:tap.sock --to unix:bmc.sock --trace pc.pcapng
        ipmi-host-bridge replay pc.pcapng --to unix:bmc.sock

      To look at it in a browser:
        ipmi-host-bridge report pc.pcapng -o report.html

      To run a BMC's daemon without hardware:
        ipmi-host-bridge openbmc --kcs ipmi-kcs3 --host simulate -- ./kcsbridged -c ipmi-kcs3

      To see which host interfaces your firmware's device tree declares:
        ipmi-host-bridge dtb board.dtb

      To make sensors and FRU data for QEMU's own ipmi-bmc-sim:
        ipmi-host-bridge content build bmc.yaml --sdr bmc.sdr --fru bmc.fru
      """,
    version: "0.1.0",
    subcommands: [
      PairCommand.self, QEMUCommand.self, PairQEMUCommand.self, SimulateCommand.self,
      CaptureCommand.self, ReplayCommand.self, ReportCommand.self, OpenBMCCommand.self,
      HostCommand.self, ContentCommand.self, DTBCommand.self,
    ])
}
