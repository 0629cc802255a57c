import CFUSE
import Glibc

/// A connection of FUSE whose root is one file, and who answers for it.
///
/// One thread: `receive()` when the connection is readable. libfuse's functions are called on that
/// thread alone. A call's number is where libfuse has its request.
@safe final class FUSEFile: FileSource {
  let descriptors: [Int32]
  /// Has this file.
  private unowned let calls: any FileCalls
  private let session: OpaquePointer
  private var buffer = unsafe fuse_buf()
  /// Where sleepers of `poll` are told: one for each open file, whoever sleeps.
  private var sleepers: [UInt64: OpaquePointer] = unsafe [:]
  private var lastFile: UInt64 = 0
  /// Calls for which a signal has come.
  private var interrupted: [OpaquePointer] = unsafe []
  /// Calls that wait for their answer.
  private var waiting: [FileCall] = []

  /// - Parameter connection: what `device_start` gave, which this owns now.
  init(connection: Int32, calls: any FileCalls) throws {
    descriptors = [connection]
    self.calls = calls
    var operations = Self.operations
    let name = unsafe strdup("ipmi-host-bridge")
    defer { unsafe free(name) }
    var names = unsafe [name, nil]
    let session = unsafe names.withUnsafeMutableBufferPointer { names in
      var arguments = unsafe fuse_args(argc: 1, argv: names.baseAddress, allocated: 0)
      // libfuse takes what it knows out of a copy that it makes in their place.
      defer { unsafe fuse_opt_free_args(&arguments) }
      return unsafe fuse_session_new(
        &arguments, &operations, MemoryLayout<fuse_lowlevel_ops>.size, nil)
    }
    guard let session = unsafe session,
      unsafe fuse_session_mount(session, "/dev/fd/\(connection)") == 0
    else { throw DeviceError("libfuse took no connection") }
    unsafe self.session = unsafe session
    _ = fcntl(connection, F_SETFL, fcntl(connection, F_GETFL) | O_NONBLOCK)
  }

  deinit {
    for file in unsafe Array(sleepers.keys) { forgetSleepers(file) }
    unsafe free(buffer.mem)
    unsafe fuse_session_destroy(session)
  }

  /// Takes one request from the kernel.
  func receive() -> Bool {
    guard unsafe fuse_session_receive_buf(session, &buffer) > 0 else { return false }
    unsafe Self.current = self
    unsafe fuse_session_process_buf(session, &buffer)
    unsafe Self.current = nil
    while let request = unsafe interrupted.popLast() {
      if let call = waiting.first(where: { unsafe $0.request == request }) {
        calls.interrupted(call)
      }
    }
    return true
  }

  func wake(_ file: UInt64?) {
    for number in unsafe Array(sleepers.keys) where file == nil || number == file {
      _ = unsafe fuse_lowlevel_notify_poll(sleepers[number])
    }
  }

  private func forgetSleepers(_ file: UInt64) {
    if let last = unsafe sleepers.removeValue(forKey: file) {
      unsafe fuse_pollhandle_destroy(last)
    }
  }

  func wait(for call: FileCall) {
    waiting.append(call)
    unsafe fuse_req_interrupt_func(
      call.request,
      { request, data in
        let file = unsafe Unmanaged<FUSEFile>.fromOpaque(data!).takeUnretainedValue()
        unsafe file.interrupted.append(request!)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  func finished(_ call: FileCall) { waiting.removeAll { $0 == call } }

  /// The kernel asks for itself what is ready.
  func settled() {}

  // MARK: What libfuse calls

  /// The file that ``receive()`` is in: libfuse has one thread here, and calls from nowhere else.
  nonisolated(unsafe) private static var current: FUSEFile!

  private static let operations = {
    var operations = fuse_lowlevel_ops()
    unsafe operations.getattr = { request, _, _ in unsafe replyAttributes(request) }
    // A shell's ">" truncates.
    unsafe operations.setattr = { request, _, _, _, _ in unsafe replyAttributes(request) }
    unsafe operations.open = { request, _, _ in
      let calls = unsafe current.calls
      unsafe current.lastFile += 1
      let file = unsafe current.lastFile
      if let error = calls.open(file) {
        _ = unsafe fuse_reply_err(request, error.rawValue)
      } else {
        _ =
          unsafe calls.hasPositions
          ? device_reply_open_seekable(request, file) : device_reply_open(request, file)
      }
    }
    unsafe operations.release = { request, _, file in
      let number = unsafe file!.pointee.fh
      unsafe current.calls.release(number)
      unsafe current.forgetSleepers(number)
      _ = unsafe fuse_reply_err(request, 0)
    }
    unsafe operations.read = { request, _, count, offset, file in
      let call = unsafe FileCall(request!, offset, file, current)
      unsafe current.calls.read(call, count)
    }
    unsafe operations.write = { request, _, bytes, count, offset, file in
      let call = unsafe FileCall(request!, offset, file, current)
      let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
        .assumingMemoryBound(to: UInt8.self)
      unsafe current.calls.write(call, buffer.span)
    }
    unsafe operations.ioctl = { request, _, command, argument, file, _, _, _, _ in
      let call = unsafe ControlCall(
        request: command, argument: UInt(bitPattern: argument), file: file!.pointee.fh,
        caller: fuse_req_ctx(request).pointee.pid,
        number: UInt64(UInt(bitPattern: request!)), answers: current)
      unsafe current.calls.control(call)
    }
    unsafe operations.poll = { request, _, file, sleepers in
      let number = unsafe file!.pointee.fh
      if let sleepers = unsafe sleepers {
        unsafe current.forgetSleepers(number)
        unsafe current.sleepers[number] = unsafe sleepers
      }
      _ = unsafe fuse_reply_poll(request, current.calls.poll(number).rawValue)
    }
    return operations
  }()

  private static func replyAttributes(_ request: OpaquePointer?) {
    var status = stat()
    status.st_ino = 1
    status.st_nlink = 1
    status.st_mode = S_IFREG | 0o600
    status.st_uid = getuid()
    status.st_gid = getgid()
    _ = unsafe fuse_reply_attr(request, &status, 3600)
  }
}

extension FUSEFile: FileAnswers {
  func fail(_ call: UInt64, _ error: Int32) { _ = unsafe fuse_reply_err(request(call), error) }

  func controlled(_ call: UInt64) { _ = unsafe fuse_reply_ioctl(request(call), 0, nil, 0) }

  func succeed(_ call: UInt64, _ count: Int) { _ = unsafe fuse_reply_write(request(call), count) }

  func succeed(_ call: UInt64, _ bytes: FileBytes) {
    let array = bytes.array
    _ = unsafe array.span.withUnsafeBytes {
      unsafe fuse_reply_buf(
        request(call), $0.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
  }

  private func request(_ call: UInt64) -> OpaquePointer {
    unsafe OpaquePointer(bitPattern: UInt(call))!
  }
}

extension FileCall {
  fileprivate init(
    _ request: OpaquePointer, _ offset: Int, _ file: UnsafeMutablePointer<fuse_file_info>?,
    _ answers: FUSEFile
  ) {
    self.init(
      number: UInt64(UInt(bitPattern: request)), offset: Int64(offset),
      isNonblocking: unsafe file!.pointee.flags & O_NONBLOCK != 0, answers: answers)
  }

  fileprivate var request: OpaquePointer { unsafe OpaquePointer(bitPattern: UInt(number))! }
}
