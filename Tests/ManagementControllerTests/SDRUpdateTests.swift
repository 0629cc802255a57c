import IPMI
import ManagementController
import Testing

/// What system software does to the SDR repository.
@Suite struct SDRUpdateTests {
  /// An OEM record (C0h) of `size` bytes that are told apart by `mark`.
  private func record(_ mark: UInt8, size: Int = 20) -> [UInt8] {
    [0xFF, 0xFF, 0x51, 0xC0, UInt8(size - 5)] + [UInt8](repeating: mark, count: size - 5)
  }

  private func empty() throws -> ManagementController {
    var controller = makeController()
    let reservation = try controller.data(.reserveSDRRepository)
    #expect(try controller.data(.clearSDRRepository, reservation + clear + [0xAA]) == [1])
    return controller
  }

  private let clear = Array("CLR".utf8)

  @Test func clearNeedsAReservationAndItsThreeLetters() throws {
    var controller = makeController()
    #expect(controller.code(.clearSDRRepository, [0, 0] + clear + [0xAA]) == 0xC5)
    let reservation = try controller.data(.reserveSDRRepository)
    #expect(controller.code(.clearSDRRepository, reservation + [0x43, 0x4C, 0x53, 0xAA]) == 0xCC)
    #expect(controller.code(.clearSDRRepository, reservation + clear + [0xAB]) == 0xCC)
    // 00h only asks how far the erasure is.
    #expect(try controller.data(.clearSDRRepository, reservation + clear + [0]) == [1])
    #expect(try controller.readRepository().count == 6)
    #expect(try controller.data(.setSDRRepositoryTime, [100, 0, 0, 0]) == [])
    #expect(try controller.data(.clearSDRRepository, reservation + clear + [0xAA]) == [1])
    let info = try controller.data(.getSDRRepositoryInfo)
    #expect(word(info, 1) == 0)
    #expect(longWord(info, 9) == 100)
    #expect(controller.code(.getSDR, [0, 0, 0, 0, 0, 0xFF]) == 0xCB)
    #expect(controller.code(.getSDR, [0, 0, 0xFF, 0xFF, 0, 0xFF]) == 0xCB)
    #expect(controller.code(.clearSDRRepository, reservation + clear + [0xAA]) == 0xC5)
  }

  @Test func anAddedRecordIsNumberedAndReadBack() throws {
    var controller = makeController()
    #expect(try controller.data(.setSDRRepositoryTime, [0x78, 0x56, 0x34, 0x12]) == [])
    #expect(try controller.data(.getSELTime) == [0x78, 0x56, 0x34, 0x12])
    #expect(try controller.data(.addSDR, record(7)) == [7, 0])
    #expect(try controller.data(.addSDR, record(8)) == [8, 0])
    let last = try controller.readRepository().suffix(2)
    #expect(Array(last) == [[7, 0] + record(7)[2...], [8, 0] + record(8)[2...]])
    let info = try controller.data(.getSDRRepositoryInfo)
    #expect(word(info, 1) == 8)
    #expect(longWord(info, 5) == 0x1234_5678)
  }

