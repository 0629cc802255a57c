import ArgumentParser
import ControllerContent
import Foundation

/// Who a simulated BMC says it is.
struct IdentityOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Device ID, 0 to 255.", valueName: "number"))
  var deviceID: UInt8?

  @Option(
    help: ArgumentHelp(
      "Manufacturer ID: an IANA enterprise number, 0 to 1048575.", valueName: "number"))
  var manufacturer: UInt32?

  @Option(help: ArgumentHelp("Product ID, 0 to 65535.", valueName: "number"))
  var product: UInt16?

  @Option(
    help: ArgumentHelp(
      "GUID of the first link's BMC; the last number of each further one is one more.",
      valueName: "uuid"),
    transform: { try uuid($0) })
  var guid: UUID?

  func validate() throws {
    guard manufacturer ?? 0 < 1 << 20 else {
      throw ValidationError("A manufacturer ID has 20 bits: 0 to 1048575.")
    }
  }

  /// What `identity` is on link number `index`, with these options in place of what it says.
  func apply(
    to identity: ControllerContent.Identity, ofLink index: Int
  ) -> ControllerContent.Identity {
    var identity = identity
    identity.deviceID = deviceID ?? identity.deviceID
    identity.manufacturer = manufacturer ?? identity.manufacturer
    identity.product = product ?? identity.product
    if let guid { identity.guid = unsafe withUnsafeBytes(of: guid.uuid) { unsafe Array($0) } }
    // The node, 48 bits, counts on.
    var carry = index
    for place in (10..<16).reversed() {
      carry += Int(identity.guid[place])
      identity.guid[place] = UInt8(truncatingIfNeeded: carry)
      carry >>= 8
    }
    return identity
  }
}

private func uuid(_ text: String) throws -> UUID {
  guard let uuid = UUID(uuidString: text) else {
    throw ValidationError(
      "\(text) is no UUID: 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12 are expected.")
  }
  return uuid
}
