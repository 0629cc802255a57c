import EmulatedPair
import Foundation
import IPMI
import SystemInterfaces
import Testing
import Tracing

/// KCS registers that write down each access to them, a microsecond apart.
struct TracedRegisters: KCSHostRegisters, KCSBMCRegisters {
  private var channel = KCSChannel()
  private(set) var events: [TraceEvent] = []
  private var time: UInt64 = 0

  init() {
    channel.enables = [.hostDecode, .inputBufferFullInterrupt, .outputBufferFullInterrupt]
    note(nil)
  }

  private mutating func note(_ access: RegisterAccess?) {
    let registers = RegisterValues.kcs(
      idr: channel.idr, odr: channel.odr, str: channel.str.rawValue)
    if let access { events.append(TraceEvent(time: time, .access(access))) }
    events.append(TraceEvent(time: time, .registers(registers)))
    events.append(TraceEvent(time: time, .interrupt(to: .bmc, isHigh: channel.bmcInterrupt)))
    events.append(TraceEvent(time: time, .interrupt(to: .host, isHigh: channel.hostInterrupt)))
    time += 1000
  }

  mutating func add(_ occurrence: TraceEvent.Occurrence) {
    events.append(TraceEvent(time: time, occurrence))
  }

  mutating func hostReadStatus() -> KCSStatus {
    let value = channel.hostReadStatus()
    note(RegisterAccess(.host, .str, isWrite: false, value.rawValue))
    return value
  }

  mutating func hostReadData() -> UInt8 {
    let value = channel.hostReadData()
    note(RegisterAccess(.host, .odr, isWrite: false, value))
    return value
  }

  mutating func hostWriteData(_ value: UInt8) {
    channel.hostWriteData(value)
    note(RegisterAccess(.host, .idr, isWrite: true, value))
  }

  mutating func hostWriteCommand(_ value: UInt8) {
    channel.hostWriteCommand(value)
    note(RegisterAccess(.host, .command, isWrite: true, value))
  }

  mutating func bmcReadStatus() -> KCSStatus {
    let value = channel.bmcReadStatus()
    note(RegisterAccess(.bmc, .str, isWrite: false, value.rawValue))
    return value
  }

  mutating func bmcWriteStatus(_ value: KCSStatus) {
    channel.bmcWriteStatus(value)
    note(RegisterAccess(.bmc, .str, isWrite: true, value.rawValue))
  }

  mutating func bmcReadData() -> UInt8 {
    let value = channel.bmcReadData()
    note(RegisterAccess(.bmc, .idr, isWrite: false, value))
    return value
  }

  mutating func bmcWriteData(_ value: UInt8) {
    channel.bmcWriteData(value)
    note(RegisterAccess(.bmc, .odr, isWrite: true, value))
  }

  /// Both state machines on these registers, once for each request.
  static func run(_ requests: [Message]) -> [TraceEvent] {
    var registers = TracedRegisters()
    var host = KCSHost()
    var responder = KCSResponder<300>()
    for request in requests {
      registers.add(.request(id: 0, request))
      host.start(request)
      var event = host.event(on: &registers, now: 0)
      while event != .complete {
        if event != .progressed { _ = responder.service(&registers) }
        if let bytes = responder.takeRequest(), let request = Message(bytes) {
          let response = Message(respondingTo: request, .invalidCommand)
          _ = responder.respond(response.bytes, on: &registers)
        }
        event = host.event(on: &registers, now: 0)
      }
      if let response = host.response { registers.add(.response(id: 0, response)) }
      _ = responder.service(&registers)
    }
    return registers.events
  }
}

/// The changes in a waveform, in their order.
struct Waveform: Equatable {
  struct Change: Equatable {
    let time: UInt64
    let signal: String
    let value: String
  }

  var changes: [Change] = []

  init() {}

  /// What this project's own writer uses of the format.
  init(_ text: String) throws {
    var names: [Substring: String] = [:]
    var scopes: [Substring] = []
    var time: UInt64 = 0
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      switch words[0] {
      case "$scope": scopes.append(words[2])
      case "$upscope": scopes.removeLast()
      case "$var": names[words[3]] = (scopes + [words[4]]).joined(separator: ".")
      case let word where word.hasPrefix("#"): time = try #require(UInt64(word.dropFirst()))
      case let word where word.hasPrefix("$"): break
      case let word where words.count == 2:
        changes.append(
          Change(time: time, signal: try #require(names[words[1]]), value: String(word.dropFirst()))
        )
      case let word:
        changes.append(
          Change(
            time: time, signal: try #require(names[word.dropFirst()]), value: String(word.prefix(1))
          ))
      }
    }
  }

  /// The changes at one time, and by the names within their channel.
  func changes(at time: UInt64) -> [String: String] {
    var result: [String: String] = [:]
    for change in changes where change.time == time {
      result[String(change.signal.split(separator: ".").last!)] = change.value
    }
    return result
  }
}

@Suite struct WaveformTests {
  private static let requests = [
    Sample.deviceID, Sample.message([0x28, 0x11, 0, 0, 0, 16]), Sample.message([0xB0, 0x02]),
  ]
  private static let kcs = [TraceChannel(FixedBytes("kcs3"), .kcs)]

