import IPMI
import ManagementController
import Testing

@Suite struct SDRTests {
  /// The name at the end of a record.
  private func name(_ record: [UInt8]) throws -> String {
    let offset =
      switch record[3] {
      case 0x01: 47
      case 0x02: 31
      default: 15
      }
    try #require(record[offset] >> 6 == 0b11)
    let bytes = record[(offset + 1)...]
    #expect(bytes.count == Int(record[offset] & 0x1F))
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func everyRecordParsesAndMatchesItsSensor() throws {
    var controller = makeController()
    let records = try controller.readRepository()
    #expect(records.count == 6)
    for (index, record) in records.enumerated() {
      #expect(word(record, 0) == UInt16(index + 1))
      #expect(record[2] == 0x51)
      #expect(Int(record[4]) == record.count - 5)
    }
    #expect(records.map { $0[3] } == [0x01, 0x02, 0x02, 0x02, 0x12, 0x11])
    #expect(
      try records.map(name) == ["P12V", "Watchdog", "SEL", "Host Power", "BMC", "Board FRU"])
    #expect(
      records[..<4].map { $0[7] } == [
        SensorNumber.voltage, SensorNumber.watchdog, SensorNumber.eventLog, SensorNumber.hostPower,
      ])
    #expect(records[..<4].map { $0[12] } == [0x02, 0x23, 0x10, 0x22])
    #expect(records[..<4].map { $0[13] } == [0x01, 0x6F, 0x6F, 0x6F])
  }

  @Test func theFullRecordCarriesConversionAndThresholds() throws {
    var controller = makeController()
    let record = try controller.readRepository()[0]
    #expect(word(record, 14) == 0x7A95)
    #expect(word(record, 16) == 0x7A95)
    #expect(word(record, 18) == 0x3F3F)
    #expect(Array(record[20...29]) == [0, 4, 0, 0, 63, 0, 0, 0, 0, 0xD0])
    #expect(Array(record[30...35]) == [7, 190, 200, 181, 0xFF, 0])
    #expect(Array(record[36...43]) == [220, 210, 200, 160, 170, 180, 2, 2])
  }

  @Test func theRepositorySaysHowManyAndWhatItSupports() throws {
    var controller = makeController()
    let records = try controller.readRepository()
    let capacity = ManagementController.sdrCapacity
    let free = capacity - records.map(\.count).reduce(0, +)
    #expect(
      try controller.data(.getSDRRepositoryInfo)
        == [0x51, 6, 0] + littleEndian(free) + [0, 0, 0, 0, 0, 0, 0, 0, 0x6F])
    #expect(
      try controller.data(.getSDRRepositoryAllocationInfo)
        == littleEndian(capacity) + [1, 0] + littleEndian(free) + littleEndian(free) + [249])
  }

  @Test func aRecordReadsInPiecesOfEverySize() throws {
    var controller = makeController()
    let records = try controller.readRepository()
    let reservation = try controller.data(.reserveSDRRepository)
    for (index, record) in records.enumerated() {
      for size in 1...70 {
        var read: [UInt8] = []
        while read.count < record.count {
          let part = try controller.data(
            .getSDR, reservation + [UInt8(index + 1), 0, UInt8(read.count), UInt8(size)])
          read += part[2...]
        }
        #expect(read == record)
      }
      #expect(
        controller.code(.getSDR, reservation + [UInt8(index + 1), 0, UInt8(record.count), 1])
          == 0xC9)
    }
  }

  @Test func aPartialReadWithALostReservationGetsC5() throws {
    var controller = makeController()
    #expect(controller.code(.getSDR, [0, 0, 1, 0, 5, 4]) == 0xC5)
    let first = try controller.data(.reserveSDRRepository)
    #expect(controller.code(.getSDR, first + [1, 0, 5, 4]) == 0)
    let second = try controller.data(.reserveSDRRepository)
    #expect(controller.code(.getSDR, first + [1, 0, 5, 4]) == 0xC5)
    #expect(controller.code(.getSDR, first + [1, 0, 0, 4]) == 0)
    #expect(controller.code(.getSDR, second + [1, 0, 5, 4]) == 0)
  }

  @Test func theLastRecordCanBeNamedAndOthersAreNotThere() throws {
    var controller = makeController()
    let last = try controller.data(.getSDR, [0, 0, 0xFF, 0xFF, 0, 0xFF])
    #expect(word(last, 0) == 0xFFFF)
    #expect(word(last, 2) == 6)
    #expect(controller.code(.getSDR, [0, 0, 7, 0, 0, 0xFF]) == 0xCB)
  }

  @Test func theTableRefusesASensorTooManyAndASecondOfANumber() {
    var table = SensorTable()
    let capacity = UInt8(SensorTable.capacity)
    for number in 1...capacity {
      #expect(table.append(.watchdog(number: number)) == true)
      #expect(table.append(.watchdog(number: number)) == false)
    }
    #expect(table.append(.watchdog(number: capacity + 1)) == false)
    #expect(table.count == Int(capacity))
  }

  @Test func aNameIsCutWhereTheRecordEnds() throws {
    var table = SensorTable()
    table.append(
      SensorDescription(
        number: 1, name: "A name of more than sixteen", type: .voltage, kind: .threshold(voltage)))
    var controller = ManagementController(
      identity: identity,
      sensors: table,
      fru: emptyFRU)
    #expect(try name(controller.readRepository()[0]) == "A name of more t")
  }
}
