import CFUSE
import Glibc

/// The socket at which a preloaded library passes on a program's calls on one file.
///
/// A program has one connection for each open file, and one for each call that waits at the same
/// time; see device_call.h. Its descriptor is a socket, too, whose other end is here: it is made
/// readable and writable as the driver is. An answer is given when all is done that the call has led
/// to, so that the program finds ready what is ready.
final class PreloadFile: FileSource {
  /// An open file.
  private struct Opening {
    /// The program's end of its descriptor, and ours.
    var ends: [Int32]
    /// What the descriptor says.
    var ready: PollEvents = []
    /// Whether sleepers are to be woken.
    var isWoken = false
  }

  private struct Connection {
    let descriptor: Int32
    let process: pid_t
    /// The open file; `nil` before the first message.
    var file: UInt64?
    /// Whether the file is open for as long as this is.
    var holdsFile = false
    /// The call that is not answered.
    var call: UInt64?
  }

  private let folder: SocketFolder
  private let path: String
  private let listener: Int32
  /// Has this file.
  private unowned let calls: any FileCalls
  private var connections: [Connection] = []
  private var openings: [UInt64: Opening] = [:]
  private var lastFile: UInt64 = 0
  private var lastCall: UInt64 = 0
  /// Calls that wait, for their signals.
  private var waiting: [FileCall] = []
  private var answers: [(call: UInt64, answer: device_answer, bytes: [UInt8])] = []
  private var buffer = [UInt8](
    repeating: 0, count: MemoryLayout<device_call>.size + Int(DEVICE_WRITE_MAX))

  /// Listens as `name` in `folder`.
  init(_ name: String, in folder: SocketFolder, calls: any FileCalls) throws {
    self.folder = folder
    self.calls = calls
    path = "\(folder.path)/\(name)"
    let path = path
    listener = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
    let listener = listener
    guard try unsafe withAddress(of: path, { unsafe bind(listener, $0, $1) }) == 0,
      device_listen(listener) == 0
    else { throw DeviceError("\(path): no socket can be made there: \(errorText())") }
  }

  deinit {
    for opening in openings.values { for end in opening.ends { close(end) } }
    for connection in connections { close(connection.descriptor) }
    close(listener)
    unsafe unlink(path)
  }

  var descriptors: [Int32] { [listener] + connections.map(\.descriptor) }

  func receive() -> Bool {
    var hasReceived = false
    while case let descriptor = device_accept(listener), descriptor >= 0 {
      connections.append(Connection(descriptor: descriptor, process: device_peer(descriptor)))
      hasReceived = true
    }
    for descriptor in connections.map(\.descriptor) where receive(from: descriptor) {
      hasReceived = true
    }
    return hasReceived
  }

  // MARK: Calls

  /// Takes the next message of a connection; `false` where there is none.
  private func receive(from descriptor: Int32) -> Bool {
    let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    if count < 0, errno == EAGAIN || errno == EINTR { return false }
    guard count >= MemoryLayout<device_call>.size,
      let index = connections.firstIndex(where: { $0.descriptor == descriptor })
    else {
      drop(descriptor)
      return true
    }
    let call = unsafe buffer.withUnsafeBytes { unsafe $0.loadUnaligned(as: device_call.self) }
    switch call.kind {
    case DEVICE_OPEN.rawValue where connections[index].file == nil: open(index)
    case DEVICE_JOIN.rawValue where connections[index].file == nil:
      connections[index].file = call.argument
    case DEVICE_INTERRUPT.rawValue:
      if let call = waiting.first(where: { $0.number == connections[index].call }) {
        calls.interrupted(call)
      }
    default: pass(call, index, byteCount: count - MemoryLayout<device_call>.size)
    }
    return true
  }

