import IPMI

extension ManagementController {
  /// Sensor/Event commands, NetFn 04h. IPMI v2.0, sections 29 and 35.
  ///
  /// All that name a sensor answer CBh where there is none of that number, and CDh where the
  /// sensor is not of the kind they are for.
  mutating func sensorEvent(_ request: Message, into response: inout Message) -> CompletionCode {
    switch request.command {
    case .getEventReceiver:
      // Section 29.2.
      response.append(messaging.eventReceiver)
      response.append(messaging.eventReceiverLUN)
      return .success
    case .setEventReceiver: return setEventReceiver(request)
    case .platformEvent: return platformEvent(request)
    case .getPEFCapabilities, .setPEFConfigurationParameters, .getPEFConfigurationParameters,
      .setLastProcessedEventID, .getLastProcessedEventID:
      return platformEventFiltering(request, into: &response)
    case .getDeviceSDRInfo, .getDeviceSDR, .reserveDeviceSDRRepository:
      return deviceSDR(request, into: &response)
    default: break
    }

    guard let index = sensors.index(of: request.byte(0)) else { return .notPresent }
    switch request.command {
    case .setSensorEventEnable: return setSensorEventEnable(request, sensor: index)
    case .getSensorEventEnable: return getSensorEventEnable(sensor: index, into: &response)
    case .rearmSensorEvents: return rearmSensorEvents(request, sensor: index)
    case .getSensorEventStatus:
      // Section 35.13. Sensors re-arm themselves, so no deassertion is kept of their own.
      response.append(sensors[index].flags)
      response.append(littleEndian: sensors[index].activeEvents)
      response.append(littleEndian: sensors[index].markedDeasserted)
      return .success
    case .getSensorReading: return getSensorReading(sensor: index, into: &response)
    case .getSensorType:
      response.append(sensors[index].description.type.rawValue)
      response.append(sensors[index].description.eventType)
      return .success
    case .setSensorType:
      // Section 35.15; a sensor with thresholds stays one, and one without has none.
      let type = SensorType(rawValue: request.byte(1))
      return sensors[index].set(type: type, eventType: request.byte(2) & 0x7F)
        ? .success : .invalidDataField
    case .setSensorReadingAndEventStatus: return setSensorReading(request, sensor: index)
    default: break
    }

    guard case .threshold(let characteristics) = sensors[index].description.kind else {
      return .illegalForSensor
    }
    switch request.command {
    case .getSensorReadingFactors:
      // Section 35.5: linear, so the factors hold up to the last reading.
      response.append(0xFF)
      let fields = characteristics.conversion.fields
      for index in fields.indices { response.append(fields[index]) }
      return .success
    case .setSensorHysteresis:
      // Section 35.6; byte 1 is reserved.
      sensors[index].positiveHysteresis = request.byte(2)
      sensors[index].negativeHysteresis = request.byte(3)
      raise(sensors[index].compare(), sensor: index)
      return .success
    case .getSensorHysteresis:
      response.append(sensors[index].positiveHysteresis)
      response.append(sensors[index].negativeHysteresis)
      return .success
    case .setSensorThresholds: return setSensorThresholds(request, sensor: index)
    case .getSensorThresholds:
      // Section 35.9.
      response.append(sensors[index].thresholds.present)
      for threshold in 0..<Thresholds.count {
        response.append(sensors[index].thresholds[threshold])
      }
      return .success
    default: return .invalidCommand
    }
  }

  /// Set Event Receiver, section 29.1: re-arms every sensor; FFh turns their events off.
  ///
  /// Another receiver than this controller, 20h, is one that nobody is: its events are lost.
  private mutating func setEventReceiver(_ request: Message) -> CompletionCode {
    let address = request.byte(0)
    guard address & 1 == 0 || address == 0xFF else { return .invalidDataField }
    messaging.eventReceiver = address
    messaging.eventReceiverLUN = request.byte(1) & 0x03
    for index in 0..<sensors.count {
      raise(sensors[index].rearm(0xFFFF), sensor: index)
    }
    return .success
  }

  /// Set Sensor Thresholds, section 35.8; CCh for one that the sensor does not have.
  private mutating func setSensorThresholds(
    _ request: Message, sensor index: Int
  ) -> CompletionCode {
    let mask = request.byte(1) & 0x3F
    guard mask & ~sensors[index].thresholds.present == 0 else { return .invalidDataField }
    for threshold in 0..<Thresholds.count where mask & 1 << UInt8(threshold) != 0 {
      sensors[index].thresholds[threshold] = request.byte(2 + threshold)
    }
    raise(sensors[index].compare(), sensor: index)
    return .success
  }

  /// Set Sensor Event Enable, section 35.10. Events that the sensor does not have stay off.
  private mutating func setSensorEventEnable(
    _ request: Message, sensor index: Int
  ) -> CompletionCode {
    let flags = request.byte(1)
    let assertions = request.word(2)
    let deassertions = request.word(4)
    switch flags >> 4 & 0b11 {
    case 0b00: break
    case 0b01:
      let description = sensors[index].description
      sensors[index].assertionEvents |= assertions & description.assertionEvents
      sensors[index].deassertionEvents |= deassertions & description.deassertionEvents
    case 0b10:
      sensors[index].assertionEvents &= ~assertions
      sensors[index].deassertionEvents &= ~deassertions
    default: return .invalidDataField
    }
    sensors[index].sendsEvents = flags & 0x80 != 0
    sensors[index].isScanning = flags & 0x40 != 0
    return .success
  }

  /// Get Sensor Event Enable, section 35.11.
  private mutating func getSensorEventEnable(
    sensor index: Int, into response: inout Message
  ) -> CompletionCode {
    response.append(sensors[index].flags & 0xC0)
    response.append(littleEndian: sensors[index].assertionEvents)
    response.append(littleEndian: sensors[index].deassertionEvents)
    return .success
  }

  /// Re-arm Sensor Events, section 35.12: those that still hold become events anew.
  ///
  /// Bit 7 of byte 1 clear means all; otherwise the mask of assertion events tells which.
  private mutating func rearmSensorEvents(
    _ request: Message, sensor index: Int
  ) -> CompletionCode {
    let isSelective = request.byte(1) & 0x80 != 0
    raise(sensors[index].rearm(isSelective ? request.word(2) : 0xFFFF), sensor: index)
    return .success
  }

  /// Get Sensor Reading, section 35.14.
  private mutating func getSensorReading(
    sensor index: Int, into response: inout Message
  ) -> CompletionCode {
    response.append(sensors[index].reading)
    response.append(sensors[index].flags)
    let states = sensors[index].states
    if sensors[index].isThreshold {
      response.append(0xC0 | UInt8(truncatingIfNeeded: states))
    } else {
      response.append(UInt8(truncatingIfNeeded: states))
      response.append(0x80 | UInt8(truncatingIfNeeded: states >> 8))
    }
    return .success
  }
}
