import IPMI

extension ManagementController {
  /// Storage commands, NetFn 0Ah. IPMI v2.0, sections 31, 33 and 34.
  mutating func storage(_ request: Message, into response: inout Message) -> CompletionCode {
    switch request.command {
    case .getFRUInventoryAreaInfo: return getFRUInventoryAreaInfo(request, into: &response)
    case .readFRUData: return readFRUData(request, into: &response)
    case .writeFRUData: return writeFRUData(request, into: &response)
    case .getSDRRepositoryInfo: return getSDRRepositoryInfo(into: &response)
    case .getSDRRepositoryAllocationInfo: return getSDRAllocationInfo(into: &response)
    case .reserveSDRRepository:
      response.append(littleEndian: sdr.reserve())
      return .success
    case .getSDR: return getSDR(request, into: &response)
    case .addSDR: return addSDR(request, into: &response)
    case .partialAddSDR: return partialAddSDR(request, into: &response)
    case .deleteSDR: return deleteSDR(request, into: &response)
    case .clearSDRRepository: return clearSDRRepository(request, into: &response)
    case .enterSDRRepositoryUpdateMode, .exitSDRRepositoryUpdateMode:
      sdr.isUpdating = request.command == .enterSDRRepositoryUpdateMode
      return .success
    case .runInitializationAgent: return runInitializationAgent(request, into: &response)
    case .getSELInfo: return getSELInfo(into: &response)
    case .getSELAllocationInfo: return getSELAllocationInfo(into: &response)
    case .reserveSEL:
      response.append(littleEndian: sel.reserve())
      return .success
    case .getSELEntry: return getSELEntry(request, into: &response)
    case .addSELEntry: return addSELEntry(request, into: &response)
    case .partialAddSELEntry: return partialAddSELEntry(request, into: &response)
    case .deleteSELEntry: return deleteSELEntry(request, into: &response)
    case .clearSEL: return clearSEL(request, into: &response)
    case .getSELTime, .getSDRRepositoryTime:
      // One clock for both, section 33.17.
      response.append(littleEndian: clock.seconds(at: now))
      return .success
    case .setSELTime, .setSDRRepositoryTime:
      clock.set(request.longWord(0), at: now)
      return .success
    case .getSELTimeUTCOffset:
      response.append(littleEndian: UInt16(bitPattern: clock.minutesFromUTC))
      return .success
    case .setSELTimeUTCOffset: return setSELTimeUTCOffset(request)
    default: return .invalidCommand
    }
  }

  /// Set SEL Time UTC Offset, section 31.11b: minutes, or 07FFh for unspecified.
  private mutating func setSELTimeUTCOffset(_ request: Message) -> CompletionCode {
    let minutes = Int16(bitPattern: request.word(0))
    guard (-1440...1440).contains(minutes) || minutes == 0x07FF else { return .invalidDataField }
    clock.minutesFromUTC = minutes
    return .success
  }
}
