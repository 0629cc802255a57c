import IPMI

extension ManagementController {
  /// Get SDR Repository Info, section 33.9. Supports allocation info, reservation, partial add,
  /// delete, and both modal and non-modal updates.
  mutating func getSDRRepositoryInfo(into response: inout Message) -> CompletionCode {
    response.append(0x51)
    response.append(littleEndian: UInt16(truncatingIfNeeded: sdr.count))
    response.append(littleEndian: UInt16(clamping: sdr.free))
    response.append(littleEndian: sdr.lastAddition)
    response.append(littleEndian: sdr.lastErase)
    response.append((sdr.hasOverflowed ? 0x80 : 0) | 0b110_1111)
    return .success
  }

  /// Get SDR Repository Allocation Info, section 33.10: units of one byte.
  mutating func getSDRAllocationInfo(into response: inout Message) -> CompletionCode {
    response.append(littleEndian: UInt16(clamping: SensorDataRepository.capacity))
    response.append(littleEndian: 1 as UInt16)
    response.append(littleEndian: UInt16(clamping: sdr.free))
    response.append(littleEndian: UInt16(clamping: sdr.free))
    response.append(UInt8(SensorDataRepository.longestRecord))
    return .success
  }

  /// Get SDR, section 33.12; needs a reservation only for a read that starts inside a record.
  ///
  /// - Returns: D0h in update mode.
  mutating func getSDR(_ request: Message, into response: inout Message) -> CompletionCode {
    guard !sdr.isUpdating else { return .repositoryInUpdateMode }
    let start = Int(request.byte(4))
    guard start == 0 || sdr.reservation.isHeld(by: request.word(0)) else {
      return .reservationCancelled
    }
    guard let record = sdr.offset(of: request.word(2)) else { return .notPresent }
    let end = sdr.size(at: record)
    guard start < end else { return .parameterOutOfRange }
    response.append(littleEndian: sdr.nextID(after: record))
    for index in start..<min(end, start + Int(request.byte(5))) {
      response.append(sdr[record + index])
    }
    return .success
  }

  /// Add SDR, section 33.13: a whole record; 80h where its length is not the header's, C8h where it
  /// is longer than any may be, C4h where there is no room.
  mutating func addSDR(_ request: Message, into response: inout Message) -> CompletionCode {
    var record: FixedBytes<255> = FixedBytes()
    guard record.append(contentsOf: request.bytes, in: request.dataOffset..<request.count),
      record.count == SensorDataRepository.headerSize + Int(record[4])
    else { return .recordLengthMismatch }
    return appendSDR(record, into: &response)
  }

  /// Partial Add SDR, section 33.14.
  mutating func partialAddSDR(_ request: Message, into response: inout Message) -> CompletionCode {
    guard sdr.reservation.isHeld(by: request.word(0)) else { return .reservationCancelled }
    let id = sdr.freshID()
    let (isComplete, code) = sdr.partial.take(request, freshID: id)
    guard code == .success else { return code }
    guard !isComplete else { return appendSDR(sdr.partial.bytes, into: &response) }
    response.append(littleEndian: id)
    return .success
  }

  /// Delete SDR, section 33.15.
  mutating func deleteSDR(_ request: Message, into response: inout Message) -> CompletionCode {
    guard sdr.reservation.isHeld(by: request.word(0)) else { return .reservationCancelled }
    guard let record = sdr.offset(of: request.word(2)) else { return .notPresent }
    response.append(littleEndian: sdr.recordID(at: record))
    sdr.remove(at: record, seconds: clock.seconds(at: now))
    return .success
  }

  /// Clear SDR Repository, section 33.16: as Clear SEL.
  mutating func clearSDRRepository(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    guard sdr.reservation.isHeld(by: request.word(0)) else { return .reservationCancelled }
    guard let erases = request.erases else { return .invalidDataField }
    if erases { sdr.removeAll(at: clock.seconds(at: now)) }
    response.append(0x01)
    return .success
  }

  /// Run Initialization Agent, section 33.21: sensors as they were at start; done at once.
  mutating func runInitializationAgent(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    if request.byte(0) & 1 != 0 {
      for index in 0..<sensors.count {
        sensors[index].initialize()
        raise(sensors[index].compare(), sensor: index)
      }
    }
    response.append(0x01)
    return .success
  }

  private mutating func appendSDR(
    _ record: FixedBytes<255>, into response: inout Message
  ) -> CompletionCode {
    guard record.count <= SensorDataRepository.longestRecord else { return .requestLengthExceeded }
    guard let id = sdr.append(record, at: clock.seconds(at: now)) else { return .outOfSpace }
    response.append(littleEndian: id)
    return .success
  }
}

extension Message {
  /// What "CLR" at data byte 2 asks for: AAh to erase, 00h how far that is; `nil` for another thing.
  var erases: Bool? {
    guard byte(2) == 0x43, byte(3) == 0x4C, byte(4) == 0x52 else { return nil }
    return switch byte(5) {
    case 0xAA: true
    case 0x00: false
    default: nil
    }
  }
}
