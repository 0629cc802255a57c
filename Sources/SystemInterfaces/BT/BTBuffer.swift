import IPMI

/// One direction of a BT channel: 64 bytes, the writer's pointer and the reader's.
///
/// The pointers move only by accesses to the data and by the CLR bits of BT_CTRL, so a request that
/// is announced again is still there, as skiboot relies on.
struct BTBuffer: Sendable {
  static let capacity = 64

  private var bytes: [64 of UInt8] = .init(repeating: 0)
  /// Where the next byte is written, `0...64`.
  private(set) var writePointer: UInt8 = 0
  /// Where the next byte is read, `0...64`.
  private(set) var readPointer: UInt8 = 0

  /// Adds a byte; `false`, and the byte is lost, when full.
  mutating func write(_ byte: UInt8) -> Bool {
    guard writePointer < Self.capacity else { return false }
    bytes[Int(writePointer)] = byte
    writePointer += 1
    return true
  }

  /// The next byte; `nil` past the last one written.
  mutating func read() -> UInt8? {
    guard readPointer < writePointer else { return nil }
    defer { readPointer += 1 }
    return bytes[Int(readPointer)]
  }

  /// An empty buffer that goes on where another one stands; pointers past the end are at it.
  init(writePointer: UInt8, readPointer: UInt8) {
    self.writePointer = min(writePointer, UInt8(Self.capacity))
    self.readPointer = min(readPointer, UInt8(Self.capacity))
  }

  init() {}

  /// The byte at `index`, `0...63`.
  subscript(index: Int) -> UInt8 {
    get { bytes[index] }
    set { bytes[index] = newValue }
  }

  mutating func clearWritePointer() { writePointer = 0 }
  mutating func clearReadPointer() { readPointer = 0 }
}

extension BTBuffer: Restorable {
  mutating func transfer(through stream: inout some StateStream) {
    for index in bytes.indices { stream.transfer(&bytes[index]) }
    stream.transfer(&writePointer)
    stream.transfer(&readPointer)
    if writePointer > Self.capacity || readPointer > Self.capacity { stream.reject() }
  }
}
