import BMCPeripherals
import SystemInterfaces

/// The registers in which both processors meet: the host interface of the SoC.
///
/// A reset of either processor leaves them alone, as the silicon does. A BMC that does not say at
/// which ports its host has the channels has the first one at CA2h and CA3h.
struct HostInterface {
  private var module: any HostInterfaceModule

  /// An SoC's registers after power-on.
  init(_ soc: SystemOnChip) {
    switch soc.module {
    case .npcm7xx: module = NPCM7xxHostInterface()
    case .aspeed(let generation): module = AspeedHostInterface(AspeedLPC(generation))
    }
    if !module.decodesHostPorts { module.switchOnHost(ofChannel: 1) }
  }

  // MARK: The BMC

  mutating func read(_ offset: Int, width: Int) -> UInt64 { module.read(offset, width: width) }

  mutating func write(_ value: UInt64, to offset: Int, width: Int) {
    module.write(value, to: offset, width: width)
  }

  /// What interrupts the BMC, one bit for each source: `SystemOnChip.InterruptLine.sources`.
  var interruptSources: UInt8 { module.interruptSources }

  // MARK: Whoever looks on

  /// KCS channel `number` as it is; `nil` where there is none.
  mutating func kcs(_ number: Int) -> KCSChannel? {
    var channel: KCSChannel?
    module.withHost(ofChannel: number) {
      channel = $0
      return false
    }
    return channel
  }

  /// The BT channel as it is; `nil` where there is none.
  mutating func bt() -> BTChannel? {
    var channel: BTChannel?
    module.withHostOfBT {
      channel = $0
      return false
    }
    return channel
  }

  // MARK: The host

  /// KCS channel `number` is about to get a host that is a state machine.
  mutating func switchOnHost(ofChannel number: Int) { module.switchOnHost(ofChannel: number) }

  /// Lets such a host act; see `HostInterfaceModule`.
  mutating func withHost(ofChannel number: Int, _ host: (inout KCSChannel) -> Bool) {
    module.withHost(ofChannel: number, host)
  }

  /// The host reads an I/O port; `nil` where nothing here answers.
  mutating func hostRead(port: UInt16) -> UInt8? {
    guard !module.decodesHostPorts else { return module.hostRead(port: port) }
    var value: UInt8?
    module.withHost(ofChannel: 1) {
      switch port {
      case 0xCA2: value = $0.hostReadData()
      case 0xCA3: value = $0.hostReadStatus().rawValue
      default: return false
      }
      return true
    }
    return value
  }

  /// The host writes an I/O port.
  mutating func hostWrite(_ value: UInt8, port: UInt16) {
    // A POST code, or a port that the BMC has chosen.
    module.hostWrite(value, port: port)
    guard !module.decodesHostPorts else { return }
    module.withHost(ofChannel: 1) {
      switch port {
      case 0xCA2: $0.hostWriteData(value)
      case 0xCA3: $0.hostWriteCommand(value)
      default: return false
      }
      return true
    }
  }
}
