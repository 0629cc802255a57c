import IPMI

/// SDR repository: one record for each sensor, then the controller and its FRU device.
///
/// IPMI v2.0, section 33. Records are generated when read, from what the controller is; nothing
/// is stored and nothing can be added. IDs count from 1.
struct SensorDataRepository: Sendable {
  /// The reservation that guards partial reads.
  var reservation = Reservation()
  /// When the records came to be, seconds of the SEL clock.
  let builtAt: UInt32

  init(builtAt: UInt32) {
    self.builtAt = builtAt
  }
}

extension ManagementController {
  /// The number of records: sensors, controller locator, FRU device locator.
  var recordCount: UInt16 { UInt16(truncatingIfNeeded: sensors.count + 2) }

  /// The record with an ID of `1...recordCount`.
  mutating func sensorDataRecord(_ id: UInt16) -> SensorDataRecord {
    let index = Int(id) - 1
    if index < sensors.count { return SensorDataRecord(sensors[index].description, id: id) }
    if index == sensors.count {
      return SensorDataRecord(controller: identity.name, capabilities: Self.deviceSupport, id: id)
    }
    return SensorDataRecord(fru: FixedBytes(text: "Board FRU"), id: id)
  }

  /// Get SDR Repository Info, section 33.9. Supports allocation info and reservation.
  mutating func getSDRRepositoryInfo(into response: inout Message) -> CompletionCode {
    response.append(0x51)
    response.append(littleEndian: recordCount)
    response.append(littleEndian: 0 as UInt16)
    response.append(littleEndian: sdr.builtAt)
    response.append(littleEndian: 0 as UInt32)
    response.append(0b0011)
    return .success
  }

  /// Get SDR Repository Allocation Info, section 33.10: units of 64 bytes, none free.
  mutating func getSDRAllocationInfo(into response: inout Message) -> CompletionCode {
    response.append(littleEndian: recordCount)
    response.append(littleEndian: 64 as UInt16)
    response.append(littleEndian: 0 as UInt16)
    response.append(littleEndian: 0 as UInt16)
    response.append(1)
    return .success
  }

  /// Get SDR, section 33.12; needs a reservation only for a read that starts inside a record.
  mutating func getSDR(_ request: Message, into response: inout Message) -> CompletionCode {
    let offset = Int(request.byte(4))
    guard offset == 0 || sdr.reservation.isHeld(by: request.word(0)) else {
      return .reservationCancelled
    }
    let id: UInt16 =
      switch request.word(2) {
      case 0x0000: 1
      case 0xFFFF: recordCount
      case let id: id
      }
    guard id <= recordCount else { return .notPresent }
    let record = sensorDataRecord(id)
    guard offset < record.bytes.count else { return .parameterOutOfRange }
    response.append(littleEndian: id < recordCount ? id + 1 : 0xFFFF)
    response.append(record.bytes, from: offset, count: Int(request.byte(5)))
    return .success
  }
}
