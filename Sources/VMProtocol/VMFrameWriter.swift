import IPMI

/// One frame on its way into a ring of bytes.
///
/// Writes only to the free part of the ring, so a frame that turns out not to fit need not be
/// undone. Not generic over the ring's size, so it is compiled once, with all it calls in line.
struct VMFrameWriter: ~Copyable, ~Escapable {
  private var ring: MutableSpan<UInt8>
  /// The offset of the next byte in the ring.
  private var offset: Int
  /// The free bytes that remain; negative by what did not fit.
  private(set) var free: Int

  /// A writer to the `free` bytes of `ring` at `offset`, which is below the ring's size.
  @_lifetime(copy ring)
  init(_ ring: consuming MutableSpan<UInt8>, offset: Int, free: Int) {
    self.ring = ring
    self.offset = offset
    self.free = free
  }

  /// Writes a message frame.
  mutating func write(id: UInt8, message: Message) {
    var sum = id
    put(id)
    let array = message.bytes.array
    let bytes = array.span
    for index in 0..<message.count {
      let byte = bytes[index]
      sum &+= byte
      put(byte)
    }
    put(0 &- sum)
    putRaw(VMFrame.messageEnd)
  }

  /// Writes a control command.
  mutating func write(control: VMControl, argument: UInt8?) {
    put(control.rawValue)
    if let argument { put(argument) }
    putRaw(VMFrame.controlEnd)
  }

  /// Writes a byte of content, escaped where it must be.
  @inline(__always)
  private mutating func put(_ byte: UInt8) {
    switch byte {
    case VMFrame.messageEnd, VMFrame.controlEnd, VMFrame.escape:
      putRaw(VMFrame.escape)
      putRaw(byte | VMFrame.escapedBit)
    default:
      putRaw(byte)
    }
  }

  @inline(__always)
  private mutating func putRaw(_ byte: UInt8) {
    free -= 1
    guard free >= 0 else { return }
    ring[offset] = byte
    offset += 1
    if offset == ring.count { offset = 0 }
  }
}
