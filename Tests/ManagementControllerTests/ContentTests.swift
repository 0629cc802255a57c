import IPMI
import ManagementController
import Testing

/// A controller that is made of records, inventories and events.
@Suite struct ContentTests {
  /// QEMU's built-in record: a compact one of the watchdog, sensor 0.
  private let watchdog: FixedBytes<255> = [
    0x00, 0x00, 0x51, 0x02, 35, 0x20, 0x00, 0x00, 0x23, 0x01, 0x63, 0x00, 0x23, 0x6F, 0x0F, 0x01,
    0x0F, 0x01, 0x0F, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xC8,
    0x57, 0x61, 0x74, 0x63, 0x68, 0x64, 0x6F, 0x67,
  ]

  private func make() -> ManagementController { ManagementController(identity: identity) }

  @Test func anEmptyControllerHasNothingAndAnswers() throws {
    var controller = make()
    #expect(try word(controller.data(.getSDRRepositoryInfo), 1) == 0)
    #expect(controller.code(.getSDR, [0, 0, 0, 0, 0, 0xFF]) == 0xCB)
    #expect(controller.code(.getFRUInventoryAreaInfo, [0]) == 0xCB)
    #expect(controller.code(.getSensorReading, [0]) == 0xCB)
  }

  @Test func theSensorOfARecordFollowsTheWatchdog() throws {
    var controller = make()
    #expect(controller.add(watchdog) == true)
    #expect(try controller.readRepository() == [[1, 0] + watchdogBytes[2...]])
    #expect(try controller.data(.getSensorType, [0]) == [0x23, 0x6F])
    #expect(controller.code(.setWatchdogTimer, [4, 1, 0, 0, 1, 0]) == 0)
    #expect(controller.code(.resetWatchdogTimer) == 0)
    #expect(try controller.data(.getSensorReading, [0], now: second)[2] == 0x02)
    #expect(try controller.readLog(now: second).count == 1)
  }

  private var watchdogBytes: [UInt8] { (0..<watchdog.count).map { watchdog[$0] } }

