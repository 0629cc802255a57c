import IPMI

/// Puts messages together from what a host's processor does at a channel's registers.
///
/// For whoever sees the accesses of a host that is nobody's state machine: a driver, a firmware.
/// IPMI v2.0, sections 9.14 and 9.15 (KCS) and 11.6 (BT).
///
/// A request is told with the access that completes it; a response when the host has all of it: in
/// KCS when it reads the IDLE state, in BT with the last byte. What a host gives up is not told. KCS
/// numbers no messages: a response has its request's number, which counts the requests.
public struct TransactionListener: Sendable {
  private var bytes: FixedBytes<300> = []
  /// Whether the message has more bytes than any may have.
  private var isTooLong = false
  private var phase = Phase.idle
  /// The state that the host saw last in STR, its bits 7:6.
  private var state: UInt8 = 0
  /// Of the request that was told last.
  private var id: UInt8 = .max

  private enum Phase: UInt8 {
    case idle
    /// KCS: bytes of a request; the next one is its last; bytes of a response.
    case kcsWrite, kcsWriteEnd, kcsRead
    /// BT: bytes into HOST2BMC; out of BMC2HOST.
    case btWrite, btRead
  }

  /// A listener before the first access.
  public init() {}

  /// The host's processor has made an access.
  ///
  /// - Returns: The message that it completes.
  public mutating func hear(_ access: RegisterAccess) -> TraceEvent.Occurrence? {
    switch (access.register, access.isWrite) {
    case (.command, true): return hearCommand(access.value)
    case (.idr, true):
      switch phase {
      case .kcsWrite: take(access.value)
      case .kcsWriteEnd:
        take(access.value)
        return request(id &+ 1, next: .kcsRead)
      default: break
      }
    case (.str, false):
      state = access.value >> 6
      if phase == .kcsRead, state == KCSState.idle, !bytes.isEmpty { return response(id) }
    case (.odr, false):
      // In other states the byte is a dummy.
      if phase == .kcsRead, state == KCSState.read { take(access.value) }
    case (.btControl, true): return hearControl(access.value)
    case (.btBuffer, true):
      if phase != .btWrite { begin(.btWrite) }
      take(access.value)
    case (.btBuffer, false):
      if phase != .btRead { begin(.btRead) }
      take(access.value)
      // The first byte counts those behind it.
      if bytes.count == Int(bytes[0]) + 1, let number = unframe() { return response(number) }
    default: break
    }
    return nil
  }

  private mutating func hearCommand(_ value: UInt8) -> TraceEvent.Occurrence? {
    switch value {
    case 0x61: begin(.kcsWrite)
    case 0x62: phase = phase == .kcsWrite ? .kcsWriteEnd : .idle
    // GET_STATUS/ABORT, and whatever else is no part of a transfer.
    default: begin(.idle)
    }
    return nil
  }

  private mutating func hearControl(_ value: UInt8) -> TraceEvent.Occurrence? {
    // CLR_WR_PTR and CLR_RD_PTR.
    if value & 0b01 != 0 { begin(.btWrite) }
    if value & 0b10 != 0 { begin(.btRead) }
    // H2B_ATN.
    guard value & 0b100 != 0, phase == .btWrite, let number = unframe() else { return nil }
    return request(number, next: .idle)
  }

  private mutating func begin(_ phase: Phase) {
    self.phase = phase
    bytes.removeAll()
    isTooLong = false
  }

  private mutating func take(_ byte: UInt8) {
    if !bytes.append(byte) { isTooLong = true }
  }

  /// Takes BT's length and sequence number away; the number, or `nil` where that is no frame.
  private mutating func unframe() -> UInt8? {
    guard bytes.count >= 4, bytes.count == Int(bytes[0]) + 1 else { return nil }
    let (netFn, number) = (bytes[1], bytes[2])
    bytes.removeFirst(2)
    bytes[0] = netFn
    return number
  }

  private mutating func request(_ number: UInt8, next: Phase) -> TraceEvent.Occurrence? {
    id = number
    return message(next: next).map { .request(id: number, $0) }
  }

  private mutating func response(_ number: UInt8) -> TraceEvent.Occurrence? {
    message(next: .idle).map { .response(id: number, $0) }
  }

  private mutating func message(next: Phase) -> Message? {
    let message = isTooLong ? nil : Message(bytes)
    begin(next)
    return message
  }

  /// STR's bits 7:6.
  private enum KCSState {
    static let idle: UInt8 = 0b00
    static let read: UInt8 = 0b01
  }
}
