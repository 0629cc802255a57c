import IPMI
import ManagementController

/// Number of the sensor that shows ``Board/input``.
private let voltageSensor: UInt8 = 1

/// The voltage sensor in 8 mV per count, so that 255 is just past what the converter can measure.
///
/// No lower threshold: an input that nothing drives, as in an emulator, reads 0 V.
private let voltage = ThresholdCharacteristics(
  unit: 0x04,
  conversion: LinearConversion(multiplier: 8, resultExponent: -3),
  nominal: 150,
  normal: 0...199,
  thresholds: Thresholds(upperNonCritical: 200, upperCritical: 225),
  hysteresis: 2)

extension ManagementController {
  /// The controller as `board` presents it.
  init(_ board: some Board) {
    var sensors = SensorTable()
    sensors.append(
      SensorDescription(
        number: voltageSensor, name: "ADC0", type: .voltage, kind: .threshold(voltage)))
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
  mutating func updateVoltage(millivolts: UInt32, now: UInt64) {
    let raw = voltage.conversion.raw(nearest: Int32(truncatingIfNeeded: millivolts), exponent: -3)
    update(sensor: voltageSensor, reading: raw, now: now)
  }
}
