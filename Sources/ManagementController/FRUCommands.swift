import IPMI

extension ManagementController {
  /// Get FRU Inventory Area Info, section 34.1: device 0, accessed by bytes.
  mutating func getFRUInventoryAreaInfo(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    guard request.byte(0) == 0 else { return .notPresent }
    response.append(littleEndian: UInt16(FRUInventory.size))
    response.append(0x00)
    return .success
  }

  /// Read FRU Data, section 34.2; C9h for an offset behind the area, less at its end.
  mutating func readFRUData(_ request: Message, into response: inout Message) -> CompletionCode {
    guard request.byte(0) == 0 else { return .notPresent }
    let offset = Int(request.word(1))
    guard offset < FRUInventory.size else { return .parameterOutOfRange }
    let count = min(Int(request.byte(3)), FRUInventory.size - offset)
    response.append(UInt8(truncatingIfNeeded: count))
    response.append(fru.bytes, from: offset, count: count)
    return .success
  }

  /// Write FRU Data, section 34.3; C9h, and nothing written, for data that pass the end.
  mutating func writeFRUData(
    _ request: Message, into response: inout Message
  ) -> CompletionCode {
    guard request.byte(0) == 0 else { return .notPresent }
    let data = request.dataOffset + 3..<request.count
    guard fru.write(request.bytes, data, at: Int(request.word(1))) else {
      return .parameterOutOfRange
    }
    response.append(UInt8(truncatingIfNeeded: data.count))
    return .success
  }
}
