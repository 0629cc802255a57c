import IPMI

extension ManagementController {
  /// Set Sensor Reading And Event Status, section 35.17.
  ///
  /// Events follow as if the sensor had seen what is set: a threshold sensor compares its new
  /// reading, a discrete one has new states. The request may bring the event data of a discrete
  /// sensor; two bytes that are left out are FFh.
  ///
  /// - Returns: CCh for a reserved operation, or event data that are announced and not there; 80h
  ///   for event status of a threshold sensor, which is what its reading makes it.
  mutating func setSensorReading(_ request: Message, sensor index: Int) -> CompletionCode {
    let operation = request.byte(1)
    let dataOperation = operation >> 6
    guard operation & 0b11 <= 1, dataOperation < 3, dataOperation == 0 || request.dataCount > 7
    else { return .invalidDataField }
    let writesReading = operation & 0b11 == 1

    guard !sensors[index].isThreshold else {
      guard operation & 0b11_1100 == 0 else { return .statusNotSettable }
      if writesReading { raise(sensors[index].update(request.byte(2)), sensor: index) }
      return .success
    }
    let deassertions = Self.combine(
      sensors[index].markedDeasserted, request.word(5), operation >> 2 & 0b11)
    sensors[index].mark(reading: writesReading ? request.byte(2) : nil, deasserted: deassertions)
    let states = Self.combine(sensors[index].states, request.word(3), operation >> 4 & 0b11)
    let change = sensors[index].set(states: states)
    let data = (request.byte(7), request.data(8) ?? 0xFF, request.data(9) ?? 0xFF)
    switch dataOperation {
    case 0: raise(change, sensor: index)
    case 1:
      // The request's event data name the one state that becomes an event.
      let bit: UInt16 = 1 << UInt16(data.0 & 0x0F)
      let named = Sensor.Change(
        asserted: change.asserted & bit, deasserted: change.deasserted & bit)
      raise(named, sensor: index, details: (data.0 & 0xF0, data.1, data.2))
    default: raise(change, sensor: index, details: (data.0 & 0xF0, data.1, data.2))
    }
    return .success
  }

  /// Bits under the operations of byte 2: 0 keep, 1 write, 2 set those that are 1, 3 clear those
  /// that are 0.
  private static func combine(_ old: UInt16, _ new: UInt16, _ operation: UInt8) -> UInt16 {
    switch operation {
    case 1: new
    case 2: old | new
    case 3: old & new
    default: old
    }
  }
}

extension CompletionCode {
  /// 80h of Set Sensor Reading And Event Status: that status cannot be set.
  static let statusNotSettable = CompletionCode(rawValue: 0x80)
}
