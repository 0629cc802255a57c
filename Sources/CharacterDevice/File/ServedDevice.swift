import Glibc

/// A device's file and its host, as a loop of events serves them.
protocol ServedDevice: AnyObject {
  /// What `poll(2)` is to watch.
  var descriptors: [Descriptor] { get }
  /// When ``run()`` must be called if nothing else happens, in nanoseconds.
  var deadline: UInt64? { get }
  /// Whether its host has nothing more to say.
  var hostIsDone: Bool { get }
  /// Connects the file to who calls it.
  func attach(to opener: FileOpener) throws
  /// Nobody calls the file any more.
  func detach()
  /// Serves whatever is there to be served.
  func run()
  /// Whether the program is to be killed, for a test of what follows.
  var wantsRestart: Bool { get }
  /// The program has ended, and its file is detached; whether it is to be started again.
  func programEnded(_ status: Int32) -> Bool
}

/// How a program gets at a device's file.
enum FileOpener {
  /// A connection of FUSE, which is the file's from now on.
  case fuse(Int32)
  /// A preloaded library, which finds the file's socket by its name.
  case preload(SocketFolder, String)

  func source(for calls: any FileCalls) throws -> any FileSource {
    switch self {
    case .fuse(let connection): try FUSEFile(connection: connection, calls: calls)
    case .preload(let folder, let name): try PreloadFile(name, in: folder, calls: calls)
    }
  }
}

/// A descriptor to watch, for input and perhaps for output.
struct Descriptor {
  var number: Int32
  var forOutput = false
}

/// The time in nanoseconds since the machine started.
func monotonicTime() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
