import IPMI

/// Sees messages pass by the host's port I/O, whoever the host is: their first bytes, as soon as those
/// say what a message is.
///
/// A request is known by its command, the second byte of KCS and the fourth of BT, which has length and
/// sequence number as well; a response by its completion code. IPMI v2.0, sections 9.15 and 11.6.
struct BusMessages {
  private enum KCSPhase { case idle, write, read }

  private var phase = KCSPhase.idle
  private var kcsIsIdle = false
  private var kcs: FixedBytes<3> = []
  /// The BT buffers' first bytes, each way.
  private var btRequest: FixedBytes<5> = []
  private var btResponse: FixedBytes<5> = []

  /// The request whose command the host writes.
  mutating func write(_ port: UInt16, _ value: UInt8) -> Message? {
    switch port {
    case 0xCA3:
      switch value {
      // WRITE_START; WRITE_END goes on; GET_STATUS/ABORT.
      case 0x61: (phase, kcs) = (.write, [])
      case 0x62: break
      default: phase = .idle
      }
    case 0xCA2 where phase == .write:
      if kcs.append(value), kcs.count == 2 { return request(kcs[0], kcs[1]) }
    case 0xE4:
      // The write pointer is cleared, and the read pointer.
      if value & 0x01 != 0 { btRequest = [] }
      if value & 0x02 != 0 { btResponse = [] }
    case 0xE5:
      if btRequest.append(value), btRequest.count == 4 {
        return request(btRequest[1], btRequest[3])
      }
    default: break
    }
    return nil
  }

  /// The response whose completion code the host reads.
  mutating func read(_ port: UInt16, _ value: UInt8) -> Message? {
    switch port {
    case 0xCA3:
      kcsIsIdle = value >> 6 == 0
      // READ_STATE: the BMC has the request.
      if value >> 6 == 1, phase == .write { (phase, kcs) = (.read, []) }
    case 0xCA2 where phase == .read:
      if kcsIsIdle { phase = .idle }
      if kcs.append(value), kcs.count == 3 { return Message(kcs, in: 0..<3) }
    case 0xE5:
      guard btResponse.append(value), btResponse.count == 5 else { return nil }
      let bytes: FixedBytes<3> = [btResponse[1], btResponse[3], btResponse[4]]
      return Message(bytes, in: 0..<3)
    default: break
    }
    return nil
  }

  private func request(_ first: UInt8, _ command: UInt8) -> Message? {
    let bytes: FixedBytes<2> = [first, command]
    return Message(bytes, in: 0..<2)
  }
}