  @Test func aLengthThatIsNotTheHeadersGets80() throws {
    var controller = makeController()
    #expect(controller.code(.addSDR, record(1) + [0]) == 0x80)
    #expect(controller.code(.addSDR, record(1).dropLast()) == 0x80)
    #expect(controller.code(.addSDR, record(1, size: 256)) == 0x80)
    #expect(controller.code(.addSDR, record(1, size: 250)) == 0xC8)
    let reservation = try controller.data(.reserveSDRRepository)
    #expect(
      controller.code(.partialAddSDR, reservation + [0, 0, 0, 1] + record(1, size: 250)) == 0xC8)
    #expect(try controller.readRepository().count == 6)
    #expect(try controller.data(.addSDR, record(1, size: 249)) == [7, 0])
    #expect(try controller.data(.addSDR, record(1, size: 5)) == [8, 0])
  }

  @Test func aDeletedRecordIsGoneAndTheOthersKeepTheirIDs() throws {
    var controller = makeController()
    let before = try controller.readRepository()
    #expect(controller.code(.deleteSDR, [0, 0, 3, 0]) == 0xC5)
    var reservation = try controller.data(.reserveSDRRepository)
    #expect(controller.code(.deleteSDR, reservation + [9, 0]) == 0xCB)
    #expect(try controller.data(.deleteSDR, reservation + [3, 0]) == [3, 0])
    #expect(controller.code(.deleteSDR, reservation + [2, 0]) == 0xC5)
    reservation = try controller.data(.reserveSDRRepository)
    #expect(try controller.data(.deleteSDR, reservation + [0xFF, 0xFF]) == [6, 0])
    reservation = try controller.data(.reserveSDRRepository)
    #expect(try controller.data(.deleteSDR, reservation + [0, 0]) == [1, 0])
    #expect(try controller.readRepository() == [before[1], before[3], before[4]])
    #expect(controller.code(.getSDR, [0, 0, 3, 0, 0, 0xFF]) == 0xCB)
    // The sensor itself is still there.
    #expect(controller.code(.getSensorReading, [SensorNumber.voltage]) == 0)
  }

  @Test func aFullRepositoryRefusesAndSaysSo() throws {
    var controller = try empty()
    var count = 0
    while controller.code(.addSDR, record(UInt8(count), size: 249)) == 0 { count += 1 }
    #expect(count == ManagementController.sdrCapacity / 249)
    #expect(controller.code(.addSDR, record(0, size: 249)) == 0xC4)
    #expect(try controller.data(.getSDRRepositoryInfo).last == 0xEF)
    let rest = ManagementController.sdrCapacity % 249
    #expect(controller.code(.addSDR, record(1, size: rest)) == 0)
    #expect(try word(controller.data(.getSDRRepositoryInfo), 3) == 0)
    #expect(
      try controller.readRepository().map(\.count) == Array(repeating: 249, count: count) + [rest])
  }

  @Test(arguments: 1...25)
  func aRecordArrivesInPartsOfEverySize(size: Int) throws {
    var controller = try empty()
    let whole = record(0x5A, size: 24)
    let reservation = try controller.data(.reserveSDRRepository)
    var id: [UInt8] = [0, 0]
    var offset = 0
    while offset < whole.count {
      let part = whole[offset..<min(offset + size, whole.count)]
      let isLast: UInt8 = part.endIndex == whole.count ? 1 : 0
      id = try controller.data(.partialAddSDR, reservation + id + [UInt8(offset), isLast] + part)
      offset = part.endIndex
    }
    #expect(try controller.readRepository() == [id + whole[2...]])
    #expect(controller.code(.partialAddSDR, reservation + [0, 0, 0, 1] + whole) == 0xC5)
  }

  @Test func aPartThatIsNotTheNextOneEndsTheRecord() throws {
    let whole = record(1)
    // A part after the first, and what it gets.
    let parts: [([UInt8], UInt8)] = [
      ([7, 0, 9, 0] + whole[9...], 0xCC), ([7, 0, 11, 0] + whole[11...], 0xCC),
      ([8, 0, 10, 0] + whole[10...], 0xCC), ([7, 0, 10, 2] + whole[10...], 0xCC),
      ([7, 0, 10, 1] + whole[10...].dropLast(), 0x80), ([7, 0, 10, 1] + whole[10...] + [0], 0x80),
      ([7, 0, 10, 0] + whole[10...] + [0], 0x80),
    ]
    for (part, code) in parts {
      var controller = makeController()
      let reservation = try controller.data(.reserveSDRRepository)
      #expect(
        try controller.data(.partialAddSDR, reservation + [0, 0, 0, 0] + whole[..<10]) == [7, 0])
      #expect(controller.code(.partialAddSDR, reservation + part) == code)
      #expect(controller.code(.partialAddSDR, reservation + [7, 0, 10, 1] + whole[10...]) == 0xCC)
      #expect(try controller.readRepository().count == 6)
    }
  }

  @Test func anotherChangeEndsARecordInParts() throws {
    var controller = makeController()
    let whole = record(1)
    let reservation = try controller.data(.reserveSDRRepository)
    #expect(controller.code(.partialAddSDR, reservation + [0, 0, 0, 0] + whole[..<10]) == 0)
    #expect(controller.code(.addSDR, record(2)) == 0)
    #expect(controller.code(.partialAddSDR, reservation + [7, 0, 10, 1] + whole[10...]) == 0xC5)
    #expect(try controller.readRepository().count == 7)
  }

  @Test func noRecordIsReadInUpdateMode() throws {
    var controller = makeController()
    #expect(controller.code(.enterSDRRepositoryUpdateMode) == 0)
    #expect(controller.code(.getSDR, [0, 0, 1, 0, 0, 0xFF]) == 0xD0)
    #expect(controller.code(.addSDR, record(1)) == 0)
    #expect(controller.code(.exitSDRRepositoryUpdateMode) == 0)
    #expect(try controller.readRepository().count == 7)
    #expect(controller.code(.enterSDRRepositoryUpdateMode) == 0)
    // The software that entered it has gone.
    controller.powerIsOn = false
    #expect(try controller.readRepository().count == 7)
  }

  @Test func theInitializationAgentPutsSensorsBack() throws {
    var controller = makeController()
    let number = SensorNumber.voltage
    #expect(controller.code(.setSensorThresholds, [number, 0x3F, 1, 2, 3, 4, 5, 6]) == 0)
    #expect(controller.code(.setSensorHysteresis, [number, 0xFF, 9, 8]) == 0)
    #expect(controller.code(.setSensorEventEnable, [number, 0]) == 0)
    #expect(try controller.data(.runInitializationAgent, [0]) == [1])
    #expect(try controller.data(.getSensorHysteresis, [number]) == [9, 8])
    #expect(try controller.data(.runInitializationAgent, [1]) == [1])
    #expect(try controller.data(.getSensorHysteresis, [number]) == [2, 2])
    #expect(
      try controller.data(.getSensorThresholds, [number]) == [0x3F, 180, 170, 160, 200, 210, 220])
    #expect(try controller.data(.getSensorEventEnable, [number])[0] == 0xC0)
  }
}

