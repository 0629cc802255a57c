import IPMI
import ManagementController
import Testing

/// Commands that make a sensor something else than its hardware says, and where its events go.
@Suite struct SetSensorTests {
  private let number: UInt8 = 0x30

  /// A controller with a discrete sensor of five states, two of which deassert with an event.
  private func makeDiscrete() -> ManagementController {
    var sensors = SensorTable()
    sensors.append(
      SensorDescription(
        number: number, name: "PSU", type: SensorType(rawValue: 0x08),
        kind: .discrete(
          DiscreteCharacteristics(states: 0b1_1011, deassertionEvents: 0b0_0011))))
    sensors.append(
      SensorDescription(
        number: SensorNumber.voltage, name: "P12V", type: .voltage, kind: .threshold(voltage)))
    return ManagementController(identity: identity, sensors: sensors, fru: emptyFRU)
  }

  /// Sensor, direction with type, and event data, of every record.
  private func events(_ controller: inout ManagementController) throws -> [[UInt8]] {
    try controller.readLog().map { Array($0[11...]) }
  }

  /// Assertion operation, bits before, bits of the request, and bits after.
  @Test(
    arguments: [
      (0, 0b0_0011, 0b1_1000, 0b0_0011), (1, 0b0_0011, 0b1_1000, 0b1_1000),
      (2, 0b0_0011, 0b1_1000, 0b1_1011), (3, 0b0_0011, 0b1_1001, 0b0_0001),
      // State 2 is not there.
      (1, 0b0_0000, 0b1_1111, 0b1_1011),
    ] as [(UInt8, UInt8, UInt8, UInt8)])
  func assertionBitsAreKeptWrittenSetOrCleared(
    operation: UInt8, before: UInt8, bits: UInt8, after: UInt8
  ) throws {
    var controller = makeDiscrete()
    let set = Command.setSensorReadingAndEventStatus
    #expect(controller.code(set, [number, 0x10, 0, before, 0]) == 0)
    #expect(controller.code(set, [number, operation << 4, 0, bits, 0]) == 0)
    #expect(try controller.data(.getSensorReading, [number]) == [0, 0xC0, after, 0x80])
  }

  @Test func statesThatChangeAreEvents() throws {
    var controller = makeDiscrete()
    let set = Command.setSensorReadingAndEventStatus
    #expect(controller.code(set, [number, 0x11, 0x42, 0b1001, 0]) == 0)
    #expect(try controller.data(.getSensorReading, [number])[0] == 0x42)
    #expect(controller.code(set, [number, 0x10, 0, 0b1001, 0]) == 0)
    #expect(controller.code(set, [number, 0x10, 0, 0, 0]) == 0)
    // State 3 deasserts without an event.
    #expect(
      try events(&controller) == [
        [number, 0x6F, 0x00, 0xFF, 0xFF], [number, 0x6F, 0x03, 0xFF, 0xFF],
        [number, 0xEF, 0x00, 0xFF, 0xFF],
      ])
  }

  @Test func theRequestMayBringTheEventData() throws {
    var controller = makeDiscrete()
    let set = Command.setSensorReadingAndEventStatus
    // With the offset: only that state's event.
    #expect(controller.code(set, [number, 0x50, 0, 0b1001, 0, 0, 0, 0xA3, 1, 2]) == 0)
    // Without: the offset is the state's.
    #expect(controller.code(set, [number, 0xA0, 0, 0b0010, 0, 0, 0, 0xAF, 3]) == 0)
    #expect(
      try events(&controller) == [[number, 0x6F, 0xA3, 1, 2], [number, 0x6F, 0xA1, 3, 0xFF]])
    // Announced, and not there.
    #expect(controller.code(set, [number, 0x50, 0, 0b1011, 0, 0, 0]) == 0xCC)
    #expect(controller.code(set, [number, 0xD0, 0, 0, 0, 0, 0, 0, 0, 0]) == 0xCC)
    #expect(try controller.data(.getSensorReading, [number])[2] == 0b1011)
  }

  @Test func deassertionBitsAreKeptUntilTheSensorIsRearmed() throws {
    var controller = makeDiscrete()
    let set = Command.setSensorReadingAndEventStatus
    #expect(controller.code(set, [number, 0x04, 0, 0, 0, 0xFF, 0x7F]) == 0)
    #expect(try controller.data(.getSensorEventStatus, [number]) == [0xC0, 0, 0, 0b1_1011, 0])
    #expect(controller.code(set, [number, 0x0C, 0, 0, 0, 0b0_0011, 0]) == 0)
    #expect(try controller.data(.getSensorEventStatus, [number]) == [0xC0, 0, 0, 0b0_0011, 0])
    #expect(controller.code(.rearmSensorEvents, [number, 0]) == 0)
    #expect(try controller.data(.getSensorEventStatus, [number]) == [0xC0, 0, 0, 0, 0])
  }

  @Test func aThresholdSensorComparesTheReadingItIsGiven() throws {
    var controller = makeDiscrete()
    let set = Command.setSensorReadingAndEventStatus
    let number = SensorNumber.voltage
    #expect(controller.code(set, [number, 0x01, 205]) == 0)
    #expect(try controller.data(.getSensorReading, [number]) == [205, 0xC0, 0xC8])
    #expect(try events(&controller) == [[number, 0x01, 0x57, 205, 200]])
    #expect(controller.code(set, [number, 0x00, 99]) == 0)
    #expect(try controller.data(.getSensorReading, [number])[0] == 205)
    #expect(controller.code(set, [number, 0x02, 99]) == 0xCC)
    // What its reading makes of it cannot be set.
    #expect(controller.code(set, [number, 0x11, 99, 1, 0]) == 0x80)
    #expect(try controller.data(.getSensorReading, [number])[0] == 205)
    #expect(controller.code(set, [0x99, 0x01, 1]) == 0xCB)
  }

  @Test func theTypeOfASensorCanBeSetWithinItsKind() throws {
    var controller = makeDiscrete()
    #expect(controller.code(.setSensorType, [number, 0x0D, 0x83]) == 0)
    #expect(try controller.data(.getSensorType, [number]) == [0x0D, 0x03])
    #expect(controller.code(.setSensorType, [number, 0x0D, 0x01]) == 0xCC)
    #expect(controller.code(.setSensorType, [SensorNumber.voltage, 0x01, 0x6F]) == 0xCC)
    #expect(controller.code(.setSensorType, [SensorNumber.voltage, 0x01, 0x01]) == 0)
    #expect(try controller.data(.getSensorType, [SensorNumber.voltage]) == [0x01, 0x01])
    #expect(controller.code(.setSensorType, [0x99, 1, 1]) == 0xCB)
    let set = Command.setSensorReadingAndEventStatus
    #expect(controller.code(set, [number, 0x10, 0, 1, 0]) == 0)
    #expect(try controller.readLog().last?[10...] == [0x0D, number, 0x03, 0x00, 0xFF, 0xFF])
  }

  @Test func eventsGoWhereTheReceiverIs() throws {
    var controller = makeDiscrete()
    let set = Command.setSensorReadingAndEventStatus
    #expect(try controller.data(.getEventReceiver) == [0x20, 0])
    #expect(controller.code(.setEventReceiver, [0x21, 0]) == 0xCC)
    for receiver in [0xFF, 0x42] as [UInt8] {
      #expect(controller.code(.setEventReceiver, [receiver, 0xFE]) == 0)
      #expect(try controller.data(.getEventReceiver) == [receiver, 2])
      #expect(controller.code(set, [number, 0x10, 0, 1, 0]) == 0)
      #expect(try controller.readLog().isEmpty)
    }
    // Back again: what still holds is an event anew.
    #expect(controller.code(.setEventReceiver, [0x20, 0]) == 0)
    #expect(try events(&controller) == [[number, 0x6F, 0x00, 0xFF, 0xFF]])
  }
}

