import CFUSE
import Glibc

/// An `ioctl` that waits for its answer.
///
/// FUSE carries what the request's number says: its argument's size, one way or the other. What the
/// argument points at, and what IPMI's numbers declare the wrong way round, is read and written in
/// the caller's memory, which this process may as its parent.
@safe struct ControlCall {
  private let handle: OpaquePointer
  /// The number of the `ioctl`.
  let request: UInt32
  /// The open file.
  let file: UInt64
  /// Where the argument is, or what it is.
  private let argument: UInt
  private let caller: pid_t

  init(
    _ handle: OpaquePointer, _ request: UInt32, _ argument: UnsafeMutableRawPointer?, file: UInt64
  ) {
    unsafe self.handle = unsafe handle
    self.request = request
    self.argument = UInt(bitPattern: argument)
    self.file = file
    caller = unsafe fuse_req_ctx(handle).pointee.pid
  }

  func fail(_ error: Int32) { _ = unsafe fuse_reply_err(handle, error) }

  func succeed() { _ = unsafe fuse_reply_ioctl(handle, 0, nil, 0) }

  /// Gives the argument back.
  func succeed<Argument: BitwiseCopyable>(_ argument: Argument) {
    _ = unsafe withUnsafeBytes(of: argument) {
      unsafe fuse_reply_ioctl(handle, 0, $0.baseAddress, $0.count)
    }
  }

  // MARK: The caller's memory

  /// The argument; `nil` where the caller has no such memory.
  func read<Value: BitwiseCopyable>(_ type: Value.Type) -> Value? { read(type, at: argument) }

  /// What is at `address`.
  func read<Value: BitwiseCopyable>(_ type: Value.Type, at address: UInt) -> Value? {
    readBytes(at: address, count: MemoryLayout<Value>.size).map {
      unsafe $0.withUnsafeBytes { unsafe $0.loadUnaligned(as: type) }
    }
  }

  func readBytes(at address: UInt, count: Int) -> [UInt8]? {
    guard count > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: count)
    return unsafe device_read_memory(caller, address, &bytes, count) == 0 ? bytes : nil
  }

  /// Changes the argument.
  func write<Argument: BitwiseCopyable>(_ argument: Argument) -> Bool {
    unsafe withUnsafeBytes(of: argument) {
      unsafe device_write_memory(caller, self.argument, $0.baseAddress!, $0.count) == 0
    }
  }

  func write(_ bytes: [UInt8], at address: UInt) -> Bool {
    unsafe bytes.isEmpty || device_write_memory(caller, address, bytes, bytes.count) == 0
  }
}
