import IPMI
import SystemInterfaces

/// A BMC behind an SMBus target, and a host's driver on the bus.
private struct SSIFPair: InterfacePair {
  var target = SSIFTarget()
  var host = SSIFHost()
  var now: UInt64 = 0
  var taken: Message?

  init() { target.enables = [.address, .alert] }

  mutating func take() {
    guard let bytes = target.takeRequest(now: now) else { return }
    require(bytes.count <= SSIFTarget.messageCapacity, "a request that is too long")
    guard let request = Message(bytes, in: 0..<bytes.count) else {
      fatalError("a request that is none")
    }
    require(target.isBusy, "a request is worked on, and the host is not kept off")
    taken = request
  }

  mutating func respond() {
    guard let request = taken else { return }
    taken = nil
    let response = answer(to: request)
    guard target.respond(response.bytes, now: now) else { return }
    require(!target.isBusy, "answered, and the host is kept off")
    let fits = response.count <= SSIFTarget.messageCapacity
    var copy = target
    copy.enables.insert(.address)
    let read = readResponse(of: &copy, now: now)
    require(
      read == (fits ? response.bytes.bytes : Array(response.bytes.bytes[..<2]) + [0xCA]),
      "the response that is read is not the one that was given")
  }

  func answer(to request: Message) -> Message {
    guard request.command == .getSystemInterfaceCapabilities else { return echo(request) }
    var response = Message(respondingTo: request)
    SSIFCapabilities.target.append(to: &response)
    return response
  }

  @discardableResult
  mutating func step() -> HostEvent {
    let event = host.event(on: &target, now: now)
    if case .waiting(let end) = event { require(end > now, "a wait that is over") }
    return event
  }

  mutating func serve() -> Bool {
    take()
    let answers = taken != nil
    respond()
    return answers
  }

  /// Gives the firmware up where it did not answer in time, as ``SSIFTarget`` does.
  mutating func giveUp() {
    if taken == nil, target.isBusy { now += target.responseTimeout }
  }
}

/// A whole response, read in parts as the specification has them.
private func readResponse(of target: inout SSIFTarget, now: UInt64) -> [UInt8]? {
  // A transfer may be open on the bus.
  target.stop(now: now)
  guard let first = target.readBlock(SSIFCommand.read, withPEC: false, now: now) else { return nil }
  guard first.count == 32, first[0] == 0, first[1] == 1 else { return first.bytes }
  var bytes = Array(first.bytes[2...])
  for _ in 0..<9 {
    guard let part = target.readBlock(SSIFCommand.readMiddle, withPEC: false, now: now) else {
      return nil
    }
    bytes += part.bytes[1...]
    if part[0] == SSIFCommand.lastPart { return bytes }
  }
  return nil
}

/// Any bytes on the bus, the host's driver, and a BMC that is quick, slow or silent.
///
/// A response is read as it was given, in as many parts as it takes; a request is worked on once;
/// and whatever was done, the link works again.
func fuzzSSIF(_ input: inout Input) {
  var pair = SSIFPair()
  while !input.isAtEnd {
    switch input.number(below: 14) {
    case 0: pair.host.start(input.request(longest: 256))
    case 1, 2: pair.step()
    case 3: pair.take()
    case 4: pair.respond()
    case 5: pair.now += input.duration()
    case 6: pair.target.setAttention(input.bool())
    case 7: _ = pair.target.alertResponse()
    case 8: _ = pair.target.start(input.bool() ? .write : .read, now: pair.now)
    case 9: pair.target.stop(now: pair.now)
    case 10: for byte in input.block(atMost: 40) { _ = pair.target.write(byte) }
    case 11: for _ in 0..<input.number(below: 40) { _ = pair.target.read() }
    case 12:
      let command = input.byte()
      let block = SMBusBlock(input.block(atMost: 32).span)!
      _ = pair.target.writeBlock(command, block, withPEC: input.bool(), now: pair.now)
    default:
      if input.bool() { pair.host.abort() }
      pair.target.enables = SSIFTarget.Enables(rawValue: input.byte() & 3)
    }
  }
  pair.target.stop(now: pair.now)
  pair.target.enables.insert(.address)
  pair.giveUp()
  _ = pair.transact(probe(0))
  let request = probe(1)
  require(pair.transact(request) == echo(request), "the link does not recover")
}
