import CLinux
import IPMI
import ManagementController

extension ManagementController {
  /// The controller as this program presents it, at the time of its kernel's clocks.
  static func linux() -> ManagementController {
    var sensors = SensorTable()
    sensors.append(.hostPower(number: 1))
    sensors.append(.watchdog(number: 2))
    sensors.append(.eventLog(number: 3))
    return ManagementController(
      identity: DeviceIdentity(
        firmwareMajor: 0, firmwareMinor: 0x01, manufacturer: 0, product: 0x6C78,
        guid: [
          0x78, 0x6C, 0xE1, 0xB0, 0x4E, 0x50, 0x9C, 0x8A, 0x4D, 0x47, 0x2B, 0x7A, 0x1C, 0x3F, 0x05,
          0xD6,
        ],
        name: "Linux"),
      sensors: sensors,
      fru: FRUDescription(
        chassis: ["", ""],
        board: ["ipmi-host-bridge", "Linux", "", "", ""],
        product: ["ipmi-host-bridge", "ipmi-responder", "", "0.1", "", "", ""]),
      seconds: linux_seconds(), now: linux_now())
  }
}
