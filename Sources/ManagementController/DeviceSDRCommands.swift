import IPMI

extension ManagementController {
  /// The device SDR commands, sections 35.2 to 35.4: the sensors of this controller, on LUN 0.
  ///
  /// Generated when read, from what the sensors are; so nothing that system software does to the
  /// SDR repository shows here.
  mutating func deviceSDR(_ request: Message, into response: inout Message) -> CompletionCode {
    switch request.command {
    case .getDeviceSDRInfo:
      // Records and sensors are as many. A static population: no time of change follows.
      response.append(UInt8(truncatingIfNeeded: sensors.count))
      response.append(sensors.count > 0 ? 1 : 0)
      return .success
    case .reserveDeviceSDRRepository:
      response.append(littleEndian: deviceReservation.renew())
      return .success
    default: return getDeviceSDR(request, into: &response)
    }
  }

  /// Get Device SDR, section 35.3: as Get SDR.
  private mutating func getDeviceSDR(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    let offset = Int(request.byte(4))
    guard offset == 0 || deviceReservation.isHeld(by: request.word(0)) else {
      return .reservationCancelled
    }
    let count = UInt16(truncatingIfNeeded: sensors.count)
    let id: UInt16 =
      switch request.word(2) {
      case 0x0000: 1
      case 0xFFFF: count
      case let id: id
      }
    guard id >= 1, id <= count else { return .notPresent }
    let record = SensorDataRecord(sensors[Int(id) - 1].description, id: id)
    guard offset < record.bytes.count else { return .parameterOutOfRange }
    response.append(littleEndian: id < count ? id + 1 : 0xFFFF)
    response.append(record.bytes, from: offset, count: Int(request.byte(5)))
    return .success
  }
}
