import IPMI
import Testing

@testable import ManagementController

@Suite struct SensorTests {
  private let number = SensorNumber.voltage

  /// Event direction with type, and event data, of every record of the voltage sensor.
  private func events(_ controller: inout ManagementController) throws -> [[UInt8]] {
    try controller.readLog().filter { $0[11] == number }.map { Array($0[12...]) }
  }

  @Test func aReadingIsUnavailableUntilTheFirst() throws {
    var controller = makeController()
    #expect(try controller.data(.getSensorReading, [number]) == [0, 0xE0, 0xC0])
    controller.update(sensor: number, reading: 190, now: 0)
    #expect(try controller.data(.getSensorReading, [number]) == [190, 0xC0, 0xC0])
    #expect(try controller.readLog().isEmpty)
  }

  @Test func eachThresholdGivesOneEventEachWay() throws {
    var controller = makeController()
    // Value, threshold and event offset in the order of the specification's masks.
    let upper: [(UInt8, UInt8)] = [(200, 7), (210, 9), (220, 11)]
    let lower: [(UInt8, UInt8)] = [(180, 0), (170, 2), (160, 4)]
    var expected: [[UInt8]] = []
    func feed(_ values: [Int]) {
      for value in values {
        controller.update(sensor: number, reading: UInt8(value), now: 0)
        controller.update(sensor: number, reading: UInt8(value), now: 0)
      }
    }
    feed(Array(190...255))
    for (threshold, offset) in upper {
      expected.append([0x01, 0x50 | offset, threshold, threshold])
    }
    #expect(try events(&controller) == expected)
    feed((190...255).reversed())
    for (threshold, offset) in upper.reversed() {
      // Hysteresis 2: the first reading below threshold - 2.
      expected.append([0x81, 0x50 | offset, threshold - 3, threshold])
    }
    #expect(try events(&controller) == expected)
    feed((0...190).reversed())
    for (threshold, offset) in lower {
      expected.append([0x01, 0x50 | offset, threshold, threshold])
    }
    #expect(try events(&controller) == expected)
    feed(Array(0...190))
    for (threshold, offset) in lower.reversed() {
      expected.append([0x81, 0x50 | offset, threshold + 3, threshold])
    }
    #expect(try events(&controller) == expected)
  }

  @Test func hysteresisSwallowsAReadingThatTrembles() throws {
    var controller = makeController()
    for _ in 0..<20 {
      controller.update(sensor: number, reading: 200, now: 0)
      controller.update(sensor: number, reading: 198, now: 0)
    }
    #expect(try events(&controller).count == 1)
    #expect(try controller.data(.getSensorReading, [number]) == [198, 0xC0, 0xC8])
    #expect(try controller.data(.getSensorEventStatus, [number]) == [0xC0, 0x80, 0, 0, 0])
  }

  @Test func everyReadingShowsItsComparison() throws {
    for reading in UInt8.min...UInt8.max {
      var controller = makeController()
      controller.update(sensor: number, reading: reading, now: 0)
      var expected: UInt8 = 0xC0
      for (bit, threshold) in [180, 170, 160].enumerated() where reading <= UInt8(threshold) {
        expected |= 1 << UInt8(bit)
      }
      for (bit, threshold) in [200, 210, 220].enumerated() where reading >= UInt8(threshold) {
        expected |= 1 << UInt8(bit + 3)
      }
      #expect(try controller.data(.getSensorReading, [number]) == [reading, 0xC0, expected])
    }
  }

