import CFUSE
import Glibc

/// An `ioctl` that waits for its answer.
///
/// What the argument points at is read and written in the caller's memory, which this process may as
/// its parent. FUSE would carry what the request's number says, an argument's size one way or the
/// other; but IPMI's numbers declare it the wrong way round, and have pointers in it.
struct ControlCall {
  /// The number of the `ioctl`.
  let request: UInt32
  /// Where the argument is, or what it is.
  let argument: UInt
  /// The open file.
  let file: UInt64
  /// The process that waits.
  let caller: pid_t
  /// The call's number, of all that wait.
  let number: UInt64
  let answers: any FileAnswers

  func fail(_ error: Int32) { answers.fail(number, error) }

  func succeed() { answers.controlled(number) }

  /// Gives the argument back.
  func succeed<Argument: BitwiseCopyable>(_ argument: Argument) {
    if write(argument) { succeed() } else { fail(EFAULT) }
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
