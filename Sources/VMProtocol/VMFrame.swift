import IPMI

/// The framing of the OpenIPMI VM protocol, version 1: a byte stream cut by terminators.
///
/// | Byte | Meaning                                                 |
/// |-----:|---------------------------------------------------------|
/// |  A0h | Ends a frame that is an IPMI message                    |
/// |  A1h | Ends a frame that is a ``VMControl``                    |
/// |  AAh | Escape: bit 4 of the next byte of content reads as 0    |
///
/// A frame begins where the last one ended, or where the connection did. A message frame is the
/// id, the bytes of the ``Message`` and a checksum that makes the sum of the whole frame 0 modulo
/// 256. Behaviour from OpenIPMI's `lanserv/README.vm` and, where that is silent, from QEMU's
/// `ipmi-bmc-extern` and OpenIPMI's `ipmi_sim`.
public enum VMFrame {
  /// The most bytes of a message frame without escapes and terminator: id, message, checksum.
  ///
  /// 302, as in QEMU. `ipmi_sim` drops what exceeds 259.
  public static let capacity = Message.capacity + 2
  /// The most bytes a message frame has on the wire: every byte escaped, and the terminator.
  public static let encodedCapacity = 2 * capacity + 1

  /// Terminator of a message.
  static let messageEnd: UInt8 = 0xA0
  /// Terminator of a control command.
  static let controlEnd: UInt8 = 0xA1
  /// Escape.
  static let escape: UInt8 = 0xAA
  /// The bit that a sender sets and a receiver clears in an escaped byte.
  static let escapedBit: UInt8 = 1 << 4
}

/// Which end of a VM protocol link this is.
public enum VMRole: Sendable {
  /// The management controller: receives requests, sends responses and attention.
  case bmc
  /// The virtual machine: sends requests, receives responses.
  case vm

  /// The fewest bytes of a received message frame: a response needs its completion code.
  var minimumFrame: Int {
    switch self {
    case .bmc: 4
    case .vm: 5
    }
  }
}