  @Test func thresholdsAndHysteresisCanBeSetAndActAtOnce() throws {
    var controller = makeController()
    #expect(
      try controller.data(.getSensorThresholds, [number]) == [0x3F, 180, 170, 160, 200, 210, 220])
    controller.update(sensor: number, reading: 190, now: 0)
    #expect(controller.code(.setSensorThresholds, [number, 0x08, 0, 0, 0, 190, 0, 0]) == 0)
    #expect(
      try controller.data(.getSensorThresholds, [number]) == [0x3F, 180, 170, 160, 190, 210, 220])
    #expect(try events(&controller) == [[0x01, 0x57, 190, 190]])
    #expect(try controller.data(.getSensorHysteresis, [number, 0xFF]) == [2, 2])
    #expect(controller.code(.setSensorHysteresis, [number, 0xFF, 5, 6]) == 0)
    #expect(try controller.data(.getSensorHysteresis, [number]) == [5, 6])
    controller.update(sensor: number, reading: 185, now: 0)
    #expect(try events(&controller).count == 1)
    controller.update(sensor: number, reading: 184, now: 0)
    #expect(try events(&controller).count == 2)
  }

  @Test func aThresholdThatDoesNotExistCannotBeSet() throws {
    var sensors = SensorTable()
    var characteristics = voltage
    characteristics.thresholds = Thresholds(upperCritical: 210)
    sensors.append(
      SensorDescription(number: 1, name: "V", type: .voltage, kind: .threshold(characteristics)))
    var controller = ManagementController(identity: identity, sensors: sensors, fru: emptyFRU)
    #expect(try controller.data(.getSensorThresholds, [1]) == [0x10, 0, 0, 0, 0, 210, 0])
    #expect(controller.code(.setSensorThresholds, [1, 0x08, 0, 0, 0, 9, 0, 0]) == 0xCC)
    #expect(controller.code(.setSensorThresholds, [1, 0x10, 0, 0, 0, 0, 9, 0]) == 0)
    controller.update(sensor: 1, reading: 0, now: 0)
    #expect(try controller.data(.getSensorReading, [1])[2] == 0xC0)
  }

  @Test func eventsCanBeDisabledOneByOneAndAltogether() throws {
    var controller = makeController()
    #expect(
      try controller.data(.getSensorEventEnable, [number]) == [0xC0, 0x95, 0x0A, 0x95, 0x0A])
    // Without the assertion of "upper non-critical going high".
    #expect(controller.code(.setSensorEventEnable, [number, 0xE0, 0x80, 0, 0, 0]) == 0)
    #expect(
      try controller.data(.getSensorEventEnable, [number]) == [0xC0, 0x15, 0x0A, 0x95, 0x0A])
    controller.update(sensor: number, reading: 205, now: 0)
    #expect(try events(&controller).isEmpty)
    controller.update(sensor: number, reading: 190, now: 0)
    #expect(try events(&controller) == [[0x81, 0x57, 190, 200]])
    // Enabled again, with offsets that the sensor does not have.
    #expect(controller.code(.setSensorEventEnable, [number, 0xD0, 0xFF, 0xFF, 0xFF, 0xFF]) == 0)
    #expect(
      try controller.data(.getSensorEventEnable, [number]) == [0xC0, 0x95, 0x0A, 0x95, 0x0A])
    #expect(controller.code(.setSensorEventEnable, [number, 0x40]) == 0)
    controller.update(sensor: number, reading: 205, now: 0)
    #expect(try events(&controller).count == 1)
    #expect(controller.code(.setSensorEventEnable, [number, 0xF0]) == 0xCC)
  }

  @Test func aSensorThatDoesNotScanKeepsItsReading() throws {
    var controller = makeController()
    controller.update(sensor: number, reading: 190, now: 0)
    #expect(controller.code(.setSensorEventEnable, [number, 0x80]) == 0)
    controller.update(sensor: number, reading: 255, now: 0)
    #expect(try controller.data(.getSensorReading, [number]) == [190, 0xA0, 0xC0])
    #expect(try events(&controller).isEmpty)
  }

  @Test func rearmingRepeatsTheEventsThatStillHold() throws {
    var controller = makeController()
    controller.update(sensor: number, reading: 215, now: 0)
    #expect(try events(&controller).count == 2)
    #expect(controller.code(.rearmSensorEvents, [number, 0x80, 0x00, 0x02]) == 0)
    #expect(try events(&controller).map { $0[1] } == [0x57, 0x59, 0x59])
    #expect(controller.code(.rearmSensorEvents, [number, 0x00]) == 0)
    #expect(try events(&controller).map { $0[1] } == [0x57, 0x59, 0x59, 0x57, 0x59])
  }

  @Test func factorsAndTypeAreToldAndOnlyWhereTheyApply() throws {
    var controller = makeController()
    #expect(
      try controller.data(.getSensorReadingFactors, [number, 0]) == [0xFF, 63, 0, 0, 0, 0, 0xD0])
    #expect(try controller.data(.getSensorType, [number]) == [0x02, 0x01])
    #expect(try controller.data(.getSensorType, [SensorNumber.watchdog]) == [0x23, 0x6F])
    let discrete = SensorNumber.watchdog
    #expect(controller.code(.getSensorReadingFactors, [discrete, 0]) == 0xCD)
    #expect(controller.code(.getSensorHysteresis, [discrete]) == 0xCD)
    #expect(controller.code(.setSensorHysteresis, [discrete, 0xFF, 0, 0]) == 0xCD)
    #expect(controller.code(.getSensorThresholds, [discrete]) == 0xCD)
    #expect(controller.code(.setSensorThresholds, [discrete, 0, 0, 0, 0, 0, 0, 0]) == 0xCD)
    #expect(controller.code(.getSensorReading, [0x99]) == 0xCB)
    #expect(controller.code(.setSensorEventEnable, [0x99, 0]) == 0xCB)
  }

  @Test func aDiscreteStateGivesOneEventEachTimeItIsAsserted() throws {
    var controller = makeController()
    let sensor = SensorNumber.hostPower
    for _ in 0..<3 {
      controller.powerIsOn = false
      controller.powerIsOn = false
      #expect(try controller.data(.getSensorReading, [sensor]) == [0, 0xC0, 0x20, 0x80])
      controller.powerIsOn = true
    }
    #expect(try controller.data(.getSensorReading, [sensor]) == [0, 0xC0, 0x01, 0x80])
    #expect(
      try controller.readLog().map { Array($0[10...13]) }
        == [5, 0, 5, 0, 5, 0].map { [0x22, sensor, 0x6F, $0] })
  }

  @Test func wrongKindsAndOffsetsAreIgnored() throws {
    var controller = makeController()
    controller.set(sensor: number, offset: 0, asserted: true, now: 0)
    controller.set(sensor: SensorNumber.hostPower, offset: 7, asserted: true, now: 0)
    controller.set(sensor: SensorNumber.hostPower, offset: 255, asserted: true, now: 0)
    controller.update(sensor: SensorNumber.hostPower, reading: 1, now: 0)
    controller.update(sensor: 0x99, reading: 1, now: 0)
    #expect(try controller.readLog().isEmpty)
  }

  @Test func theEventReceiverIsTheControllerItself() throws {
    var controller = makeController()
    #expect(try controller.data(.getEventReceiver) == [0x20, 0x00])
  }
}