/// Partial Add SEL Entry.
@Suite struct PartialSELTests {
  private let record: [UInt8] = [
    0, 0, 0x02, 9, 9, 9, 9, 0x41, 0, 4, 0x01, 0x77, 0x01, 0x59, 0x11, 0xFF,
  ]

  @Test(arguments: 1...16)
  func aRecordArrivesInPartsOfEverySize(size: Int) throws {
    var controller = makeController()
    let reservation = try controller.data(.reserveSEL)
    var id: [UInt8] = [0, 0]
    for offset in stride(from: 0, to: 16, by: size) {
      let part = record[offset..<min(offset + size, 16)]
      let isLast: UInt8 = part.endIndex == 16 ? 1 : 0
      id = try controller.data(
        .partialAddSELEntry, reservation + id + [UInt8(offset), isLast] + part, now: 5 * second)
    }
    #expect(id == [1, 0])
    #expect(try controller.readLog() == [[1, 0, 2, 5, 0, 0, 0] + record[7...]])
  }

  @Test func fewerOrMoreThan16BytesGet80AndNoRecord() throws {
    var controller = makeController()
    for bytes in [Array(record.dropLast()), record + [0]] {
      let reservation = try controller.data(.reserveSEL)
      #expect(controller.code(.partialAddSELEntry, reservation + [0, 0, 0, 1] + bytes) == 0x80)
    }
    #expect(controller.code(.partialAddSELEntry, [0, 0, 0, 0, 0, 1] + record) == 0xC5)
    #expect(try controller.readLog().isEmpty)
  }

  @Test func anEventInBetweenEndsARecordInParts() throws {
    var controller = makeController()
    let reservation = try controller.data(.reserveSEL)
    #expect(
      try controller.data(.partialAddSELEntry, reservation + [0, 0, 0, 0] + record[..<8]) == [1, 0])
    #expect(controller.code(.addSELEntry, record) == 0)
    #expect(
      controller.code(.partialAddSELEntry, reservation + [1, 0, 8, 1] + record[8...]) == 0xCC)
    #expect(try controller.readLog().count == 1)
  }
}
