import IPMI
import ManagementController
import Transport
import VMProtocol

/// One second in nanoseconds.
let second: UInt64 = 1_000_000_000

/// What QEMU's `ipmi-bmc-extern` on x86 sends first: version 1, all capabilities.
let qemuGreeting: [UInt8] = [0xFF, 0x01, 0xA1, 0x08, 0x3F, 0xA1]

/// What a BMC at rest sends first: version 1, no attention.
let bmcGreeting: [UInt8] = [0xFF, 0x01, 0xA1, 0x00, 0xA1]

/// A controller with a watchdog, the host's power, and nothing else.
@Sendable func makeController(powerIsOn: Bool, now: UInt64) -> ManagementController {
  var sensors = SensorTable()
  sensors.append(.hostPower(number: 1))
  sensors.append(.watchdog(number: 2))
  return ManagementController(
    identity: DeviceIdentity(
      firmwareMajor: 1, firmwareMinor: 0x23, manufacturer: 0, product: 0x1234, guid: []),
    sensors: sensors,
    fru: FRUDescription(
      chassis: ["", ""], board: ["", "", "", "", ""], product: ["", "", "", "", "", "", ""]),
    powerIsOn: powerIsOn, now: now)
}

extension Message {
  /// A request for `command` with `data`.
  init(_ command: Command, _ data: [UInt8]) {
    self.init(command)
    let fits = append(contentsOf: data.span)
    precondition(fits)
  }
}

/// The frame of a message.
func frame(_ message: Message, id: UInt8) -> [UInt8] {
  var output = VMOutput<700>()
  let fits = output.append(id: id, message: message)
  precondition(fits)
  var bytes = FixedBytes<700>()
  output.copy(into: &bytes)
  return (0..<bytes.count).map { bytes[$0] }
}

/// The frame of a request.
func request(_ command: Command, _ data: [UInt8] = [], id: UInt8) -> [UInt8] {
  frame(Message(command, data), id: id)
}

/// The event that a BMC's answer is.
func answer(_ command: Command, _ code: CompletionCode, id: UInt8) -> VMEvent {
  .message(id: id, Message(respondingTo: Message(command), code))
}

/// All events of `bytes`, which a VM receives from its first byte on.
func events(_ bytes: [UInt8]) -> [VMEvent] {
  var decoder = VMDecoder(role: .vm)
  return bytes.compactMap { decoder.feed($0) }
}

extension SimulatedBMC {
  /// A BMC at time `now` that forgets everything at a cold reset.
  init(now: UInt64 = 0) {
    self.init(makeController(powerIsOn: false, now: now)) {
      makeController(powerIsOn: $0.powerIsOn, now: $1)
    }
  }

  /// Offers `bytes` until all are taken, and returns everything that it sends.
  mutating func exchange(_ bytes: [UInt8], now: UInt64 = 0) -> [UInt8] {
    var sent = takeOutput()
    var rest = bytes[...]
    while !rest.isEmpty {
      let taken = receive(Array(rest).span, now: now)
      rest = rest.dropFirst(taken)
      let output = takeOutput()
      precondition(taken > 0 || !output.isEmpty, "neither took nor gave")
      sent += output
    }
    return sent
  }

  /// The data of the answer to `command`, without the completion code.
  mutating func ask(_ command: Command, _ data: [UInt8] = [], now: UInt64 = 0) -> [UInt8] {
    let sent = events(exchange(request(command, data, id: 0x5A), now: now))
    guard case .message(0x5A, let response)? = sent.last else { return [] }
    return (0..<response.dataCount).map { response.data($0)! }
  }

  /// The offsets of the events of the host's power in the SEL, oldest first: 0 on, 5 off.
  mutating func powerEvents(now: UInt64 = 0) -> [UInt8] {
    var offsets: [UInt8] = []
    var next: [UInt8] = [0, 0]
    repeat {
      let entry = ask(.getSELEntry, [0, 0] + next + [0, 0xFF], now: now)
      guard entry.count == 18 else { break }
      next = Array(entry[..<2])
      if entry[12] == 0x22 { offsets.append(entry[15] & 0x0F) }
    } while next != [0xFF, 0xFF]
    return offsets
  }

  /// Everything that it has to send.
  mutating func takeOutput() -> [UInt8] {
    var bytes: [UInt8] = []
    while hasOutput {
      let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 100) { buffer, count in
        var span = unsafe OutputRawSpan(
          buffer: UnsafeMutableRawBufferPointer(buffer), initializedCount: 0)
        moveOutput(to: &span)
        count = unsafe span.finalize(for: UnsafeMutableRawBufferPointer(buffer))
      }
      bytes += chunk
    }
    return bytes
  }
}
