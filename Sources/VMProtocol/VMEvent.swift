import IPMI

/// What a ``VMDecoder`` found at a terminator.
public enum VMEvent: Equatable, Sendable {
  /// A message with a good checksum: a request for a BMC, a response for a VM.
  ///
  /// NetFn, LUN and command are whatever the peer sent; a response carries `id` of its request.
  case message(id: UInt8, Message)
  /// A control command, known or not, and its argument where there was one.
  case control(VMControl, argument: UInt8?)
  /// A frame that was dropped. The decoder is ready for the next one.
  case rejected(VMRejection)
}

/// Why a frame was dropped; the first reason that holds, in this order.
///
/// All but ``tooLong(id:response:)`` are to be ignored, as every known peer does: a sender whose
/// frame was damaged waits for its time-out.
public enum VMRejection: Equatable, Sendable {
  /// The terminator followed an escape.
  case danglingEscape
  /// Too few bytes for a message of this direction: 4 raw bytes for a request, 5 for a response.
  case tooShort
  /// The bytes of a message frame, stored or not, do not add up to 0.
  case badChecksum
  /// The message exceeds ``IPMI/Message/capacity``; all its bytes are accounted for by the checksum.
  ///
  /// `response` stands in for the lost one: NetFn, LUN and command of the frame, completion code
  /// C6h. A BMC sends it under `id`; a VM takes it as the answer that `id` received, as QEMU does.
  case tooLong(id: UInt8, response: Message)
}