@Suite struct LinearConversionTests {
  @Test func rawIsTheNearestReadingForEveryFactor() {
    let seed: UInt64 = 4711
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20_000 {
      let conversion = LinearConversion(
        multiplier: Int16(truncatingIfNeeded: Int(random.next() % 1023) - 511),
        offset: Int16(truncatingIfNeeded: Int(random.next() % 1023) - 511),
        offsetExponent: Int8(random.next() % 4) - 2, resultExponent: Int8(random.next() % 6) - 3)
      let raw = UInt8(truncatingIfNeeded: random.next())
      // In units of 10^-5, exact: (M·raw + B·10^K1)·10^K2.
      var value = Int64(conversion.multiplier) * Int64(raw) * 100
      var offset = Int64(conversion.offset) * 100
      for _ in 0..<abs(Int(conversion.offsetExponent)) {
        offset = conversion.offsetExponent > 0 ? offset * 10 : offset / 10
      }
      value += offset
      let exponent = Int(conversion.resultExponent) - 2
      guard let narrow = Int32(exactly: value) else { continue }
      #expect(
        conversion.raw(nearest: narrow, exponent: exponent) == raw, "seed \(seed), \(conversion)")
    }
  }

  @Test func valuesOutOfRangeAreClamped() {
    let conversion = LinearConversion(multiplier: 63, resultExponent: -3)
    #expect(conversion.raw(nearest: 12_100, exponent: -3) == 192)
    #expect(conversion.raw(nearest: -5, exponent: 0) == 0)
    #expect(conversion.raw(nearest: 17, exponent: 0) == 255)
    #expect(conversion.raw(nearest: Int32.max, exponent: 0) == 255)
    #expect(conversion.raw(nearest: Int32.min, exponent: 0) == 0)
    let falling = LinearConversion(multiplier: -1, offset: 100)
    #expect(falling.raw(nearest: 40, exponent: 0) == 60)
    #expect(falling.raw(nearest: 1000, exponent: 0) == 0)
    #expect(falling.raw(nearest: -1000, exponent: 0) == 255)
  }

  @Test func everyExponentAndExtremeIsHarmless() {
    for multiplier in [-512, -1, 0, 1, 511] as [Int16] {
      for offset in [-512, 0, 511] as [Int16] {
        for offsetExponent in Int8(-8)...7 {
          for resultExponent in Int8(-8)...7 {
            let conversion = LinearConversion(
              multiplier: multiplier, offset: offset, offsetExponent: offsetExponent,
              resultExponent: resultExponent)
            for value in [Int32.min, -1, 0, 1, .max] {
              for exponent in [-9, -3, 0] {
                // Within the range of a byte, whatever the factors: no overflow traps.
                #expect((0...255).contains(conversion.raw(nearest: value, exponent: exponent)))
              }
            }
          }
        }
      }
    }
  }
}
