import IPMI

/// What the FRU inventory of the board says; ASCII, each string cut at 31 bytes.
///
/// Platform Management FRU Information Storage Definition v1.0, sections 10 to 12.
public struct FRUDescription: Sendable {
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
}

/// FRU inventory: the data of FRU device 0, byte-addressed and writable. IPMI v2.0, section 34.
///
/// Built from a ``FRUDescription``: common header, then chassis, board and product information
/// areas, each padded to eight bytes and closed by a checksum.
public struct FRUInventory: Sendable {
  /// The number of bytes: room for every string at its longest.
  public static let size = 512
  /// All bytes; those behind the last area are zero.
  public private(set) var bytes: FixedBytes<512> = FixedBytes()

  init(_ description: FRUDescription) {
    for _ in 0..<8 {
      bytes.append(0)
    }
    bytes[0] = 0x01

    let chassis = beginArea(headerIndex: 2)
    bytes.append(description.chassisType)
    for index in description.chassis.indices {
      appendField(description.chassis[index])
    }
    endArea(chassis)

    let board = beginArea(headerIndex: 3)
    bytes.append(0)  // English
    for shift: UInt32 in stride(from: 0, to: 24, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: description.manufacturingMinutes >> shift))
    }
    for index in description.board.indices {
      appendField(description.board[index])
    }
    endArea(board)

    let product = beginArea(headerIndex: 4)
    bytes.append(0)  // English
    for index in description.product.indices {
      appendField(description.product[index])
    }
    endArea(product)

    bytes[7] = checksum(0..<7)
    while bytes.append(0) {}
  }

  /// Writes the bytes at `range` of `data` from `offset` on; `false`, and no change, where they
  /// would pass the end.
  mutating func write(_ data: FixedBytes<300>, _ range: Range<Int>, at offset: Int) -> Bool {
    guard offset < Self.size, range.count <= Self.size - offset else { return false }
    for (place, index) in range.enumerated() {
      bytes[offset + place] = data[index]
    }
    return true
  }

  /// Starts an area: version and a length that ``endArea(_:)`` fills in.
  private mutating func beginArea(headerIndex: Int) -> Int {
    let start = bytes.count
    bytes[headerIndex] = UInt8(truncatingIfNeeded: start / 8)
    bytes.append(0x01)
    bytes.append(0)
    return start
  }

  /// Ends an area: end mark, padding, length in eights of bytes, checksum.
  private mutating func endArea(_ start: Int) {
    bytes.append(0xC1)
    while (bytes.count - start) % 8 != 7 {
      bytes.append(0)
    }
    bytes[start + 1] = UInt8(truncatingIfNeeded: (bytes.count - start + 1) / 8)
    bytes.append(checksum(start..<bytes.count))
  }

  /// Adds a type/length byte and 8-bit ASCII. A single character gets a blank behind it, because
  /// its type/length byte, C1h, is the end mark.
  private mutating func appendField(_ text: StaticString) {
    var field = FixedBytes<31>(text: text)
    if field.count == 1 { field.append(0x20) }
    bytes.append(field.isEmpty ? 0 : 0xC0 | UInt8(truncatingIfNeeded: field.count))
    bytes.append(contentsOf: field)
  }

  /// The byte that brings the sum over `range` and itself to zero.
  private func checksum(_ range: Range<Int>) -> UInt8 {
    var sum: UInt8 = 0
    for index in range {
      sum &+= bytes[index]
    }
    return 0 &- sum
  }
}
