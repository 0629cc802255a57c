import IPMI

/// The receiver of a VM protocol stream: bytes in, at most one event for each.
///
/// Holds one frame of at most ``VMFrame/capacity`` bytes whatever the peer sends, and returns to
/// its first state at every terminator, so a damaged frame never costs the one behind it. It does
/// not look inside a message: time-outs, ids and completion codes belong to whoever feeds it.
public struct VMDecoder: Sendable {
  private let role: VMRole
  /// The frame so far, escapes undone; bytes that do not fit count in `sum` only.
  private var frame = FixedBytes<302>()
  /// The sum of all bytes of the frame, modulo 256.
  private var sum: UInt8 = 0
  private var isEscaped = false
  private var isTooLong = false

  /// A decoder at the start of a connection, for the end that is `role`.
  public init(role: VMRole) {
    self.role = role
  }

  /// Forgets half a frame: for a new connection, which must not inherit the old one's bytes.
  public mutating func reset() {
    frame.removeAll()
    sum = 0
    isEscaped = false
    isTooLong = false
  }

  /// Takes the next byte of the stream; an event if it ended a frame that was not empty.
  // In line, or a caller in another module pays two copies of an empty event for every byte.
  @inlinable
  public mutating func feed(_ byte: UInt8) -> VMEvent? {
    isTerminator(byte) ? endFrame(byte) : nil
  }

  /// Takes bytes of the stream from `offset` up to the first event; `nil` when none is left.
  ///
  /// `offset` moves behind the bytes taken, so a loop until `nil` takes all of `bytes`.
  public mutating func feed(_ bytes: Span<UInt8>, from offset: inout Int) -> VMEvent? {
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if isTerminator(byte), let event = endFrame(byte) { return event }
    }
    return nil
  }

  /// Whether `byte` ends the frame; otherwise it becomes part of it.
  @usableFromInline
  mutating func isTerminator(_ byte: UInt8) -> Bool {
    switch byte {
    case VMFrame.messageEnd, VMFrame.controlEnd:
      return true
    case VMFrame.escape:
      isEscaped = true
    default:
      // No check that the byte was one that needs its escape: no known receiver has one.
      let content = isEscaped ? byte & ~VMFrame.escapedBit : byte
      isEscaped = false
      sum &+= content
      if !frame.append(content) { isTooLong = true }
    }
    return false
  }

  /// What the frame was; the next byte starts another.
  @usableFromInline
  mutating func endFrame(_ terminator: UInt8) -> VMEvent? {
    defer { reset() }
    return terminator == VMFrame.messageEnd ? message() : control()
  }

  private func message() -> VMEvent? {
    if isEscaped { return .rejected(.danglingEscape) }
    if frame.isEmpty { return nil }
    guard frame.count >= role.minimumFrame else { return .rejected(.tooShort) }
    guard sum == 0 else { return .rejected(.badChecksum) }
    // When too long, the first three bytes are still the id, NetFn with LUN, and the command.
    let end = isTooLong ? 1 + Message.minimumLength : frame.count - 1
    guard let message = Message(frame, in: 1..<end) else {
      return .rejected(.tooShort)
    }
    return isTooLong
      ? .rejected(
        .tooLong(id: frame[0], response: Message(respondingTo: message, .requestTruncated)))
      : .message(id: frame[0], message)
  }

  /// Bytes behind the argument are ignored, however many.
  private func control() -> VMEvent? {
    if isEscaped { return .rejected(.danglingEscape) }
    return frame.byte(at: 0).map { code in
      .control(VMControl(rawValue: code), argument: frame.byte(at: 1))
    }
  }
}
