import IPMI

/// What the FRU inventory of a board says; ASCII, each string cut at 31 bytes.
///
/// Platform Management FRU Information Storage Definition v1.0, sections 10 to 12.
public struct FRUDescription: Sendable {
  /// The bytes of the inventory: room for every string at its longest.
  static let size = 512

  /// Chassis type, SMBIOS code; 17h is a rack mount chassis.
  public var chassisType: UInt8
  /// Chassis part and serial number.
  public var chassis: [2 of StaticString]
  /// Board manufacturing date, minutes since 1996-01-01 00:00 UTC; 0 when unspecified.
  public var manufacturingMinutes: UInt32
  /// Board manufacturer, product name, serial number, part number and FRU file ID.
  public var board: [5 of StaticString]
  /// Product manufacturer, name, part number, version, serial number, asset tag and FRU file ID.
  public var product: [7 of StaticString]

  public init(
    chassisType: UInt8 = 0x17, chassis: [2 of StaticString], manufacturingMinutes: UInt32 = 0,
    board: [5 of StaticString], product: [7 of StaticString]
  ) {
    self.chassisType = chassisType
    self.chassis = chassis
    self.manufacturingMinutes = manufacturingMinutes
    self.board = board
    self.product = product
  }

  /// The inventory that says so.
  var image: FRUImage<512> {
    var image = FRUImage<512>()
    image.begin(.chassis)
    image.append(chassisType)
    for index in chassis.indices { image.appendField(FixedBytes<31>(text: chassis[index])) }
    image.endArea()

    image.begin(.board)
    image.append(0)  // English
    for shift: UInt32 in stride(from: 0, to: 24, by: 8) {
      image.append(UInt8(truncatingIfNeeded: manufacturingMinutes >> shift))
    }
    for index in board.indices { image.appendField(FixedBytes<31>(text: board[index])) }
    image.endArea()

    image.begin(.product)
    image.append(0)  // English
    for index in product.indices { image.appendField(FixedBytes<31>(text: product[index])) }
    image.endArea()
    return image
  }
}
