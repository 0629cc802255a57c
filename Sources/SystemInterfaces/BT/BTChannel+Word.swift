/// The channel as one word and two buffers beside it, which another processor may be given.
///
/// | Bits  | Field                                     |
/// |------:|-------------------------------------------|
/// |   7:0 | BT_CTRL                                   |
/// |  15:8 | BT_INTMASK                                |
/// | 31:16 | ``BTEvents``                              |
/// | 35:32 | ``BTChannel/Enables``                     |
/// | 42:36 | ``BTChannel/Pointers``: `hostRead`        |
/// | 49:43 | `hostWrite`                               |
/// | 56:50 | `bmcWrite`                                |
/// | 63:57 | `bmcRead`                                 |
///
/// An access moves one pointer by one at most, past one byte: that is all of a buffer that it needs.
extension BTChannel {
  /// A buffer, by who writes it.
  public enum Buffer: Sendable {
    case hostToBMC, bmcToHost
  }

  /// Bytes of each buffer.
  public static let bufferSize = BTBuffer.capacity

  /// Everything but the buffers.
  public var word: UInt64 {
    let pointers = pointers
    var word = UInt64(control.rawValue) | UInt64(interruptMask.rawValue) << 8
    word |= UInt64(events.rawValue) << 16
    word |= UInt64(enables.rawValue & 0xF) << 32
    word |= UInt64(pointers.hostRead) << 36 | UInt64(pointers.hostWrite) << 43
    return word | UInt64(pointers.bmcWrite) << 50 | UInt64(pointers.bmcRead) << 57
  }

  /// The channel that a word is, its buffers full of zeros.
  ///
  /// Any word is one: bits that read 0 are left out, and a pointer past the end is at it.
  public init(word: UInt64) {
    func pointer(_ shift: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> shift & 0x7F) }
    let control = BTControl(rawValue: UInt8(truncatingIfNeeded: word))
    let mask = BTInterruptMask(rawValue: UInt8(truncatingIfNeeded: word >> 8))
    self.init(
      hostToBMC: BTBuffer(writePointer: pointer(43), readPointer: pointer(57)),
      bmcToHost: BTBuffer(writePointer: pointer(50), readPointer: pointer(36)),
      control: control.subtracting([.clearReadPointer, .clearWritePointer]),
      interruptMask: mask.intersection([.bmcReset, .oem, .interrupt, .interruptEnable]),
      events: BTEvents(rawValue: UInt16(truncatingIfNeeded: word >> 16)),
      enables: Enables(rawValue: UInt8(truncatingIfNeeded: word >> 32 & 0b1101)))
  }

  /// A byte of a buffer, by its place in it, `0...63`.
  public subscript(buffer: Buffer, index: Int) -> UInt8 {
    get { buffer == .hostToBMC ? hostToBMC[index] : bmcToHost[index] }
    set {
      if buffer == .hostToBMC { hostToBMC[index] = newValue } else { bmcToHost[index] = newValue }
    }
  }
}