  private func open(_ index: Int) {
    // Whoever has closed the file before may not have been heard of yet.
    let descriptor = connections[index].descriptor
    for holder in connections where holder.holdsFile {
      while receive(from: holder.descriptor) {}
    }
    guard let index = connections.firstIndex(where: { $0.descriptor == descriptor }) else { return }
    var answer = device_answer()
    var ends: [Int32] = [-1, -1]
    lastFile += 1
    if let error = calls.open(lastFile) {
      answer.result = -Int64(error.rawValue)
    } else if unsafe device_make_ready_pair(&ends) < 0 {
      answer.result = -Int64(errno)
      calls.release(lastFile)
    } else {
      connections[index].file = lastFile
      connections[index].holdsFile = true
      openings[lastFile] = Opening(ends: ends)
      unsafe device_set_output(ends, 0)
      answer.result = Int64(lastFile)
      answer.has_positions = calls.hasPositions ? 1 : 0
      refresh(lastFile)
    }
    unsafe device_answer(descriptor, &answer, nil, 0, ends[0])
  }

  private func pass(_ call: device_call, _ index: Int, byteCount: Int) {
    guard let file = connections[index].file, openings[file] != nil, connections[index].call == nil
    else { return drop(connections[index].descriptor) }
    lastCall += 1
    connections[index].call = lastCall
    let fileCall = FileCall(
      number: lastCall, offset: call.offset, isNonblocking: call.is_nonblocking != 0, answers: self)
    switch call.kind {
    case DEVICE_READ.rawValue: calls.read(fileCall, Int(clamping: call.count))
    case DEVICE_WRITE.rawValue:
      let bytes = Array(buffer.dropFirst(MemoryLayout<device_call>.size).prefix(byteCount))
      calls.write(fileCall, bytes.span)
    case DEVICE_CONTROL.rawValue:
      calls.control(
        ControlCall(
          request: UInt32(truncatingIfNeeded: call.count), argument: UInt(call.argument),
          file: file, caller: connections[index].process, number: lastCall, answers: self))
    default: drop(connections[index].descriptor)
    }
  }

  /// A connection is gone, or has said what it must not.
  private func drop(_ descriptor: Int32) {
    guard let index = connections.firstIndex(where: { $0.descriptor == descriptor }) else { return }
    let connection = connections.remove(at: index)
    close(descriptor)
    if let call = waiting.first(where: { $0.number == connection.call }) { calls.interrupted(call) }
    guard connection.holdsFile, let file = connection.file else { return }
    for other in connections where other.file == file { drop(other.descriptor) }
    for end in openings.removeValue(forKey: file)?.ends ?? [] { close(end) }
    calls.release(file)
  }

  func wait(for call: FileCall) { waiting.append(call) }

  func finished(_ call: FileCall) { waiting.removeAll { $0 == call } }

  // MARK: Readiness

  func wake(_ file: UInt64?) {
    for number in openings.keys where file == nil || number == file {
      openings[number]?.isWoken = true
    }
  }

  /// Makes the descriptor of `file` say what the driver says.
  private func refresh(_ file: UInt64) {
    guard let opening = openings[file] else { return }
    let ready = calls.poll(file)
    let change =
      opening.isWoken ? ready.union(opening.ready) : ready.symmetricDifference(opening.ready)
    if change.contains(.input) {
      unsafe device_set_input(opening.ends, ready.contains(.input) ? 1 : 0)
    }
    if change.contains(.output) {
      unsafe device_set_output(opening.ends, ready.contains(.output) ? 1 : 0)
    }
    openings[file]?.ready = ready
    openings[file]?.isWoken = false
  }

  func settled() {
    for file in openings.keys { refresh(file) }
    for (call, answer, bytes) in answers {
      guard let index = connections.firstIndex(where: { $0.call == call }) else { continue }
      connections[index].call = nil
      var answer = answer
      unsafe device_answer(connections[index].descriptor, &answer, bytes, bytes.count, -1)
    }
    answers = []
  }
}

extension PreloadFile: FileAnswers {
  func fail(_ call: UInt64, _ error: Int32) { answer(call, -Int64(error)) }
  func controlled(_ call: UInt64) { answer(call, 0) }
  func succeed(_ call: UInt64, _ count: Int) { answer(call, Int64(count)) }
  func succeed(_ call: UInt64, _ bytes: FileBytes) {
    answer(call, Int64(bytes.count), (0..<bytes.count).map { bytes[$0] })
  }

  private func answer(_ call: UInt64, _ result: Int64, _ bytes: [UInt8] = []) {
    answers.append((call, device_answer(result: result, has_positions: 0), bytes))
  }
}
