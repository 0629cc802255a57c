import IPMI

extension ManagementController {
  /// Get SEL Info, section 31.2. Supports allocation info, reservation, partial add and delete.
  mutating func getSELInfo(into response: inout Message) -> CompletionCode {
    response.append(0x51)
    response.append(littleEndian: UInt16(truncatingIfNeeded: sel.count))
    response.append(littleEndian: freeSELRecords * UInt16(EventRecord.size))
    response.append(littleEndian: sel.lastAddition)
    response.append(littleEndian: sel.lastErase)
    response.append((sel.hasOverflowed ? 0x80 : 0) | 0b1111)
    return .success
  }

  /// Get SEL Allocation Info, section 31.3: units of one record.
  mutating func getSELAllocationInfo(into response: inout Message) -> CompletionCode {
    response.append(littleEndian: UInt16(SystemEventLog.capacity))
    response.append(littleEndian: UInt16(EventRecord.size))
    response.append(littleEndian: freeSELRecords)
    response.append(littleEndian: freeSELRecords)
    response.append(1)
    return .success
  }

  /// Get SEL Entry, section 31.5; needs a reservation only for a read that starts inside.
  mutating func getSELEntry(_ request: Message, into response: inout Message) -> CompletionCode {
    let offset = Int(request.byte(4))
    guard offset == 0 || sel.isReserved(by: request.word(0)) else { return .reservationCancelled }
    guard let position = sel.position(of: request.word(2)) else { return .notPresent }
    guard offset < EventRecord.size else { return .parameterOutOfRange }
    response.append(littleEndian: sel.nextID(after: position))
    response.append(sel[position].bytes, from: offset, count: Int(request.byte(5)))
    return .success
  }

  /// Add SEL Entry, section 31.6; 80h for a record type that is reserved, C4h when full.
  mutating func addSELEntry(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    appendSEL(EventRecord(request, at: 0), into: &response)
  }

  /// Partial Add SEL Entry, section 31.7.
  mutating func partialAddSELEntry(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    guard sel.isReserved(by: request.word(0)) else { return .reservationCancelled }
    let id = sel.nextFreshID
    let (isComplete, code) = sel.partial.take(request, freshID: id, size: EventRecord.size)
    guard code == .success else { return code }
    guard !isComplete else { return appendSEL(EventRecord(sel.partial.bytes), into: &response) }
    response.append(littleEndian: id)
    return .success
  }

  private mutating func appendSEL(
    _ record: EventRecord, into response: inout Message
  ) -> CompletionCode {
    guard record.hasKnownType else { return .recordTypeNotSupported }
    guard let id = sel.append(record, at: clock.seconds(at: now)) else { return .outOfSpace }
    showLogLevel()
    response.append(littleEndian: id)
    return .success
  }

  /// Delete SEL Entry, section 31.8.
  mutating func deleteSELEntry(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    guard sel.isReserved(by: request.word(0)) else { return .reservationCancelled }
    guard let position = sel.position(of: request.word(2)) else { return .notPresent }
    response.append(littleEndian: sel[position].id)
    sel.remove(at: position, seconds: clock.seconds(at: now))
    showLogLevel()
    return .success
  }

  /// Clear SEL, section 31.9: "CLR", then AAh to erase or 00h to ask; erasing is done at once.
  mutating func clearSEL(_ request: Message, into response: inout Message) -> CompletionCode {
    guard sel.isReserved(by: request.word(0)) else { return .reservationCancelled }
    guard let erases = request.erases else { return .invalidDataField }
    if erases {
      sel.removeAll(at: clock.seconds(at: now))
      showLogLevel()
      signalLogCleared()
    }
    response.append(0x01)
    return .success
  }

  /// Platform Event Message, section 29.3, from system software: its generator ID comes first.
  ///
  /// - Returns: C4h when the SEL has no room for it.
  mutating func platformEvent(_ request: Message) -> CompletionCode {
    let event = EventRecord(
      generator: UInt16(request.byte(0)), sensorType: request.byte(2), sensor: request.byte(3),
      eventType: request.byte(4), asserted: request.byte(4) & 0x80 == 0,
      data: (request.byte(5), request.data(6) ?? 0xFF, request.data(7) ?? 0xFF))
    return record(event) ? .success : .outOfSpace
  }

  private var freeSELRecords: UInt16 { UInt16(SystemEventLog.capacity - sel.count) }
}

extension CompletionCode {
  /// 80h of Add SEL Entry: operation not supported for this record type.
  static let recordTypeNotSupported = CompletionCode(rawValue: 0x80)
}
