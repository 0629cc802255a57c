import IPMI
import Tracing

/// Sees what a pair does at its channels, as events for trace files.
struct EventTracer {
  private let kcsNumber: Int
  private var watches: [2 of RegisterWatch] = .init(repeating: RegisterWatch())
  private var listeners: [2 of TransactionListener] = .init(repeating: TransactionListener())
  /// Of the last event: each processor has its own clock, and times of a file do not go back.
  private var time: UInt64 = 0
  private let tell: (TraceEvent) -> Void

  private static let kcs = 0
  private static let bt = 1

  init(_ board: BMCBoard, _ tell: @escaping (TraceEvent) -> Void) {
    kcsNumber = board.hostChannel
    self.tell = tell
  }

  /// The channels that the events number.
  static func channels(of board: BMCBoard) -> [TraceChannel] {
    let number = UInt8(board.hostChannel)
    var name = FixedBytes<32>("kcs")
    name.append(UInt8(ascii: "0") + number)
    let kcs = TraceChannel(name, .kcs, description: FixedBytes("KCS channel of the BMC, at CA2h"))
    let bt = TraceChannel(FixedBytes("ibt"), .bt, description: FixedBytes("iBT of the BMC, at E4h"))
    return board.hasBT ? [kcs, bt] : [kcs]
  }

  /// Looks at the channels after `side` may have changed them.
  mutating func see(_ interface: inout HostInterface, after side: TraceSide, at now: UInt64) {
    time = max(time, now)
    if let channel = interface.kcs(kcsNumber) {
      let record = recorder(Self.kcs)
      watches[Self.kcs].see(channel, after: side, record)
    }
    if let channel = interface.bt() {
      let record = recorder(Self.bt)
      watches[Self.bt].see(channel, after: side, record)
    }
  }

  /// The host has made an access.
  mutating func hear(port: UInt16, isWrite: Bool, _ value: UInt8) {
    let place: (channel: Int, kind: TraceChannel.Kind, index: Int)
    switch port {
    case 0xCA2, 0xCA3: place = (Self.kcs, .kcs, Int(port - 0xCA2))
    case 0xE4...0xE6: place = (Self.bt, .bt, Int(port - 0xE4))
    default: return
    }
    let register = TracedRegister(hostPort: place.index, of: place.kind, isWrite: isWrite)
    let access = RegisterAccess(.host, register, isWrite: isWrite, value)
    if let message = listeners[place.channel].hear(access) { recorder(place.channel)(message) }
  }

  /// A processor was reset.
  mutating func reset(_ side: TraceSide, at now: UInt64) {
    time = max(time, now)
    recorder(Self.kcs)(.reset(side))
  }

  /// A fault was made to happen, by a rule or by the seed, whose number is 0; it is a side's, or one of
  /// both interfaces', and told on the first channel.
  mutating func fault(_ name: StaticString, rule: Int, at now: UInt64) {
    time = max(time, now)
    recorder(Self.kcs)(.fault(FixedBytes(name), rule: UInt8(clamping: rule)))
  }

  /// Tells of what happens now on a channel.
  private func recorder(_ channel: Int) -> (TraceEvent.Occurrence) -> Void {
    { [tell, time] in tell(TraceEvent(time: time, channel: channel, $0)) }
  }
}
