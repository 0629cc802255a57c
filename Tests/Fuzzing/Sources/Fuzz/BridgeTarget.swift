import ControllerContent
import IPMI
import IPMIHostBridge
import SystemInterfaces
import VMProtocol

/// The registers and the firmware behind a bridge.
protocol Firmware {
  associatedtype Interface: SystemInterfaceHost
  init()
  var registers: Interface.Registers { get set }
  static func makeInterface() -> Interface
  /// One interrupt; whether there was one.
  mutating func service() -> Bool
  /// The request, once.
  mutating func take() -> Message?
  mutating func respond(_ response: Message)
  /// Starts again, as after a crash.
  mutating func restart()
  /// An access that no firmware makes.
  mutating func disturb(_ choice: UInt8, _ value: UInt8)
}

struct KCSFirmware: Firmware {
  var registers = KCSChannel()
  private var responder = KCSResponder<300>()

  init() { registers.enables = [.hostDecode, .inputBufferFullInterrupt] }
  static func makeInterface() -> KCSHost { KCSHost() }
  mutating func service() -> Bool { responder.service(&registers) }
  mutating func take() -> Message? { responder.takeRequest().flatMap { Message($0) } }
  mutating func respond(_ response: Message) {
    responder.respond(response.bytes, on: &registers)
  }
  mutating func restart() {
    responder = KCSResponder()
    registers.enables.insert(.hostDecode)
  }
  mutating func disturb(_ choice: UInt8, _ value: UInt8) {
    switch choice & 3 {
    case 0: _ = registers.bmcReadData()
    case 1: registers.bmcWriteData(value)
    case 2: registers.bmcWriteStatus(KCSStatus(rawValue: value))
    default: registers.enables = KCSChannel.Enables(rawValue: UInt32(value & 0xF))
    }
  }
}

struct BTFirmware: Firmware {
  var registers = BTChannel()
  private var responder = BTResponder<300>()

  init() {
    registers.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer]
    responder.open(on: &registers)
  }
  static func makeInterface() -> BTHost { BTHost() }
  mutating func service() -> Bool { responder.service(&registers) }
  mutating func take() -> Message? { responder.takeRequest().flatMap { Message($0) } }
  mutating func respond(_ response: Message) {
    var short = Message(response.bytes, in: 0..<min(response.count, BTChannel.messageCapacity))!
    if response.command == .getBTInterfaceCapabilities {
      short = Message([0x1C, 0x36, 0, 1, 63, 63, 10, 0] as FixedBytes<300>)!
    }
    responder.respond(short.bytes, on: &registers)
  }
  mutating func restart() {
    responder = BTResponder()
    registers.enables = [.hostDecode, .bmcClearReadPointer, .bmcClearWritePointer]
    responder.open(on: &registers)
  }
  mutating func disturb(_ choice: UInt8, _ value: UInt8) {
    switch choice & 3 {
    case 0: _ = registers.bmcReadData()
    case 1: registers.bmcWriteData(value)
    case 2: registers.bmcWriteControl(BTControl(rawValue: value))
    default: registers.enables = BTChannel.Enables(rawValue: value & 0xD)
    }
  }
}

/// A wire, a bridge, registers, firmware; and what is known of what must come out.
private struct FuzzedBoard<Machine: Firmware> {
  var bridge = IPMIHostBridge(Machine.makeInterface())
  var machine = Machine()
  var now: UInt64 = 0
  private var taken: Message?
  /// What a peer sees of its requests: ids and commands in the order they were accepted.
  private var asked: [(id: UInt8, command: Command)] = []
  private var requests = VMDecoder(role: .bmc)
  private var responses = VMDecoder(role: .vm)
  /// The responses to `probe`.
  private(set) var answers: [Message] = []

  mutating func connect() {
    bridge.connected()
    asked = []
    requests.reset()
    responses.reset()
  }

  mutating func disconnect() {
    bridge.disconnected()
    asked = []
  }