/// The device SDR commands.
@Suite struct DeviceSDRTests {
  private func make() -> ManagementController {
    var identity = identity
    identity.providesDeviceSDRs = true
    return makeController(identity)
  }

  @Test func theyAreAnnouncedAndCounted() throws {
    var controller = make()
    #expect(try controller.data(.getDeviceID)[1] == 0x81)
    for data in [[], [0], [1]] as [[UInt8]] {
      #expect(try controller.data(.getDeviceSDRInfo, data) == [4, 1])
    }
    #expect(controller.code(.getDeviceSDRInfo, [1, 1]) == 0xC7)
  }

  @Test func eachSensorHasItsRecordWhateverBecameOfTheRepository() throws {
    var controller = make()
    let expected = try controller.readRepository().prefix(4)
    let clearing = try controller.data(.reserveSDRRepository) + Array("CLR".utf8) + [0xAA]
    #expect(controller.code(.clearSDRRepository, clearing) == 0)
    var records: [[UInt8]] = []
    var id: UInt16 = 0
    while id != 0xFFFF {
      let answer = try controller.data(
        .getDeviceSDR, [0, 0, UInt8(id & 0xFF), UInt8(id >> 8), 0, 0xFF])
      records.append(Array(answer[2...]))
      id = word(answer, 0)
    }
    #expect(records == Array(expected))
    #expect(controller.code(.getDeviceSDR, [0, 0, 5, 0, 0, 0xFF]) == 0xCB)
    #expect(controller.code(.getDeviceSDR, [0, 0, 1, 0, 3, 1]) == 0xC5)
    let reservation = try controller.data(.reserveDeviceSDRRepository)
    #expect(try controller.data(.getDeviceSDR, reservation + [1, 0, 3, 1]) == [2, 0, 1])
    #expect(controller.code(.getDeviceSDR, reservation + [1, 0, 64, 1]) == 0xC9)
  }

  @Test func aControllerWithoutSensorsHasNone() throws {
    var identity = identity
    identity.providesDeviceSDRs = true
    var controller = ManagementController(identity: identity)
    #expect(try controller.data(.getDeviceSDRInfo) == [0, 0])
    #expect(controller.code(.getDeviceSDR, [0, 0, 0, 0, 0, 0xFF]) == 0xCB)
    #expect(controller.code(.getDeviceSDR, [0, 0, 0xFF, 0xFF, 0, 0xFF]) == 0xCB)
  }
}
