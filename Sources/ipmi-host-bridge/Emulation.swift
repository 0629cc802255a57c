import BMCPeripherals
import DeviceTree

/// How far this project emulates a host interface that a device tree declares.
enum Emulation: Equatable, CustomStringConvertible {
  /// A host is answered through it: the device's property `responder`.
  case responder(String)
  /// Its registers are modelled, but no device brings them into QEMU yet.
  case registersOnly
  /// It has no model yet.
  case none
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
    case .aspeedKCS, .aspeedIBT, .aspeedSnoop: self = .registersOnly
    case .npcm7xxPOSTCodeFIFO: self = .none
    }
  }

  var description: String {
    switch self {
    case .responder(let name): "responder=\(name)"
    case .registersOnly: "registers only"
    case .none: "not yet"
    case .elsewhere: "no: wrong place"
    }
  }
}
