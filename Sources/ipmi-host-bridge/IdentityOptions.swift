import ArgumentParser
import Foundation
import IPMI
import ManagementController

/// Who a simulated BMC says it is.
struct IdentityOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Device ID, 0 to 255.", valueName: "number"))
  var deviceID: UInt8 = 0x20

  @Option(
    help: ArgumentHelp(
      "Manufacturer ID: an IANA enterprise number, 0 to 1048575.", valueName: "number"))
  var manufacturer: UInt32 = 0

  @Option(help: ArgumentHelp("Product ID, 0 to 65535.", valueName: "number"))
  var product: UInt16 = 0x6C78

  @Option(
    help: ArgumentHelp(
      "GUID of the first link's BMC; the last number of each further one is one more.",
      valueName: "uuid"),
    transform: { try uuid($0) })
  var guid = UUID(
    uuid: (
      0xD6, 0x05, 0x3F, 0x1C, 0x7A, 0x2B, 0x47, 0x4D, 0x8A, 0x9C, 0x50, 0x4E, 0xB0, 0xE1, 0x51, 0x00
    ))

  @Option(
    help: ArgumentHelp("Name in the BMC's own locator record, 1 to 16 of ASCII.", valueName: "text")
  )
  var name = "BMC"

  func validate() throws {
    guard manufacturer < 1 << 20 else {
      throw ValidationError("A manufacturer ID has 20 bits: 0 to 1048575.")
    }
    guard (1...16).contains(name.utf8.count), name.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
    else {
      throw ValidationError("A name has 1 to 16 characters of printable ASCII.")
    }
  }

  /// The identity of the BMC of link number `index`.
  func identity(ofLink index: Int) -> DeviceIdentity {
    var identity = DeviceIdentity(
      deviceID: deviceID, firmwareMajor: 0, firmwareMinor: 0x01, manufacturer: manufacturer,
      product: product, guid: wireGUID(ofLink: index))
    identity.name = FixedBytes()
    for byte in name.utf8 { identity.name.append(byte) }
    return identity
  }

  /// IPMI sends a GUID from its end, a UUID is written from its beginning.
  private func wireGUID(ofLink index: Int) -> FixedBytes<16> {
    var bytes = FixedBytes<16>()
    // The node, 48 bits, counts on; the rest is the option's.
    for byte in guidBytes.reversed() { bytes.append(byte) }
    var carry = index
    for place in 0..<6 {
      carry += Int(bytes[place])
      bytes[place] = UInt8(truncatingIfNeeded: carry)
      carry >>= 8
    }
    return bytes
  }

  private var guidBytes: [UInt8] {
    let uuid = guid.uuid
    return [
      uuid.0, uuid.1, uuid.2, uuid.3, uuid.4, uuid.5, uuid.6, uuid.7, uuid.8, uuid.9, uuid.10,
      uuid.11, uuid.12, uuid.13, uuid.14, uuid.15,
    ]
  }
}

private func uuid(_ text: String) throws -> UUID {
  guard let uuid = UUID(uuidString: text) else {
    throw ValidationError(
      "\(text) is no UUID: 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12 are expected.")
  }
  return uuid
}

extension SensorTable {
  /// The sensors of a simulated BMC: those that its controller feeds by itself.
  static var ofSimulator: SensorTable {
    var sensors = SensorTable()
    sensors.append(.hostPower(number: 1))
    sensors.append(.watchdog(number: 2))
    sensors.append(.eventLog(number: 3))
    return sensors
  }
}

extension FRUDescription {
  /// The inventory of a simulated BMC.
  static let ofSimulator = FRUDescription(
    chassis: ["", ""],
    board: ["ipmi-host-bridge", "simulate", "", "", ""],
    product: ["ipmi-host-bridge", "simulate", "", "0.1", "", "", ""])
}