  @Test func `signals change as the registers' rules say, at each access`() throws {
    let events = TracedRegisters.run(Self.requests)
    let bytes = file(WaveformWriter(), events, channels: Self.kcs)
    let waveform = try Waveform(String(decoding: bytes, as: UTF8.self))
    var accesses = 0
    for event in events {
      guard case .access(let access) = event.occurrence else { continue }
      accesses += 1
      var changes = waveform.changes(at: event.time)
      let binary = String(access.value, radix: 2)
      let padded = String(repeating: "0", count: 8 - binary.count) + binary
      // Of a bit or a byte that had the value before, there is no change to see.
      func take(_ signal: String, _ value: String) {
        if let change = changes.removeValue(forKey: signal) { #expect(change == value, "\(event)") }
      }
      switch (access.side, access.register, access.isWrite) {
      case (.host, .idr, true), (.host, .command, true):
        take("IDR", padded)
        take("C_D", access.register == .command ? "1" : "0")
        #expect(changes["IBF"] == "1" && changes["BMC_IRQ"] == "1")
        take("IBF", "1")
        take("BMC_IRQ", "1")
      case (.bmc, .idr, false):
        #expect(changes["IBF"] == "0" && changes["BMC_IRQ"] == "0")
        take("IBF", "0")
        take("BMC_IRQ", "0")
      case (.bmc, .odr, true):
        take("ODR", padded)
        take("OBF", "1")
        take("host_IRQ", "1")
      case (.host, .odr, false):
        take("OBF", "0")
        take("host_IRQ", "0")
      case (.bmc, .str, true):
        changes["state"] = nil
        changes["SMS_ATN"] = nil
      default:
        #expect(changes.isEmpty, "\(event)")
      }
      changes["STR"] = nil
      #expect(changes.isEmpty, "\(event): \(changes)")
    }
    #expect(accesses > 100)
    // IDLE, WRITE, READ, IDLE for each request.
    let states = waveform.changes.filter { $0.signal.hasSuffix(".state") }.map(\.value)
    let expected = Self.requests.flatMap { _ in ["WRITE", "READ", "IDLE"] }
    #expect(states == ["?", "IDLE"] + expected)
  }

  @Test func `the registers' story is told in the messages' comments`() throws {
    let events = TracedRegisters.run(Self.requests)
    let bytes = file(PcapngWriter(), events, channels: Self.kcs)
    let text = String(decoding: bytes, as: Unicode.ASCII.self)
    // What the trace has between the first request and its response.
    let end = try #require(
      events.firstIndex { if case .response = $0.occurrence { true } else { false } })
    func count(_ side: TraceSide, _ isWrite: Bool) -> Int {
      events[..<end].count {
        if case .access(let access) = $0.occurrence {
          access.side == side && access.isWrite == isWrite
        } else {
          false
        }
      }
    }
    let story =
      "id 0; host \(count(.host, false)) reads, \(count(.host, true)) writes; "
      + "BMC \(count(.bmc, false)) reads, \(count(.bmc, true)) writes; "
    #expect(text.contains(story))
    for state in ["WRITE, STR", "READ, STR", "IDLE, STR"] { #expect(text.contains(state)) }
  }

  /// pyvcd's tokenizer accepts every token, and finds the same changes.
  @Test(.enabled(if: Self.python != nil))
  func `another parser loads a waveform, and finds the same`() throws {
    let python = try #require(Self.python)
    let directory = try TemporaryDirectory()
    for events in [TracedRegisters.run(Self.requests), Sample.events] {
      let channels = events == Sample.events ? Sample.channels : Self.kcs
      let bytes = file(WaveformWriter(), events, channels: channels)
      let path = directory.appending("trace.vcd")
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let process = try ChildProcess(name: "pyvcd", command: [python, "-c", Self.script, path])
      #expect(try process.waitForExit(timeout: 60) == .exited(0), "\(process.lines)")
      var found = Waveform()
      found.changes = try process.lines.map { line in
        let words = line.split(separator: " ")
        return Waveform.Change(
          time: try #require(UInt64(words[0])), signal: String(words[1]), value: String(words[2]))
      }
      #expect(found == (try Waveform(String(decoding: bytes, as: UTF8.self))))
      #expect(!found.changes.isEmpty)
    }
  }

  /// The interpreter of an environment with pyvcd, which `make test` makes.
  private static let python = ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_PYVCD"]
    .flatMap { $0.isEmpty ? nil : $0 }

  private static let script = """
    import sys
    from vcd.reader import TokenKind, tokenize
    names, scopes, time = {}, [], 0
    with open(sys.argv[1], "rb") as file:
        for token in tokenize(file):
            if token.kind is TokenKind.SCOPE:
                scopes.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scopes.pop()
            elif token.kind is TokenKind.VAR:
                names[token.var.id_code] = (".".join(scopes + [token.var.reference]), token.var.size)
            elif token.kind is TokenKind.CHANGE_TIME:
                time = token.time_change
            elif token.kind is TokenKind.CHANGE_SCALAR:
                print(time, names[token.scalar_change.id_code][0], token.scalar_change.value)
            elif token.kind is TokenKind.CHANGE_STRING:
                print(time, names[token.string_change.id_code][0], token.string_change.value)
            elif token.kind is TokenKind.CHANGE_VECTOR:
                name, size = names[token.vector_change.id_code]
                value = token.vector_change.value
                print(time, name, value if isinstance(value, str) else f"{value:0{size}b}")
    """
}
