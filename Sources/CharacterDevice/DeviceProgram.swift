import CFUSE
import Glibc

/// A program that finds devices in its /dev, and this process, which serves them.
///
/// Nobody else sees them: see ``DeviceAccess``. One thread serves every device: a system call is
/// answered before the next one is looked at.
public struct DeviceProgram {
  /// How the program gets at its devices.
  public var access: DeviceAccess
  /// Called where FUSE is not allowed and the library takes its place, with the reason.
  public var fellBack: (DeviceError) -> Void = { _ in }
  /// The devices' names below /dev.
  private let names: [String]
  private let serve: () throws -> [any ServedDevice]

  /// A BMC's daemon, with the devices it opens.
  ///
  /// - Parameter observer: called with everything the program does with a device.
  public init(
    _ devices: [EmulatedDevice], access: DeviceAccess,
    observer: @escaping @Sendable (EmulatedDevice, DeviceEvent) -> Void = { _, _ in }
  ) {
    self.access = access
    names = devices.map(\.name)
    serve = { try devices.map { device in try device.served { observer(device, $0) } } }
  }

  /// A host's program, whose /dev/ipmi0 has the BMC that listens at a Unix socket and speaks the VM
  /// protocol.
  ///
  /// - Parameter observer: called with everything that goes over that socket.
  public init(
    hostOfBMCAt path: String, access: DeviceAccess,
    observer: @escaping (WireEvent) -> Void = { _ in }
  ) {
    self.access = access
    names = ["ipmi0"]
    serve = { [try HostFile(path: path, observer: observer)] }
  }

  /// Runs a program, found on PATH, to its end. Once every host is a script that is over, the program
  /// is asked to end (SIGTERM). Signals that would end this process go to the program instead. What
  /// the program leaves running is killed, for nobody would answer it any more.
  ///
  /// - Returns: Its exit status; 128 and the signal's number where one has ended it.
  /// - Throws: ``DeviceError`` where it could not be started.
  public func run(_ arguments: [String]) throws -> Int32 {
    let served = try serve()
    let signals = device_hold_signals()
    guard signals >= 0 else { throw DeviceError("no signalfd: \(errorText())") }
    defer { device_release_signals(signals) }
    var access = access
    while true {
      let status = try run(arguments, served, signals, &access)
      // A host that misbehaves goes on with the next daemon.
      var isRestarted = false
      for device in served where device.programEnded(status) { isRestarted = true }
      if !isRestarted { return status }
    }
  }

  /// Runs the program once.
  private func run(
    _ arguments: [String], _ served: [any ServedDevice], _ signals: Int32,
    _ access: inout DeviceAccess
  ) throws -> Int32 {
    defer { for device in served { device.detach() } }
    var started = try start(arguments, served, &access)
    defer { device_end_descendants() }
    let process = started.process
    let program = device_process_descriptor(process)
    defer { close(program) }
    var isAskedToEnd = false
    while true {
      for device in served { device.run() }
      if !isAskedToEnd, served.allSatisfy(\.hostIsDone) {
        kill(process, SIGTERM)
        isAskedToEnd = true
      }
      if served.contains(where: \.wantsRestart) { kill(process, SIGKILL) }
      var descriptors = [Descriptor(number: program), Descriptor(number: signals)]
      if let report = started.report { descriptors.append(Descriptor(number: report)) }
      let ready = sleep(
        descriptors + served.flatMap(\.descriptors),
        until: served.compactMap(\.deadline).min())
      while ready.contains(signals), case let number = device_next_signal(signals), number != 0 {
        kill(process, number)
      }
      if let report = started.report, ready.contains(report) {
        var failure = device_failure()
        started.report = nil
        if unsafe device_started(report, &failure) < 0 {
          _ = wait(for: process)
          throw DeviceError(failure, program: arguments[0])
        }
      }
      if ready.contains(program) { return wait(for: process) }
    }
  }

  /// A process whose program comes up while its devices are served.
  private struct Started {
    var process: pid_t
    /// Readable once it is known whether the program runs.
    var report: Int32?
  }

