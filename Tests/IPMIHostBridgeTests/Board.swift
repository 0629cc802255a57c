import IPMI
import SystemInterfaces
import VMProtocol

@testable import IPMIHostBridge

/// A board in one value: the bridge, the channel, and firmware with a responder behind it.
struct Board {
  var bridge = IPMIHostBridge(KCSHost())
  var channel = KCSChannel()
  var firmware = KCSResponder<300>()
  var now: UInt64 = 1_000
  /// Whether the firmware serves its interrupts.
  var firmwareRuns = true
  /// Whether the firmware answers what it has read.
  var firmwareAnswers = true
  /// What the host has received and not looked at yet.
  var wire: [UInt8] = []
  /// Whether the host reads what it is sent.
  var hostReads = true
  private var decoder = VMDecoder(role: .vm)

  init() {
    channel.enables = [.hostDecode, .inputBufferFullInterrupt]
  }

  // MARK: Host

  /// Connects as a peer that says nothing of itself.
  mutating func connect() {
    wire = []
    decoder.reset()
    bridge.connected()
    settle()
  }

  /// Connects as QEMU does, and takes the greeting.
  mutating func connectQEMU() {
    connect()
    send([0xFF, 0x01, 0xA1, 0x08, 0x3F, 0xA1])
    _ = takeEvents()
  }

  mutating func disconnect() {
    bridge.disconnected()
    settle()
  }

  mutating func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let taken = bridge.receive(Array(rest.prefix(max(1, bridge.acceptableInput))).span, now: now)
      rest = rest.dropFirst(taken)
      settle()
      if taken == 0 { break }
    }
  }

  mutating func send(_ request: Message, id: UInt8) {
    send(Self.frame(request, id: id))
  }

  static func frame(_ message: Message, id: UInt8) -> [UInt8] {
    var output = VMOutput<700>()
    _ = output.append(id: id, message: message)
    var frame = FixedBytes<700>()
    output.copy(into: &frame)
    return (0..<frame.count).map { frame[$0] }
  }

  /// What the host has been sent since it looked last.
  mutating func takeEvents() -> [VMEvent] {
    defer { wire = [] }
    return wire.compactMap { decoder.feed($0) }
  }

  /// The responses among ``takeEvents()``.
  mutating func takeResponses() -> [(id: UInt8, Message)] {
    takeEvents().compactMap {
      if case .message(let id, let message) = $0 { (id, message) } else { nil }
    }
  }

  // MARK: Board

  /// One access of the firmware: a served interrupt or an answer. `false` when it has nothing to do.
  mutating func stepFirmware() -> Bool {
    var worked = false
    if firmwareRuns {
      worked = firmware.service(&channel)
      if firmwareAnswers, let request = firmware.takeRequest(), let message = Message(request) {
        var response = Message(respondingTo: message)
        response.append(contentsOf: request, in: 2..<min(request.count, 299))
        firmware.respond(response.bytes, on: &channel)
        worked = true
      }
    }
    pump()
    return worked
  }

  mutating func pump() {
    bridge.advance(&channel, now: now)
    guard hostReads else { return }
    var chunk = FixedBytes<100>()
    while bridge.hasOutput {
      bridge.copyOutput(into: &chunk)
      for index in 0..<chunk.count { wire.append(chunk[index]) }
      bridge.consumeOutput(chunk.count)
    }
    bridge.advance(&channel, now: now)
  }

  /// Runs until neither side can go on.
  mutating func settle() {
    pump()
    while stepFirmware() {}
  }

  /// Lets time pass, as far as the bridge asks to be called.
  mutating func advance(by nanoseconds: UInt64) {
    let end = now + nanoseconds
    while let deadline = bridge.deadline, deadline <= end {
      now = max(now, deadline)
      settle()
    }
    now = end
    settle()
  }
}
