import Foundation
import HostPeripherals

/// How a host and a board's BMC are joined.
public enum LinkKind: String, CaseIterable, Sendable {
  /// QEMU's `ipmi-bmc-extern` sends messages over a socket.
  case messages
  /// Both emulators share the registers of the BMC's channels, in a file.
  case registers
}

/// The host's half of a link of registers: a device for each interface, and what tells Linux of it.
struct RegisterJoint {
  let bmc: EmulatedBMC
  /// Where the link, and the host's tables, are.
  let directory: String

  static func linkPath(in directory: String) -> String { "\(directory)/link" }

  /// QEMU's options.
  func options() throws -> [String] {
    let link = "link=\(escapedForQEMU(Self.linkPath(in: directory)))"
    var options = ["-device", "lpc-post-codes,\(link)"]
    for (number, responder) in bmc.responders.enumerated() {
      let interface = interface(number, responder)
      let device =
        responder == "ibt" ? "lpc-bt,\(link)" : "lpc-kcs,\(link),channel=\(responder.dropFirst(3))"
      options += [
        "-device",
        "\(device),id=\(responder),ioport=0x\(String(interface.window.base, radix: 16)),"
          + "irq=\(interface.interrupt)",
        "-smbios", "file=\(escapedForQEMU(try writeDescription(of: interface, number)))",
      ]
    }
    return options
  }

  /// Where the host has an interface. On ASPEED's parts the BMC decides on the ports, and its
  /// software has these; on Nuvoton's the host does.
  private func interface(_ number: Int, _ responder: String) -> ISAInterface {
    var interface = responder == "ibt" ? ISAInterface.bt : .kcs
    let hasKCSAlready = bmc.responders[..<number].contains { $0 != "ibt" }
    if responder != "ibt", hasKCSAlready {
      interface.window = RegisterWindow(.io, base: 0xCA8 + 4 * UInt64(number - 1), registerCount: 2)
    }
    interface.interrupt = UInt8(10 + number)
    return interface
  }

  /// The host's firmware describes the interface by this record, and Linux finds it so.
  private func writeDescription(of interface: ISAInterface, _ number: Int) throws -> String {
    let record = InterfaceDescription(interface).smbiosRecord(handle: 0x2600 + UInt16(number))
    let path = "\(directory)/smbios-\(number)"
    do {
      try Data((0..<record.count).map { record[$0] }).write(to: URL(fileURLWithPath: path))
    } catch {
      throw EmulatorError("could not write \(path): \(error.localizedDescription)")
    }
    return path
  }
}
