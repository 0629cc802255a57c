import IPMI
import Testing

@testable import SystemInterfaces

/// Host and target on one bus, run in lockstep: host until it waits, then the BMC, then time.
struct SSIFPair {
  var target = SSIFTarget()
  var host = SSIFHost()
  var now: UInt64 = 0
  /// Requests as the BMC got them, without the questions of the host's driver.
  var received: [[UInt8]] = []
  /// What the BMC says it can do.
  var capabilities = SSIFCapabilities.target
  /// How long the BMC needs for an answer, in nanoseconds.
  var delay: UInt64 = 0
  /// What the BMC answers; `nil`: nothing.
  var answer: ([UInt8]) -> [UInt8]? = { request in
    [request[0] | 4, request[1], 0] + request.dropFirst(2).prefix(251)
  }
  private var readyAt: UInt64?
  private var pending: [UInt8]?

  init(withPEC: Bool = true) {
    target.enables = [.address, .alert]
    capabilities.supportsPEC = withPEC
  }

  /// One whose host has asked all it wants to know.
  static func asked(withPEC: Bool = true) -> SSIFPair {
    var pair = SSIFPair(withPEC: withPEC)
    #expect(pair.transact(.pattern(40)) != nil)
    pair.received = []
    return pair
  }

  /// Runs the host until it waits or ends. A host that does neither fails the test.
  mutating func runHost() -> HostEvent {
    for _ in 0..<1000 {
      let event = host.event(on: &target, now: now)
      if event != .progressed { return event }
    }
    Issue.record("the host does not come to rest")
    return .idle
  }

  /// Takes a request, and answers when it is time.
  mutating func runBMC() {
    if let request = target.takeRequest(now: now).map({ Array($0) }) {
      pending = respond(to: request)
      readyAt = now + delay
    }
    guard let time = readyAt, now >= time else { return }
    readyAt = nil
    if let bytes = pending { target.respond(FixedBytes<300>(bytes.span)!, now: now) }
  }

  private mutating func respond(to request: [UInt8]) -> [UInt8]? {
    if request[1] == 0x57 {
      var response = Message(respondingTo: Message(request.span)!)
      capabilities.append(to: &response)
      return Array(response.bytes)
    }
    // The host's test of how a request ends: zeros.
    if request.count > 31, request.dropFirst(2).allSatisfy({ $0 == 0 }) {
      return [0x1C, 0x01, 0xC7]
    }
    received.append(request)
    return answer(request)
  }

  /// Runs both, with time passing as the host asks, until the transaction ends.
  mutating func run() -> HostEvent {
    while true {
      let wasAlerted = target.alert
      let event = runHost()
      runBMC()
      guard case .waiting(let end) = event else { return event }
      // The alert is new: the host may act at once.
      if target.alert, !wasAlerted { continue }
      #expect(end > now)
      now = min(end, readyAt.map { max($0, now + 1) } ?? end)
      runBMC()
    }
  }

  /// One whole transaction, as bytes.
  mutating func transact(_ request: Message) -> [UInt8]? {
    guard host.start(request), run() == .complete else { return nil }
    return host.response.map { Array($0.bytes) }
  }
}

/// The bytes of transfers, as a controller puts them on the bus.
enum Transfer {
  /// A block write, without its START and STOP.
  static func write(_ command: UInt8, _ block: [UInt8], withPEC: Bool) -> [UInt8] {
    let bytes = [command, UInt8(block.count)] + block
    return withPEC ? bytes + [code([0x20] + bytes)] : bytes
  }

  /// The parts of a request, ended with 08h.
  static func request(_ message: [UInt8], withPEC: Bool) -> [[UInt8]] {
    guard message.count > 32 else { return [write(0x02, message, withPEC: withPEC)] }
    var parts: [[UInt8]] = []
    for offset in stride(from: 0, to: message.count, by: 32) {
      let block = Array(message[offset..<min(offset + 32, message.count)])
      let isLast = offset + 32 >= message.count
      let command: UInt8 = offset == 0 ? 0x06 : isLast ? 0x08 : 0x07
      parts.append(write(command, block, withPEC: withPEC))
    }
    return parts
  }

  /// CRC-8 by division, bit by bit: not as the module computes it.
  static func code(_ bytes: [UInt8]) -> UInt8 {
    var remainder: UInt32 = 0
    for byte in bytes + [0] {
      for shift in (0..<UInt32(8)).reversed() {
        remainder = remainder << 1 | UInt32(byte) >> shift & 1
        if remainder & 0x100 != 0 { remainder ^= 0x107 }
      }
    }
    return UInt8(remainder)
  }
}

extension SSIFTarget {
  /// Puts bytes on the bus, and a STOP: how many were acknowledged, the address not counted; `nil`
  /// where that was not.
  mutating func put(_ bytes: [UInt8], now: UInt64 = 0) -> Int? {
    defer { stop(now: now) }
    guard start(.write, now: now) else { return nil }
    for (index, byte) in bytes.enumerated() {
      if !write(byte) { return index }
    }
    return bytes.count
  }

  /// Writes a whole request; `false` where a byte of it was not acknowledged.
  mutating func putRequest(_ message: [UInt8], withPEC: Bool = false, now: UInt64 = 0) -> Bool {
    for part in Transfer.request(message, withPEC: withPEC) {
      guard put(part, now: now) == part.count else { return false }
    }
    return true
  }

  /// Reads a block of `command`: count, bytes, and what follows them; `nil` where it is not
  /// acknowledged.
  mutating func get(_ command: [UInt8], now: UInt64 = 0) -> [UInt8]? {
    defer { stop(now: now) }
    guard start(.write, now: now) else { return nil }
    for byte in command {
      guard write(byte) else { return nil }
    }
    guard start(.read, now: now) else { return nil }
    let count = read()
    return [count] + (0...count).map { _ in read() }
  }

  /// Reads a whole response, without what follows each block.
  mutating func getResponse(now: UInt64 = 0) -> [UInt8]? {
    guard let first = get([0x03], now: now)?.dropLast() else { return nil }
    guard first.dropFirst().prefix(2) == [0x00, 0x01] else { return Array(first.dropFirst()) }
    var bytes = Array(first.dropFirst(3))
    for number in UInt8(0)... {
      guard let part = get([0x09], now: now)?.dropLast() else { return nil }
      bytes += part.dropFirst(2)
      if part[1] == 0xFF { return bytes }
      guard part[1] == number, part.count == 33 else { return nil }
    }
    return nil
  }
}
