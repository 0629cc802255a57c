import IPMI

extension ManagementController {
  /// PEF commands. IPMI v2.0, section 30.
  mutating func platformEventFiltering(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    switch request.command {
    case .getPEFCapabilities:
      // Section 30.1.
      response.append(0x51)
      response.append(PEFActions.supported.rawValue)
      response.append(UInt8(PlatformEventFiltering.capacity))
      return .success
    case .setPEFConfigurationParameters: return setPEFParameter(request)
    case .getPEFConfigurationParameters: return getPEFParameter(request, into: &response)
    case .setLastProcessedEventID:
      // Section 30.5: of system software, or of the BMC.
      if request.byte(0) & 1 == 0 {
        filtering.lastSoftwareProcessed = request.word(1)
      } else {
        filtering.lastFiltered = request.word(1)
      }
      return .success
    case .getLastProcessedEventID:
      // Section 30.6.
      response.append(littleEndian: sel.lastAddition)
      response.append(littleEndian: sel.count == 0 ? 0xFFFF : sel[sel.count - 1].id)
      response.append(littleEndian: filtering.lastSoftwareProcessed)
      response.append(littleEndian: filtering.lastFiltered)
      return .success
    default: return .invalidCommand
    }
  }

  /// Set PEF Configuration Parameters, section 30.3.
  ///
  /// - Returns: 80h for a parameter that is not supported, 81h while a set is in progress, 82h for
  ///   one that cannot be set, CCh for a filter that there is not.
  private mutating func setPEFParameter(_ request: Message) -> CompletionCode {
    let selector = request.byte(0) & 0x7F
    if selector == 5 || selector == 8 || selector == 11 { return .parameterReadOnly }
    guard let size = Self.pefParameterSize(selector) else { return .parameterNotSupported }
    guard request.dataCount == 1 + size else { return .requestLengthInvalid }
    let value = request.byte(1)
    switch selector {
    case 0:
      guard value & 0x03 != 3 else { return .invalidDataField }
      if value & 0x03 == 1, filtering.isBeingSet { return .setInProgress }
      // A commit ends the set: every write has taken effect at once.
      filtering.isBeingSet = value & 0x03 == 1
    case 1: filtering.control = value & 0x03
    case 2: filtering.enabledActions = value & PEFActions.supported.rawValue
    default:
      let filter = Int(value & 0x7F) - 1
      guard filtering.filters.indices.contains(filter) else { return .invalidDataField }
      for index in 0..<size - 1 {
        filtering.filters[filter].bytes[index] = request.byte(2 + index)
      }
    }
    return .success
  }

  /// Get PEF Configuration Parameters, section 30.4: with bit 7 only the revision.
  private mutating func getPEFParameter(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    let selector = request.byte(0) & 0x7F
    guard let size = Self.pefParameterSize(selector) else { return .parameterNotSupported }
    response.append(0x11)
    guard request.byte(0) & 0x80 == 0 else { return .success }
    switch selector {
    case 0: response.append(filtering.isBeingSet ? 1 : 0)
    case 1: response.append(filtering.control)
    case 2: response.append(filtering.enabledActions)
    case 5: response.append(UInt8(PlatformEventFiltering.capacity))
    case 6, 7:
      let filter = Int(request.byte(1) & 0x7F) - 1
      guard filtering.filters.indices.contains(filter) else { return .invalidDataField }
      response.append(request.byte(1) & 0x7F)
      for index in 0..<size - 1 {
        response.append(filtering.filters[filter].bytes[index])
      }
    default: response.append(0)  // alert policies, alert strings: none
    }
    return .success
  }

  /// The bytes of a parameter; `nil` where it is not supported. IPMI v2.0, table 30-6.
  private static func pefParameterSize(_ selector: UInt8) -> Int? {
    switch selector {
    case 0, 1, 2, 5, 8, 11: 1
    case 6: 1 + EventFilter.size
    case 7: 2
    default: nil
    }
  }

  /// Lets the filters act on an event that is on its way to the log.
  mutating func filter(_ event: EventRecord) {
    let actions = filtering.actions(on: event)
    // Without power there is nothing to act on.
    guard powerIsOn, let action = actions.first else { return }
    filtering.lastFiltered = event.id
    self.actions.append(action)
    switch action {
    case .hardReset, .powerCycle: restart(for: .platformEventFilter)
    default: break
    }
    guard filtering.control & 0b10 != 0 else { return }
    // System event, offset 4: PEF action, and which. Table 42-3. It would be its own cause again.
    log(
      EventRecord(
        generator: 0x0020, sensorType: 0x12, sensor: 0, eventType: 0x6F, asserted: true,
        data: (0x44, actions.rawValue, 0xFF)))
  }
}

extension CompletionCode {
  /// 82h of the PEF parameters: it can only be read.
  static let parameterReadOnly = CompletionCode(rawValue: 0x82)
}
