import BMCPeripherals
import IPMI

/// The bytes of a saved `ihb_soc`, between a header and a sum.
///
/// | Bytes  | What                                                                      |
/// |-------:|---------------------------------------------------------------------------|
/// |   0–3  | `IHS1`                                                                    |
/// |   4    | The chip, by its place in the list of all                                 |
/// |   5–   | The state                                                                 |
/// | last 4 | Sum of all before, each turned by its place, lowest byte first            |
@safe struct StateBytes: StateStream {
  let isRestoring: Bool
  let now: UInt64
  private(set) var isRejected = false
  private(set) var offset = 0
  private var sum: UInt32 = 0
  private let bytes: UnsafeMutablePointer<UInt8>?
  private let count: Int

  /// A state to be written, of which `capacity` bytes are kept.
  init(writingTo bytes: UnsafeMutablePointer<UInt8>?, capacity: Int, now: UInt64) {
    isRestoring = false
    unsafe self.bytes = bytes
    count = capacity
    self.now = now
  }

  /// A state to be read, which is not changed.
  init(reading bytes: UnsafePointer<UInt8>, count: Int, now: UInt64) {
    isRestoring = true
    unsafe self.bytes = UnsafeMutablePointer(mutating: bytes)
    self.count = count
    self.now = now
  }

  mutating func transfer(_ byte: inout UInt8) {
    if isRestoring {
      guard let bytes = unsafe bytes, offset < count else { return reject() }
      unsafe byte = bytes[offset]
    } else if offset < count, let bytes = unsafe bytes {
      unsafe bytes[offset] = byte
    }
    sum = (sum << 5 | sum >> 27) ^ UInt32(byte)
    offset += 1
  }

  mutating func reject() { isRejected = true }

  /// Writes what precedes the state, or rejects another.
  mutating func transferHeader(of chip: Int) {
    let header: [5 of UInt8] = [0x49, 0x48, 0x53, 0x31, UInt8(truncatingIfNeeded: chip)]
    for index in header.indices {
      var byte = header[index]
      transfer(&byte)
      if byte != header[index] { reject() }
    }
  }

  /// Writes the sum.
  mutating func writeSum() {
    var value = sum
    transfer(&value)
  }

  /// Whether what was read was all, and in order.
  var isComplete: Bool {
    mutating get {
      let expected = sum
      var value: UInt32 = 0
      transfer(&value)
      return !isRejected && value == expected && offset == count
    }
  }
}
