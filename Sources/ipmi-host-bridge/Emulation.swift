import BMCPeripherals
import DeviceTree

/// How far this project emulates a host interface that a device tree declares.
enum Emulation: Equatable, CustomStringConvertible {
  /// A host is answered through it: the device's property `responder`.
  case responder(String)
  /// Its registers are modelled, but no device brings them into QEMU yet.
  case registersOnly
  /// It is declared at an address, or on an interrupt, where its SoC does not have it.
  case elsewhere

  init(of peripheral: HostPeripheral) {
    switch peripheral.kind {
    case .npcm7xxKCS:
      let isWhereItIs =
        peripheral.registers.first?.start == NPCM7xxHostInterface.base
        && peripheral.interrupts.map(\.number) == [UInt32(NPCM7xxHostInterface.interrupt)]
      if isWhereItIs, let channel = peripheral.channel,
        (1...NPCM7xxHostInterface.channelCount).contains(channel)
      {
        self = .responder("kcs\(channel)")
      } else {
        self = .elsewhere
      }
    case .npcm7xxPOSTCodeFIFO:
      self = Self.isWithin(NPCM7xxHostInterface.base, NPCM7xxHostInterface.size, peripheral)
    case .aspeedKCS, .aspeedIBT, .aspeedSnoop:
      self = Self.isWithin(AspeedLPC.base, AspeedLPC.size, peripheral)
      guard self == .registersOnly else { return }
      if peripheral.kind == .aspeedIBT { self = .responder("ibt") }
      if peripheral.kind == .aspeedKCS, let channel = peripheral.channel {
        self =
          (1...AspeedLPC.channelCount).contains(channel) ? .responder("kcs\(channel)") : .elsewhere
      }
    }
  }

  private static func isWithin(
    _ base: UInt64, _ size: Int, _ peripheral: HostPeripheral
  ) -> Emulation {
    let block = base..<base + UInt64(size)
    return peripheral.registers.first.map { block.contains($0.start) } == true
      ? .registersOnly : .elsewhere
  }

  var description: String {
    switch self {
    case .responder(let name): "responder=\(name)"
    case .registersOnly: "registers only"
    case .elsewhere: "no: wrong place"
    }
  }
}