  mutating func receive(_ bytes: [UInt8]) {
    guard bridge.isConnected else { return }
    let acceptable = bridge.acceptableInput
    let count = bridge.receive(bytes.span, now: now)
    require(count >= min(acceptable, bytes.count), "fewer bytes are taken than were acceptable")
    require(count <= bytes.count, "more bytes are taken than there are")
    for byte in bytes[..<count] {
      switch requests.feed(byte) {
      case .message(let id, let message), .rejected(.tooLong(let id, let message)):
        asked.append((id, message.command))
      default: break
      }
    }
  }

  /// Lets the bridge act, and looks at what is true at any time.
  mutating func advance() {
    bridge.advance(&machine.registers, now: now)
    if let deadline = bridge.deadline { require(deadline > now, "a deadline that is over") }
    let counted = bridge.statistics
    let pending = Int32(bitPattern: counted.requests &- counted.responses &- counted.abandoned)
    require((0...9).contains(pending), "requests are lost, or answered twice")
    require(
      counted.timeouts &+ counted.undeliverable <= counted.responses &+ counted.abandoned,
      "more answers in the BMC's place than answers")
  }

  /// Takes `count` bytes from the wire; each response must be to a request, in their order.
  mutating func read(_ count: Int) {
    var chunk = FixedBytes<100>()
    bridge.copyOutput(into: &chunk)
    let taken = min(count, chunk.count)
    bridge.consumeOutput(taken)
    for byte in chunk.bytes[..<taken] {
      guard case .message(let id, let message)? = responses.feed(byte) else { continue }
      require(message.netFn.isResponse || message.count >= 3, "a response that is none")
      guard let index = asked.firstIndex(where: { $0 == (id, message.command) }) else {
        fatalError("a response to nothing that was asked, or a second one")
      }
      // Those before it were given up by a newer one, or are never answered.
      asked.removeFirst(index + 1)
      answers.append(message)
    }
  }

  mutating func take() { taken = machine.take() ?? taken }

  mutating func respond() {
    guard let request = taken else { return }
    taken = nil
    machine.respond(echo(request))
  }

  /// A host that starts anew, and firmware as it should be: whether it is answered.
  mutating func recover(_ number: UInt8) -> Bool {
    var output = VMOutput<700>()
    _ = output.append(id: number, message: probe(number))
    disconnect()
    advance()
    connect()
    receive(encoded(&output))
    answers = []
    let end = now + 60_000_000_000
    while now < end, answers.isEmpty {
      advance()
      let served = machine.service()
      take()
      let answered = taken != nil
      respond()
      advance()
      while bridge.hasOutput { read(100) }
      if !served, !answered, answers.isEmpty { now = min(end, bridge.deadline ?? end) }
    }
    return answers == [echo(probe(number))]
  }

  mutating func perform(_ input: inout Input) {
    switch input.number(below: 16) {
    case 0: receive(input.block())
    case 1, 2:
      var output = VMOutput<700>()
      _ = output.append(id: input.byte(), message: input.request(longest: 300))
      receive(encoded(&output))
    case 3:
      // As QEMU announces itself.
      receive([0xFF, 0x01, 0xA1, 0x08, input.bool() ? 0x3F : 0x00, 0xA1])
    case 4, 5, 6: _ = machine.service()
    case 7: take()
    case 8: respond()
    case 9: now += input.duration()
    case 10: read(input.number(below: 101))
    case 11: connect()
    case 12: disconnect()
    case 13: bridge.control(VMControl(rawValue: input.byte()))
    case 14: machine.restart()
    default: machine.disturb(input.byte(), input.byte())
    }
    advance()
  }
}

/// Bytes, cycles, time and resets in any order, over KCS or BT.
///
/// Each request is counted, answered at most once and in order, under its id; deadlines lie ahead;
/// no more bytes are taken than there is room for; and whatever was done, a host that starts anew is
/// answered.
func fuzzBridge(_ input: inout Input) {
  if input.bool() { run(KCSFirmware.self, &input) } else { run(BTFirmware.self, &input) }
}

private func run<Machine: Firmware>(_: Machine.Type, _ input: inout Input) {
  var board = FuzzedBoard<Machine>()
  board.connect()
  while !input.isAtEnd { board.perform(&input) }
  board.machine.restart()
  // The first ones may meet what is left in the registers.
  for number in UInt8(1)..<4 where board.recover(number) { return }
  fatalError("the link does not recover")
}
