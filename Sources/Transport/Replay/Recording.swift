import IPMI
import Tracing

/// What a host asked, and how it was answered, as a capture has it.
public struct Recording: Sendable {
  /// One request and its response.
  public struct Exchange: Sendable {
    /// When the request was sent, in nanoseconds after the first.
    public var time: UInt64
    public var request: Message
    /// `nil` where there was none.
    public var response: Message?
  }

  public private(set) var exchanges: [Exchange] = []
  /// What the host said last, before its first request, that it can do: the argument of the VM
  /// protocol's command 08h.
  public private(set) var capabilities: UInt8?
  /// Where the file is damaged, and how; what is before that is there.
  public private(set) var damage: PcapngError?

  /// The requests of a pcapng file.
  ///
  /// - Parameter channel: The name of the interface they were sent on; needed where a file has
  ///   requests of more than one.
  public init(_ file: [UInt8], channel: String? = nil) throws(LinkError) {
    var reader = PcapngReader()
    var events: [TraceEvent] = []
    do throws(PcapngError) {
      while let record = try reader.next(in: file.span) {
        if case .event(let event) = record { events.append(event) }
      }
    } catch {
      guard !events.isEmpty else {
        throw LinkError("at byte \(error.offset): \(error.problem.name)")
      }
      damage = error
    }
    let channels = Set(
      events.compactMap { event in
        if case .request = event.occurrence { event.channel } else { nil }
      }
    ).sorted()
    let names = channels.map { String(decoding: file[reader.name(of: $0)], as: UTF8.self) }
    let chosen: Int
    if let channel {
      guard let index = names.firstIndex(of: channel) else {
        throw LinkError(
          "no requests of an interface \"\(channel)\"; there are \(Self.list(names))")
      }
      chosen = channels[index]
    } else {
      guard channels.count == 1 else {
        throw LinkError(
          channels.isEmpty
            ? "no requests in it; a capture or a trace of this program is expected"
            : "requests of several interfaces: choose one of \(Self.list(names)) by --channel")
      }
      chosen = channels[0]
    }
    for event in events where event.channel == chosen { add(event) }
  }

  private static func list(_ names: [String]) -> String {
    names.isEmpty ? "none" : names.joined(separator: ", ")
  }

  /// The requests that wait for their response, by their ids.
  private var open: [UInt8: Int] = [:]
  private var start: UInt64 = 0

  private mutating func add(_ event: TraceEvent) {
    switch event.occurrence {
    case .request(let id, let request):
      if exchanges.isEmpty { start = event.time }
      // A file may have been merged out of order.
      let time = event.time < start ? 0 : event.time - start
      open[id] = exchanges.count
      exchanges.append(Exchange(time: time, request: request, response: nil))
    case .response(let id, let response):
      guard let index = open[id], exchanges[index].request.command == response.command else {
        return
      }
      exchanges[index].response = response
      open[id] = nil
    case .control(.host, 0x08, let argument) where exchanges.isEmpty:
      capabilities = argument
    default:
      break
    }
  }
}
