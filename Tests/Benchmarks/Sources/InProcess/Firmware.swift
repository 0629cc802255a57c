import CMeasure
import IPMI
import ManagementController
import SystemInterfaces

/// KCS 1 of the machine as firmware reaches it: by loads and stores.
struct MappedKCS: KCSBMCRegisters {
  let machine: Machine
  /// The accesses made, where they are wanted.
  var recording: [CMeasureAccess]?

  mutating func bmcReadStatus() -> KCSStatus { KCSStatus(rawValue: load(0x0C)) }
  mutating func bmcWriteStatus(_ value: KCSStatus) { store(value.rawValue, to: 0x0C) }
  mutating func bmcReadData() -> UInt8 { load(0x10) }
  mutating func bmcWriteData(_ value: UInt8) { store(value, to: 0x0E) }

  private mutating func load(_ offset: UInt16) -> UInt8 {
    if recording != nil { record(CMeasureAccess(offset: offset, value: 0, is_write: 0)) }
    return UInt8(truncatingIfNeeded: machine.read(Int(offset), width: 1))
  }

  private mutating func store(_ value: UInt8, to offset: UInt16) {
    if recording != nil { record(CMeasureAccess(offset: offset, value: value, is_write: 1)) }
    machine.write(UInt64(value), to: Int(offset), width: 1)
  }
}

extension MappedKCS {
  @inline(never)
  private mutating func record(_ access: CMeasureAccess) { recording?.append(access) }
}

/// What the BMC's processor does: the responder and the management controller, on its registers.
struct Firmware {
  var port: MappedKCS
  private var responder = KCSResponder<300>()
  private var controller = ManagementController(
    identity: DeviceIdentity(
      firmwareMajor: 0, firmwareMinor: 1, manufacturer: 0, product: 0x0750, guid: FixedBytes(),
      name: "bench"),
    sensors: SensorTable(),
    fru: FRUDescription(
      chassis: ["", ""], board: ["", "", "", "", ""],
      product: ["", "", "", "", "", "", ""]))

  init(_ machine: Machine) {
    port = MappedKCS(machine: machine)
  }

  /// Serves interrupts until there is none.
  mutating func run() {
    while port.machine.interrupt {
      responder.service(&port)
      if let bytes = responder.takeRequest(), let request = Message(bytes) {
        let response = controller.respond(to: request, now: 0)
        responder.respond(response.bytes, on: &port)
      }
    }
  }
}
