/// What a program does with a file. Every call is answered, at once or later, through the request's
/// own functions.
protocol FileCalls: AnyObject {
  /// Whether the file has positions for `pread` and `pwrite`.
  var hasPositions: Bool { get }
  /// `open`, of a file that has this number from now on; the error, or `nil`.
  func open(_ file: UInt64) -> DriverError?
  func release(_ file: UInt64)
  func read(_ call: FileCall, _ count: Int)
  func write(_ call: FileCall, _ bytes: Span<UInt8>)
  func control(_ call: ControlCall)
  func poll(_ file: UInt64) -> PollEvents
  /// A signal has come for a caller that sleeps.
  func interrupted(_ call: FileCall)
}

/// Who brings a program's calls on one file: FUSE, or a preloaded library.
protocol FileSource: AnyObject {
  /// What `poll(2)` is to watch.
  var descriptors: [Int32] { get }
  /// Takes calls that are there; `false` where there were none.
  func receive() -> Bool
  /// Wakes whoever sleeps in `poll`, `select` or `epoll_wait`; of all files, or of one.
  func wake(_ file: UInt64?)
  /// Keeps a call that is not answered yet, for its signal.
  func wait(for call: FileCall)
  /// The call is answered.
  func finished(_ call: FileCall)
  /// All has been done that was to be done at this time.
  func settled()
}

/// Who passes a call's result on.
protocol FileAnswers: AnyObject {
  /// `errno`, of any call.
  func fail(_ call: UInt64, _ error: Int32)
  /// 0, of an `ioctl`.
  func controlled(_ call: UInt64)
  /// How many bytes a `write` took.
  func succeed(_ call: UInt64, _ count: Int)
  /// What a `read` gives.
  func succeed(_ call: UInt64, _ bytes: FileBytes)
}

/// A `read` or `write` that waits for its answer.
struct FileCall: Equatable {
  /// Its number, of all that wait.
  let number: UInt64
  let offset: Int64
  let isNonblocking: Bool
  let answers: any FileAnswers

  static func == (one: FileCall, other: FileCall) -> Bool { one.number == other.number }

  func fail(_ error: DriverError) { answers.fail(number, error.rawValue) }

  /// Answers a `write`.
  func succeed(_ count: Int) { answers.succeed(number, count) }

  /// Answers a `read`.
  func succeed(_ bytes: FileBytes) { answers.succeed(number, bytes) }
}