  @Test func aRecordOfThisControllersOwnSensorGivesTheSameSensorAgain() throws {
    var original = makeController()
    var copy = make()
    for record in try original.readRepository() {
      let bytes = FixedBytes<255>(record.span)
      let isAdded = try copy.add(#require(bytes))
      #expect(isAdded)
    }
    #expect(try copy.readRepository() == original.readRepository())
    for number in [SensorNumber.voltage, SensorNumber.hostPower, SensorNumber.watchdog] {
      for command in [
        Command.getSensorThresholds, .getSensorHysteresis, .getSensorType, .getSensorEventEnable,
        .getSensorReading, .getSensorEventStatus,
      ] {
        #expect(copy.ask(command, [number]) == original.ask(command, [number]))
      }
      #expect(
        copy.ask(.getSensorReadingFactors, [number, 0])
          == original.ask(.getSensorReadingFactors, [number, 0]))
    }
    var identity = identity
    identity.providesDeviceSDRs = true
    var device = ManagementController(identity: identity)
    for record in try original.readRepository() { device.add(FixedBytes(record.span)!) }
    #expect(
      try device.data(.getDeviceSDR, [0, 0, 1, 0, 0, 0xFF])[2...]
        == original.readRepository()[0][...])
  }

  /// What a record is, changed at an offset, and whether it still gives a sensor.
  @Test(
    arguments: [
      (5, 0x22, false), (6, 0x01, false), (6, 0x10, true), (3, 0x03, false), (7, 0xFF, false),
      (13, 0x03, true),
    ] as [(Int, UInt8, Bool)])
  func onlyAFullOrCompactRecordOfItsOwnGivesASensor(
    offset: Int, value: UInt8, isSensor: Bool
  ) throws {
    var controller = make()
    var record = watchdog
    record[offset] = value
    #expect(controller.add(record) == true)
    #expect(try controller.readRepository().count == 1)
    #expect((controller.code(.getSensorReading, [record[7]]) == 0) == isSensor)
  }

  @Test func aSharedRecordGivesAsManySensors() {
    var controller = make()
    var record = watchdog
    record[7] = 0x40
    record[23] = 3
    #expect(controller.add(record) == true)
    let codes = (UInt8(0x3F)...0x43).map { controller.code(.getSensorReading, [$0]) }
    #expect(codes == [0xCB, 0, 0, 0, 0xCB])
  }

  @Test func aRecordWhoseLengthIsWrongIsRefused() throws {
    var controller = make()
    for record in [[], [0, 0, 0x51, 0xC0], [0, 0, 0x51, 0xC0, 1], [0, 0, 0x51, 0xC0, 0, 0]]
      as [FixedBytes<255>]
    {
      #expect(controller.add(record) == false)
    }
    // Too short to be a sensor, and still a record.
    #expect(controller.add([0, 0, 0x51, 0x01, 1, 0x20]) == true)
    #expect(try word(controller.data(.getSDRRepositoryInfo), 1) == 1)
  }

  /// Format, thresholds (lower and upper critical), a reading and its comparison.
  @Test(
    arguments: [
      (.twosComplement, 0xFB, 0x2D, 0x00, 0x00), (.twosComplement, 0xFB, 0x2D, 0xFA, 0x02),
      (.twosComplement, 0xFB, 0x2D, 0x2D, 0x10), (.twosComplement, 0xFB, 0x2D, 0x80, 0x02),
      (.onesComplement, 0xFA, 0x2D, 0xFF, 0x00), (.onesComplement, 0xFA, 0x2D, 0xF9, 0x02),
      (.unsigned, 0x05, 0xF0, 0xFF, 0x10), (.unsigned, 0x05, 0xF0, 0x80, 0x00),
    ] as [(ReadingFormat, UInt8, UInt8, UInt8, UInt8)])
  func aReadingIsComparedAsTheNumberThatItIs(
    format: ReadingFormat, lower: UInt8, upper: UInt8, reading: UInt8, comparison: UInt8
  ) throws {
    var characteristics = ThresholdCharacteristics(
      unit: 1, conversion: LinearConversion(multiplier: 1), nominal: 0, normal: 0...0,
      thresholds: Thresholds(lowerCritical: lower, upperCritical: upper))
    characteristics.format = format
    var sensors = SensorTable()
    sensors.append(
      SensorDescription(
        number: 1, name: "T", type: .temperature, kind: .threshold(characteristics)))
    var controller = ManagementController(identity: identity, sensors: sensors, fru: emptyFRU)
    // Its record says so too.
    let record = try controller.readRepository()[0]
    #expect(record[20] == format.rawValue << 6)
    #expect(record[34] == format.highest && record[35] == format.lowest)
    controller.show(sensor: 1, reading: reading)
    #expect(try controller.data(.getSensorReading, [1]) == [reading, 0xC0, 0xC0 | comparison])
    #expect(try controller.readLog().isEmpty)
  }

  @Test func formatsGoThereAndBack() {
    for format in [ReadingFormat.unsigned, .onesComplement, .twosComplement] {
      for raw in UInt8.min...UInt8.max where format != .onesComplement || raw != 0xFF {
        #expect(format.raw(Int64(format.number(raw))) == raw)
      }
    }
    #expect(ReadingFormat.onesComplement.number(0xFF) == 0)
    #expect(ReadingFormat.onesComplement.number(0x80) == -127)
    #expect(ReadingFormat.onesComplement.raw(-500) == 0x80)
    let conversion = LinearConversion(multiplier: 1)
    #expect(conversion.raw(nearest: -5, exponent: 0, format: .twosComplement) == 0xFB)
    #expect(conversion.raw(nearest: -5, exponent: 0) == 0)
  }

  @Test func eachFRUDeviceHasItsOwnBytes() throws {
    var controller = make()
    #expect(controller.addFRU([1, 2, 3] as FixedBytes<3>, size: 16) == true)
    #expect(controller.addFRU([4, 5] as FixedBytes<3>, size: 300) == true)
    #expect(controller.addFRU([1, 2, 3] as FixedBytes<3>, size: 2) == false)
    #expect(controller.addFRU([] as FixedBytes<3>, size: 0) == false)
    #expect(controller.addFRU([] as FixedBytes<3>, size: ManagementController.fruCapacity) == false)
    #expect(try controller.data(.getFRUInventoryAreaInfo, [0]) == [16, 0, 0])
    #expect(try controller.data(.getFRUInventoryAreaInfo, [1]) == [44, 1, 0])
    #expect(controller.code(.getFRUInventoryAreaInfo, [2]) == 0xCB)
    #expect(try controller.data(.writeFRUData, [0, 15, 0, 0xAA]) == [1])
    #expect(controller.code(.writeFRUData, [0, 15, 0, 0xAA, 0xBB]) == 0xC9)
    #expect(
      try controller.data(.readFRUData, [0, 0, 0, 255])[1...] == [
        1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xAA,
      ])
    #expect(try controller.data(.readFRUData, [1, 0, 0, 3]) == [3, 4, 5, 0])
    #expect(try controller.data(.readFRUData, [1, 43, 1, 9]) == [1, 0])
    for _ in 2..<ManagementController.fruDeviceLimit {
      #expect(controller.addFRU([] as FixedBytes<3>, size: 8) == true)
    }
    #expect(controller.addFRU([] as FixedBytes<3>, size: 8) == false)
  }

  @Test func eventsFromBeforeKeepTheirTime() throws {
    var controller = ManagementController(identity: identity, seconds: 500)
    let event: FixedBytes<16> = [0, 0, 2, 9, 0, 0, 0, 0x20, 0, 4, 1, 2, 3, 4, 5, 6]
    for _ in 0..<SystemEventLog.capacity {
      #expect(controller.add(event: EventRecord(event)) == true)
    }
    #expect(controller.add(event: EventRecord(event)) == false)
    let log = try controller.readLog()
    #expect(log.count == SystemEventLog.capacity)
    #expect(log[0] == [1, 0, 2, 9, 0, 0, 0, 0x20, 0, 4, 1, 2, 3, 4, 5, 6])
    #expect(try longWord(controller.data(.getSELInfo), 5) == 500)
    // A log that was full before has not refused anything yet.
    #expect(try controller.data(.getSELInfo).last == 0x0F)
  }

  @Test func anInventoryImageThatIsTooLongSaysSo() {
    var image = FRUImage<64>()
    image.begin(.product)
    image.append(0)
    for _ in 0..<3 { image.appendField(FixedBytes<31>(text: "0123456789012345678901234567890")) }
    image.endArea()
    #expect(image.isCut)
    #expect(image.bytes.count == 64)
    var empty = FRUImage<8>()
    #expect((0..<8).reduce(0) { $0 &+ empty.bytes[$1] } == 0)
    empty.begin(.chassis)
    empty.endArea()
    #expect(empty.isCut)
  }

  // MARK: Memory

  /// What it has is in memory that it shares with its copies, until one is changed.
  @Test func aCopyHasChangesOfItsOwn() throws {
    var original = makeController()
    var copy = original
    let before = try original.shown()
    #expect(copy.code(.addSDR, [0, 0, 0x51, 0xC0, 3, 1, 2, 3]) == 0)
    #expect(copy.code(.writeFRUData, [0, 0, 0, 0x55]) == 0)
    #expect(copy.code(.writeFRUData, [0, 0xFF, 1, 0x55]) == 0)
    #expect(copy.code(.platformEvent, [0x41, 0x04, 0x01, 0x30, 0x01, 0x59, 0, 0]) == 0)
    copy.update(sensor: SensorNumber.voltage, reading: 200, now: 0)
    let after = try copy.shown()
    #expect(try original.shown() == before)
    #expect(zip(before, after).allSatisfy { $0 != $1 })
    var second = copy
    #expect(try second.shown() == after)
  }

  /// A thousand links with one each are to be small.
  @Test func aControllerWithLittleIsSmall() {
    #expect(MemoryLayout<ManagementController>.size <= 2048)
  }
}

extension ManagementController {
  /// Records, log, inventory and a sensor.
  fileprivate mutating func shown() throws -> [[UInt8]] {
    [
      try readRepository().flatMap { $0 }, try readLog().flatMap { $0 },
      try data(.readFRUData, [0, 0, 0, 8]), try data(.readFRUData, [0, 0xF8, 1, 8]),
      try data(.getSensorReading, [SensorNumber.voltage]),
    ]
  }
}
