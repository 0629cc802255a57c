import IPMI

extension ManagementController {
  /// Get FRU Inventory Area Info, section 34.1: accessed by bytes.
  mutating func getFRUInventoryAreaInfo(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    guard let area = fru.range(of: Int(request.byte(0))) else { return .notPresent }
    response.append(littleEndian: UInt16(area.count))
    response.append(0x00)
    return .success
  }

  /// Read FRU Data, section 34.2; C9h for an offset behind the area, less at its end.
  mutating func readFRUData(_ request: Message, into response: inout Message) -> CompletionCode {
    guard let area = fru.range(of: Int(request.byte(0))) else { return .notPresent }
    let start = area.lowerBound + Int(request.word(1))
    guard start < area.upperBound else { return .parameterOutOfRange }
    let end = min(start + Int(request.byte(3)), area.upperBound)
    response.append(UInt8(truncatingIfNeeded: end - start))
    for index in start..<end {
      response.append(fru[index])
    }
    return .success
  }

  /// Write FRU Data, section 34.3; C9h, and nothing written, for data that pass the end.
  mutating func writeFRUData(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    guard let area = fru.range(of: Int(request.byte(0))) else { return .notPresent }
    let start = area.lowerBound + Int(request.word(1))
    let count = request.dataCount - 3
    guard start < area.upperBound, count <= area.upperBound - start else {
      return .parameterOutOfRange
    }
    for index in 0..<count {
      fru[start + index] = request.byte(3 + index)
    }
    response.append(UInt8(truncatingIfNeeded: count))
    return .success
  }
}
