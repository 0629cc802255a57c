import IPMI
import ManagementController

/// Number of the sensor that shows ``Board/input``.
private let voltageSensor: UInt8 = 1

extension AnalogInput {
  /// The voltage sensor: 255 counts of whole millivolts are just past what the converter measures.
  ///
  /// No lower threshold: an input that nothing drives, as in an emulator, reads 0 V.
  fileprivate var sensor: ThresholdCharacteristics {
    ThresholdCharacteristics(
      unit: 0x04,
      conversion: LinearConversion(
        multiplier: Int16(truncatingIfNeeded: reference / 255 + 1), resultExponent: -3),
      nominal: 150,
      normal: 0...199,
      thresholds: Thresholds(upperNonCritical: 200, upperCritical: 225),
      hysteresis: 2)
  }
}

extension ManagementController {
  /// The controller as `board` presents it.
  init(_ board: some Board) {
    var sensors = SensorTable()
    sensors.append(
      SensorDescription(
        number: voltageSensor, name: "ADC0", type: .voltage, kind: .threshold(board.input.sensor)))
    sensors.append(.hostPower(number: 2))
    sensors.append(.watchdog(number: 3))
    sensors.append(.eventLog(number: 4))
    self.init(
      identity: DeviceIdentity(
        firmwareMajor: 0, firmwareMinor: 0x01, manufacturer: 0, product: board.product,
        guid: board.guid, name: board.name),
      sensors: sensors,
      fru: FRUDescription(
        chassis: ["", ""],
        board: ["ipmi-host-bridge", board.name, "", "", ""],
        product: ["ipmi-host-bridge", board.name, "", "0.1", "", "", ""]))
  }

  /// Tells the voltage sensor what ``Board/input`` measured.
  mutating func updateVoltage(_ millivolts: UInt32, of board: some Board, now: UInt64) {
    let raw = board.input.sensor.conversion.raw(
      nearest: Int32(truncatingIfNeeded: millivolts), exponent: -3)
    update(sensor: voltageSensor, reading: raw, now: now)
  }
}
