import ArgumentParser
import DeviceTree
import EmulatedPair
import Foundation

/// What a device tree declares of a BMC's host interfaces, and what of it is emulated.
struct DTBCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dtb",
    abstract: "Show which host interfaces a device tree declares, and which are emulated.",
    discussion: """
      Reads a compiled device tree, the file a BMC's kernel is started with, and prints one line \
      for each KCS channel, iBT and POST-code port in it:

        INTERFACE   what it is, with the number of the KCS channel
        STATUS      okay: a driver binds to it; disabled: none does
        REGISTERS   where the BMC's processor finds it; a KCS channel's first register
        HOST PORTS  the host's I/O ports; of KCS, data and then status and command; "SuperIO" where \
      the host's SuperIO configuration decides
        INTERRUPT   to the BMC's processor: SPI of a GIC, or the input of a simpler controller
        SERIRQ      to the host: number and level
        EMULATED    what "-device ipmi-host-extern" takes to answer on it, or the device \
      that brings POST codes; "wrong place": its SoC has it at another address or interrupt
        NODE        its path

      An interface that firmware uses must be okay and emulated. The kernel's files have most of \
      them disabled; devicetrees/ has overlays that enable them:

        dtc -q -I dts -O dtb -o board.dtbo devicetrees/npcm750-evb.dtso
        fdtoverlay -i nuvoton-npcm750-evb.dtb -o board.dtb board.dtbo
        ipmi-host-bridge dtb board.dtb

      The exit status is 0 if the file could be read, whatever is in it.
      """)

  @Argument(help: ArgumentHelp("The device tree, a .dtb file.", valueName: "file"))
  var file: String

  func run() throws {
    let peripherals: [HostPeripheral]
    do {
      peripherals = try DeviceTree(read()).hostPeripherals
    } catch let error as DeviceTreeError {
      throw EmulatorError("\(file): \(error)")
    }
    guard !peripherals.isEmpty else {
      print("\(file) declares no host interface.")
      return
    }
    let header = [
      "INTERFACE", "STATUS", "REGISTERS", "HOST PORTS", "INTERRUPT", "SERIRQ", "EMULATED", "NODE",
    ]
    for line in table([header] + peripherals.map(row)) { print(line) }
  }

  private func read() throws -> [UInt8] {
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
      // One byte more than is accepted, for a file that does not end.
      return Array(try handle.read(upToCount: DeviceTree.sizeLimit + 1) ?? Data())
    } catch {
      throw EmulatorError("could not read \(file)")
    }
  }

  private func row(_ peripheral: HostPeripheral) -> [String] {
    [
      name(of: peripheral),
      peripheral.isEnabled || peripheral.status != "okay" ? peripheral.status : "okay, parent not",
      peripheral.registers.first.map { hexadecimal($0.start, digits: 8) } ?? "-",
      hostPorts(of: peripheral),
      peripheral.interrupts.map(\.description).joined(separator: ", "),
      peripheral.serialInterrupt?.description ?? "",
      Emulation(of: peripheral).description, peripheral.path,
    ].map { $0.isEmpty ? "-" : printable($0) }
  }

  private func name(of peripheral: HostPeripheral) -> String {
    let channel = peripheral.channel.map(String.init) ?? "?"
    return switch peripheral.kind {
    case .npcm7xxKCS: "NPCM7xx KCS\(channel)"
    case .npcm7xxPOSTCodeFIFO: "NPCM7xx POST codes"
    case .aspeedKCS: "ASPEED KCS\(channel)"
    case .aspeedIBT: "ASPEED iBT"
    case .aspeedSnoop: "ASPEED POST codes"
    }
  }

  private func hostPorts(of peripheral: HostPeripheral) -> String {
    if peripheral.kind == .npcm7xxKCS { return "SuperIO" }
    return peripheral.hostPorts.map { hexadecimal(UInt64($0), digits: 2) }.joined(separator: " ")
  }
}

private func hexadecimal(_ number: UInt64, digits: Int) -> String {
  let text = String(number, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, digits - text.count)) + text + "h"
}

/// `text` with nothing that a terminal would act on: it comes from the file.
private func printable(_ text: String) -> String {
  String(String.UnicodeScalarView(text.unicodeScalars.map { (" "..."~").contains($0) ? $0 : "?" }))
}

/// The rows in columns as wide as their widest cell, two spaces apart.
private func table(_ rows: [[String]]) -> [String] {
  let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    let cells = row.indices.map { column in
      column == row.count - 1
        ? row[column]
        : row[column].padding(toLength: widths[column] + 2, withPad: " ", startingAt: 0)
    }
    return cells.joined()
  }
}
