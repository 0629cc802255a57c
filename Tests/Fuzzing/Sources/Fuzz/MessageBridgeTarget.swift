import HostPeripherals
import IPMI
import IPMIHostBridge
import SystemInterfaces
import VMProtocol

/// A PC with KCS whose BMC is at the other end of a wire.
private struct PC {
  var bridge = HostMessageBridge(KCSDevice())
  var host = KCSHost()
  var now: UInt64 = 0
  /// Requests the BMC has not answered.
  private var waiting: [(id: UInt8, Message)] = []
  private var decoder = VMDecoder(role: .bmc)

  /// The host's ports, as Linux's driver drives them.
  private struct Ports: KCSHostRegisters {
    var device: KCSDevice
    mutating func hostReadStatus() -> KCSStatus {
      KCSStatus(rawValue: device.hostRead(register: 1))
    }
    mutating func hostReadData() -> UInt8 { device.hostRead(register: 0) }
    mutating func hostWriteData(_ value: UInt8) { device.hostWrite(value, register: 0) }
    mutating func hostWriteCommand(_ value: UInt8) { device.hostWrite(value, register: 1) }
  }

  mutating func advance() {
    bridge.advance(now: now)
    if let deadline = bridge.deadline { require(deadline > now, "a deadline that is over") }
    let counted = bridge.statistics
    let pending = Int32(bitPattern: counted.requests &- counted.responses &- counted.abandoned)
    require((0...1).contains(pending), "requests are lost, or answered twice")
  }

  mutating func runHost() -> HostEvent {
    var ports = Ports(device: bridge.device)
    let event = host.event(on: &ports, now: now)
    bridge.device = ports.device
    advance()
    return event
  }

  /// The BMC reads what it was sent.
  mutating func readWire(_ count: Int) {
    var chunk = FixedBytes<100>()
    bridge.copyOutput(into: &chunk)
    let taken = min(count, chunk.count)
    bridge.consumeOutput(taken)
    for byte in chunk.bytes[..<taken] {
      if case .message(let id, let message)? = decoder.feed(byte) { waiting.append((id, message)) }
    }
    // A BMC works on the newest.
    waiting = waiting.suffix(4)
  }

  mutating func answer() {
    guard let (id, request) = waiting.popLast() else { return }
    var output = VMOutput<700>()
    _ = output.append(id: id, message: echo(request))
    receive(encoded(&output))
  }

  mutating func receive(_ bytes: [UInt8]) { bridge.receive(bytes.span, now: now) }

  mutating func connect() {
    bridge.connected(now: now)
    decoder.reset()
    waiting = []
  }

  /// A BMC that starts anew: whether the host is answered.
  mutating func recover(_ number: UInt8) -> Bool {
    connect()
    let request = probe(number)
    for _ in 0..<10_000 {
      if host.isIdle, host.response == echo(request) { return true }
      if host.isIdle, host.request == request, host.response != nil { return false }
      if host.isIdle { host.start(request) }
      let event = runHost()
      while bridge.hasOutput { readWire(100) }
      if waiting.isEmpty, case .waiting(let end) = event { now = min(end, bridge.deadline ?? end) }
      answer()
      advance()
    }
    return false
  }

  mutating func perform(_ input: inout Input) {
    switch input.number(below: 14) {
    case 0: receive(input.block())
    case 1: host.start(input.request(longest: 300))
    case 2, 3, 4: _ = runHost()
    case 5: readWire(input.number(below: 101))
    case 6: answer()
    case 7: now += input.duration()
    case 8: connect()
    case 9: bridge.disconnected(now: now)
    case 10: bridge.hostWasReset()
    case 11: host.abort()
    case 12: _ = bridge.takeHostControl()
    default:
      let value = input.byte()
      if input.bool() {
        bridge.device.hostWrite(value, register: Int(input.byte() & 1))
      } else {
        _ = bridge.device.hostRead(register: Int(value & 1))
      }
    }
    advance()
  }
}

/// A host's registers, its BMC's bytes, time and connections in any order; as for the other bridge.
func fuzzMessageBridge(_ input: inout Input) {
  var pc = PC()
  pc.connect()
  while !input.isAtEnd { pc.perform(&input) }
  for number in UInt8(1)..<4 where pc.recover(number) { return }
  fatalError("the link does not recover")
}
