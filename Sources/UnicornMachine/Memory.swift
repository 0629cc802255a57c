import CUnicorn

/// Zeroed memory of a machine, private to it; what nobody touches takes no room.
@safe final class Memory {
  let bytes: UnsafeMutableRawPointer
  let size: Int

  init(size: Int) throws {
    guard let bytes = unsafe cunicorn_allocate(size) else {
      throw MachineError("there is no address space for \(size) bytes of memory")
    }
    unsafe self.bytes = bytes
    self.size = size
  }

  deinit { unsafe cunicorn_free(bytes, size) }

  /// Makes it zero again.
  func clear() { unsafe cunicorn_clear(bytes, size) }

  /// Whether `data` is at an offset.
  func holds(_ data: ArraySlice<UInt8>, at offset: Int) -> Bool {
    guard offset >= 0, offset <= size - data.count else { return data.isEmpty }
    return unsafe data.withUnsafeBytes {
      unsafe UnsafeRawBufferPointer(start: bytes + offset, count: $0.count).elementsEqual($0)
    }
  }

  /// The 32-bit word at an offset; `nil` outside.
  func word(at offset: Int) -> UInt32? {
    guard offset >= 0, offset <= size - 4 else { return nil }
    return unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
  }

  /// Copies `data` to an offset; nothing happens where it does not fit.
  func store(_ data: ArraySlice<UInt8>, at offset: Int) {
    guard offset >= 0, offset <= size - data.count, !data.isEmpty else { return }
    unsafe data.withUnsafeBytes {
      unsafe bytes.advanced(by: offset).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
    }
  }
}
