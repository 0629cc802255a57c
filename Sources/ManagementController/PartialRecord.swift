import IPMI

/// A record that comes in parts: Partial Add SDR and Partial Add SEL Entry.
///
/// IPMI v2.0, sections 31.7 and 33.14. The parts come in order; one that does not fit ends it all.
struct PartialRecord: Sendable {
  /// What came so far.
  private(set) var bytes: FixedBytes<255> = FixedBytes()
  /// The ID it will have; 0 while none is under way.
  private var id: UInt16 = 0

  /// Takes the next part, or the first.
  ///
  /// - Parameters:
  ///   - freshID: The ID for a record that begins.
  ///   - size: The size of every such record; `nil` where a header of five bytes tells it.
  /// - Returns: Whether the record is complete, or CCh for a part that is not the next one and
  ///   80h for more or fewer bytes than the record has.
  mutating func take(
    _ request: Message, freshID: UInt16, size: Int? = nil
  ) -> (isComplete: Bool, code: CompletionCode) {
    let offset = Int(request.byte(4))
    if request.word(2) == 0, offset == 0 {
      bytes.removeAll()
      id = freshID
    }
    guard id != 0, request.word(2) == 0 && offset == 0 || request.word(2) == id,
      offset == bytes.count, request.byte(5) & 0x0F <= 1
    else { return fail(.invalidDataField) }

    let fits = bytes.append(contentsOf: request.bytes, in: request.dataOffset + 6..<request.count)
    let header = SensorDataRepository.headerSize
    let wanted = size ?? (bytes.count < header ? nil : header + Int(bytes[4]))
    guard fits, bytes.count <= wanted ?? header else { return fail(.recordLengthMismatch) }
    guard request.byte(5) & 0x0F == 1 else { return (false, .success) }
    guard bytes.count == wanted else { return fail(.recordLengthMismatch) }
    return (true, .success)
  }

  private mutating func fail(_ code: CompletionCode) -> (isComplete: Bool, code: CompletionCode) {
    self = PartialRecord()
    return (false, code)
  }
}

extension CompletionCode {
  /// 80h of the commands that add a record: its length is not the one its header tells.
  static let recordLengthMismatch = CompletionCode(rawValue: 0x80)
}