  /// Starts the program, whose devices are attached then.
  private func start(
    _ arguments: [String], _ served: [any ServedDevice], _ access: inout DeviceAccess
  ) throws -> Started {
    switch access {
    case .fuse: return try startWithFUSE(arguments, served)
    case .preload(let library): return try startPreloaded(arguments, served, library)
    case .automatic(let library):
      do {
        let started = try startWithFUSE(arguments, served)
        access = .fuse
        return started
      } catch let error as DeviceError where error.isPrerequisite {
        do {
          let started = try startPreloaded(arguments, served, library)
          access = .preload(library)
          fellBack(error)
          return started
        } catch let second as DeviceError where second.isPrerequisite {
          throw DeviceError("\(error). Without it: \(second)", isPrerequisite: true)
        }
      }
    }
  }

  private func startWithFUSE(
    _ arguments: [String], _ served: [any ServedDevice]
  ) throws -> Started {
    var connections = [Int32](repeating: -1, count: names.count)
    var report: Int32 = -1
    let process = try unsafe start(arguments) { names, arguments, failure in
      unsafe device_start(names, self.names.count, arguments, &connections, &report, failure)
    }
    do {
      for (device, connection) in zip(served, connections) {
        try device.attach(to: .fuse(connection))
      }
    } catch {
      kill(process, SIGKILL)
      _ = wait(for: process)
      throw error
    }
    return Started(process: process, report: report)
  }

  private func startPreloaded(
    _ arguments: [String], _ served: [any ServedDevice], _ library: String
  ) throws -> Started {
    let libraries = try DeviceAccess.libraries(with: library)
    let folder = try SocketFolder()
    for (device, name) in zip(served, names) {
      try device.attach(to: .preload(folder, name))
    }
    var report: Int32 = -1
    let process = try unsafe start(arguments) { _, arguments, failure in
      unsafe device_start_preloaded(libraries, folder.path, arguments, &report, failure)
    }
    return Started(process: process, report: report)
  }

  private typealias Words = UnsafePointer<UnsafeMutablePointer<CChar>?>

  /// Calls `body` with the devices' names and the program's words, as C has them: its process.
  private func start(
    _ arguments: [String],
    _ body: (Words, Words, UnsafeMutablePointer<device_failure>) -> pid_t
  ) throws -> pid_t {
    let count = names.count
    var failure = device_failure()
    // The names, then the program's words; a null behind each.
    var words = unsafe (names + arguments).map { unsafe strdup($0) }
    defer { for index in 0..<(arguments.count + count + 2) { unsafe free(words[index]) } }
    unsafe words.insert(nil, at: count)
    unsafe words.append(nil)
    let process = unsafe words.withUnsafeBufferPointer {
      unsafe body($0.baseAddress!, $0.baseAddress! + count + 1, &failure)
    }
    guard process > 0 else { throw DeviceError(failure, program: arguments[0]) }
    return process
  }

  /// The numbers of those that are ready.
  private func sleep(_ descriptors: [Descriptor], until deadline: UInt64?) -> Set<Int32> {
    var all = descriptors.map {
      pollfd(fd: $0.number, events: Int16($0.forOutput ? POLLIN | POLLOUT : POLLIN), revents: 0)
    }
    var milliseconds: Int32 = -1
    if let deadline {
      let now = monotonicTime()
      milliseconds = deadline > now ? Int32(clamping: (deadline - now) / 1_000_000 + 1) : 0
    }
    _ = unsafe poll(&all, UInt(all.count), milliseconds)
    return Set(all.lazy.filter { $0.revents != 0 }.map(\.fd))
  }
}

/// Waits for a process that ends, and gives what a shell would.
private func wait(for process: pid_t) -> Int32 {
  var status: Int32 = 0
  while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
  let signal = status & 0x7F
  return signal == 0 ? status >> 8 & 0xFF : 128 + signal
}

extension DeviceError {
  fileprivate init(_ failure: device_failure, program: String) {
    let step = unsafe withUnsafeBytes(of: failure.step) {
      unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    let number = failure.error
    if step.hasPrefix("run ") {
      self.init("could not run \(program): \(errorText(number))")
    } else {
      self.init(
        "could not \(step): \(errorText(number)). It takes /dev/fuse that this user may open, and user "
          + "namespaces or root; in Docker: --device /dev/fuse --cap-add SYS_ADMIN",
        isPrerequisite: true)
    }
  }
}
