import Faults

/// What a pair is made of: with the seed, all that its run depends on.
public struct PairConfiguration: Sendable {
  public var board: BMCBoard
  public var firmware: ELFImage
  /// For firmware that wants one, as a kernel does.
  public var deviceTree: [UInt8]?
  public var host: Host
  /// Whether the seed chooses faults: aborts, resets, delays.
  public var hasFaults: Bool
  /// Faults by rules, beside those.
  public var schedule: FaultSchedule?

  /// What talks to the BMC.
  public enum Host: Sendable {
    /// A program for an x86-64 processor, and its command line.
    case program(ELFImage, commandLine: String)
    /// State machines of this project.
    case script(HostScript)
  }

  public init(
    board: BMCBoard, firmware: ELFImage, deviceTree: [UInt8]? = nil, host: Host, hasFaults: Bool,
    schedule: FaultSchedule? = nil
  ) {
    self.board = board
    self.firmware = firmware
    self.deviceTree = deviceTree
    self.host = host
    self.hasFaults = hasFaults
    self.schedule = schedule
  }
}

/// How a pair's run went.
public struct PairResult: Sendable {
  public enum Outcome: Hashable, Sendable {
    /// The host's program ended well; after faults, when it was run once more without.
    case good
    /// Nothing moved for too long.
    case hung(String)
    /// The host's program ended badly, or a processor stopped.
    case failed(String)
  }

  public var seed: UInt64
  public var outcome: Outcome
  /// Nanoseconds of virtual time.
  public var virtualTime: UInt64
  /// Latencies of the transactions as the bus shows them, in nanoseconds.
  public var latencies: Distribution
  /// Reads and writes of I/O ports by the host, COM1 and timer excepted.
  public var busCycles: UInt64
  /// Loads and stores of the host interface by the BMC.
  public var accesses: UInt64
  /// Instructions executed.
  public var bmcInstructions: UInt64
  public var hostInstructions: UInt64
  /// Faults that happened.
  public var faults: UInt64
  /// Of all lines of the trace.
  public var traceHash: UInt64
  public var traceLines: Int
}
