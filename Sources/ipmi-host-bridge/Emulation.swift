import BMCPeripherals
import DeviceTree

/// How far this project emulates a host interface that a device tree declares.
enum Emulation: Equatable, CustomStringConvertible {
  /// A host is answered through it: the device's property `responder`.
  case responder(String)
  /// POST codes reach it: the device that brings them.
  case postCodes
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
      let isThere = peripheral.isWithin(NPCM7xxHostInterface.base, NPCM7xxHostInterface.size)
      self = isThere ? .postCodes : .elsewhere
    case .aspeedKCS, .aspeedIBT, .aspeedSnoop:
      self = .elsewhere
      guard peripheral.isWithin(AspeedLPC.base, AspeedLPC.size) else { return }
      if peripheral.kind == .aspeedIBT { self = .responder("ibt") }
      if peripheral.kind == .aspeedSnoop { self = .postCodes }
      if peripheral.kind == .aspeedKCS, let channel = peripheral.channel,
        (1...AspeedLPC.channelCount).contains(channel)
      {
        self = .responder("kcs\(channel)")
      }
    }
  }

  var description: String {
    switch self {
    case .responder(let name): "responder=\(name)"
    case .postCodes: "ipmi-host-post-codes"
    case .elsewhere: "no: wrong place"
    }
  }
}

extension HostPeripheral {
  /// Whether its registers begin in the block of `size` bytes at `base`.
  fileprivate func isWithin(_ base: UInt64, _ size: Int) -> Bool {
    registers.first.map { (base..<base + UInt64(size)).contains($0.start) } == true
  }
}
