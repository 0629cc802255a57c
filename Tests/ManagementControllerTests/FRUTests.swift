import IPMI
import ManagementController
import Testing

@Suite struct FRUTests {
  private func read(
    _ controller: inout ManagementController, piece: Int
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < 512 {
      let answer = try controller.data(
        .readFRUData, [0, UInt8(bytes.count & 0xFF), UInt8(bytes.count >> 8), UInt8(piece)])
      #expect(Int(answer[0]) == answer.count - 1)
      bytes += answer[1...]
    }
    return bytes
  }

  /// The strings of the area that starts at `offset`, from `first` on.
  private func fields(_ area: [UInt8], from first: Int) -> [String] {
    var strings: [String] = []
    var index = first
    while area[index] != 0xC1 {
      let count = Int(area[index] & 0x3F)
      strings.append(String(decoding: area[index + 1..<index + 1 + count], as: UTF8.self))
      index += 1 + count
    }
    return strings
  }

  @Test func theAreaIs512BytesAccessedByBytes() throws {
    var controller = makeController()
    #expect(try controller.data(.getFRUInventoryAreaInfo, [0]) == [0, 2, 0])
    #expect(controller.code(.getFRUInventoryAreaInfo, [1]) == 0xCB)
    #expect(controller.code(.readFRUData, [1, 0, 0, 1]) == 0xCB)
    #expect(controller.code(.writeFRUData, [1, 0, 0, 1]) == 0xCB)
  }

  @Test func headerAndAreasSumToZero() throws {
    var controller = makeController()
    let bytes = try read(&controller, piece: 16)
    #expect(bytes[..<8].reduce(0, &+) == 0)
    #expect(bytes[0] == 1 && bytes[1] == 0 && bytes[5] == 0 && bytes[6] == 0)
    for index in 2...4 {
      let start = Int(bytes[index]) * 8
      let area = Array(bytes[start..<start + Int(bytes[start + 1]) * 8])
      #expect(area[0] == 1)
      #expect(area.reduce(0, &+) == 0)
    }
  }

  @Test func theStringsAreThoseGiven() throws {
    var controller = makeController()
    let bytes = try read(&controller, piece: 16)
    func area(_ index: Int) -> [UInt8] { Array(bytes[(Int(bytes[index]) * 8)...]) }
    #expect(area(2)[2] == 0x17)
    #expect(fields(area(2), from: 3) == ["CH-1", "CHS0001"])
    // A single character would have the end mark as its type and length.
    #expect(fields(area(3), from: 6) == ["Example", "Test Board", "BRD0001", "B ", ""])
    #expect(
      fields(area(4), from: 3)
        == ["Example", "Test Server", "TS-1", "1.0", "SRV0001", "asset", ""])
  }

  @Test func stringsAtTheirLongestFit() throws {
    let long: StaticString = "0123456789012345678901234567890123456789"
    var controller = ManagementController(
      identity: identity,
      sensors: SensorTable(),
      fru: FRUDescription(
        chassis: [long, long], manufacturingMinutes: 0x12_3456,
        board: [long, long, long, long, long],
        product: [long, long, long, long, long, long, long]))
    let bytes = try read(&controller, piece: 255)
    for index in 2...4 {
      let start = Int(bytes[index]) * 8
      let area = Array(bytes[start..<start + Int(bytes[start + 1]) * 8])
      #expect(area.reduce(0, &+) == 0)
      let strings = fields(area, from: index == 3 ? 6 : 3)
      #expect(strings.allSatisfy { $0 == "0123456789012345678901234567890" })
      if index == 3 { #expect(Array(area[3...5]) == [0x56, 0x34, 0x12]) }
    }
  }

  @Test func everyPieceReadsTheSame() throws {
    var controller = makeController()
    let whole = try read(&controller, piece: 255)
    for piece in 1...254 {
      #expect(try read(&controller, piece: piece) == whole)
    }
    #expect(try controller.data(.readFRUData, [0, 0, 0, 0]) == [0])
  }

  @Test func theLastByteIsReachable() throws {
    var controller = makeController()
    #expect(try controller.data(.writeFRUData, [0, 0xFF, 0x01, 0xA5]) == [1])
    #expect(try controller.data(.readFRUData, [0, 0xFF, 0x01, 1]) == [1, 0xA5])
    #expect(try controller.data(.readFRUData, [0, 0xFF, 0x01, 32]) == [1, 0xA5])
    #expect(controller.code(.readFRUData, [0, 0x00, 0x02, 1]) == 0xC9)
    #expect(controller.code(.writeFRUData, [0, 0x00, 0x02, 1]) == 0xC9)
  }

  @Test func aWritePastTheEndWritesNothing() throws {
    var controller = makeController()
    #expect(controller.code(.writeFRUData, [0, 0xFF, 0x01, 1, 2]) == 0xC9)
    #expect(try controller.data(.readFRUData, [0, 0xFF, 0x01, 1]) == [1, 0])
    #expect(try controller.data(.writeFRUData, [0, 0xFE, 0x01, 1, 2]) == [2])
    #expect(try controller.data(.readFRUData, [0, 0xFE, 0x01, 2]) == [2, 1, 2])
    #expect(try controller.data(.writeFRUData, [0, 0, 0]) == [0])
  }
}
