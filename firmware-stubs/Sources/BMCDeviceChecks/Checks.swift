import CLinux
import IPMI
import LinuxProgram

/// The results so far, and the device's file.
struct Checks {
  /// What the system calls return for errors.
  enum Failure {
    static let again: Int32 = -11
    static let busy: Int32 = -16
    static let invalid: Int32 = -22
    static let noControl: Int32 = -25
    static let overflow: Int32 = -75
  }

  /// POLLIN and POLLOUT.
  static let input = Int32(LINUX_POLLIN.rawValue)
  static let both = Int32(LINUX_POLLIN.rawValue | LINUX_POLLOUT.rawValue)
  static let output = Int32(LINUX_POLLOUT.rawValue)

  /// How long the host may take, in milliseconds: it tries again after 5 s.
  private static let patience: Int32 = 30_000

  private let path: Argument
  private var file: Int32 = -1
  private var edges: Int32 = -1
  private var log = Log()
  private var count: UInt32 = 0
  private var failures: UInt32 = 0
  /// What was read last.
  private(set) var request: FixedBytes<1024> = []

  private init(_ path: Argument) { self.path = path }

  /// Checks the device of one kind: the exit status, or `nil` where there is no such kind.
  static func run(_ kind: Argument, _ path: Argument) -> Int32? {
    var checks = Checks(path)
    if kind == "kcs" {
      checks.checkKCS()
    } else if kind == "bt" {
      checks.checkBT()
    } else if kind == "ssif" {
      checks.checkSSIF()
    } else {
      return nil
    }
    return checks.end()
  }

  // MARK: Results

  /// One check: what a call gave and what it must.
  mutating func expect(_ what: StaticString, _ result: Int32, _ wanted: Int32) {
    count += 1
    if result != wanted {
      failures += 1
      log.write("not ")
    }
    log.write("ok ")
    log.write(decimal: count)
    log.write(" - ")
    log.write(what)
    if result != wanted {
      log.write(": ")
      write(result)
      log.write(" instead of ")
      write(wanted)
    }
    log.end()
  }

  private mutating func write(_ number: Int32) {
    if number < 0 { log.write("-") }
    log.write(decimal: number.magnitude)
  }

  /// The exit status, after the plan.
  private mutating func end() -> Int32 {
    log.write("1..")
    log.write(decimal: count)
    log.end()
    return failures == 0 ? 0 : 1
  }

  // MARK: System calls

  /// Opens the device; edges of `events` are told from now on.
  mutating func open(_ events: Int32) {
    file = path.open(LINUX_O_RDWR.rawValue | LINUX_O_NONBLOCK.rawValue)
    expect("open", min(file, 0), 0)
    edges = linux_edges(file, UInt32(events))
    expect("epoll_ctl with EPOLLET", min(edges, 0), 0)
  }

  mutating func close() {
    _ = linux_close(edges)
    _ = linux_close(file)
  }

  mutating func expectBusy() {
    expect(
      "a second open is EBUSY",
      path.open(LINUX_O_RDWR.rawValue | LINUX_O_NONBLOCK.rawValue), Failure.busy)
  }

  /// Waits for the next edge.
  mutating func expectEdge(_ what: StaticString, _ events: Int32) {
    expect(what, linux_edge(edges, Self.patience), events)
  }

  mutating func expectNoEdge(_ what: StaticString) { expect(what, linux_edge(edges, 0), 0) }

  /// Waits for one of `events`, whether they have come before or not.
  func wait(_ events: Int32) -> Int32 { linux_poll(file, UInt32(events), Self.patience) }

  mutating func expectPoll(_ what: StaticString, _ events: Int32) {
    expect(what, linux_poll(file, UInt32(Self.both), 0), events)
  }

  mutating func expectControl(_ what: StaticString, _ number: UInt32, _ wanted: Int32) {
    expect(what, linux_control(file, number, 0), wanted)
  }

  /// `read` of at most `size` bytes, kept in ``request``.
  mutating func read(_ size: Int) -> Int32 {
    var bytes: [1024 of UInt8] = .init(repeating: 0)
    var span = bytes.mutableSpan
    let file = file
    let result = unsafe span.withUnsafeMutableBytes {
      unsafe linux_read(file, $0.baseAddress, size)
    }
    request.removeAll()
    for index in 0..<Int(max(0, result)) { request.append(bytes[index]) }
    return result
  }

  /// `write` of the first `size` bytes of an answer, which is filled up with zeros.
  func write(_ answer: FixedBytes<16>, _ size: Int) -> Int32 {
    var bytes: [1024 of UInt8] = .init(repeating: 0)
    for index in 0..<answer.count { bytes[index] = answer[index] }
    let file = file
    return unsafe bytes.span.withUnsafeBytes { unsafe linux_write(file, $0.baseAddress, size) }
  }
}
