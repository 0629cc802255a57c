import BMCPeripherals
import IPMI
import IPMIHostBridge
import SystemInterfaces
import TestSupport
import VMProtocol

/// An SoC whose host speaks the VM protocol, and firmware, whatever the registers between them are.
protocol HostedMachine: AnyObject {
  /// Whether the firmware serves its registers.
  var firmwareRuns: Bool { get set }
  /// Whether the interface interrupts the BMC.
  var interrupts: Bool { get }
  var deadline: UInt64? { get }
  var statistics: BridgeStatistics { get }
  func attach()
  /// Attaches where that was not done, and has a new host connect.
  func connect()
  func disconnect()
  func send(_ request: Message)
  func receive(_ bytes: [UInt8])
  /// Runs until nobody can go on.
  func settle()
  func advance(to now: UInt64)
  func ask(_ control: VMControl) -> Bool
  func takeHostReset() -> Bool
  func takeResponses() -> [Message]
  func takeControls() -> [VMControl]
  func save() -> [UInt8]
  func restore(_ bytes: [UInt8]) -> Bool
}

/// The machine of registers of one kind: firmware reaches them by loads and stores, in the steps of
/// Linux's drivers.
final class HostedBoard<Module: HostInterfaceModule>: HostedMachine {
  var interface: HostedInterface<Module>
  var firmwareRuns = true
  private let responder: Responder
  private let isAspeed: Bool
  private var host = MessageHost()
  private var kcs = KCSResponder<300>()
  private var bt = BTResponder<300>()
  private var events: [MessageHost.Event] = []

  /// The channel's registers as the firmware reaches them.
  private struct Port: KCSBMCRegisters, BTBMCRegisters {
    let board: HostedBoard
    let input: Int
    let output: Int
    /// STR, or BT_CTRL.
    let status: Int

    init(_ board: HostedBoard) {
      self.board = board
      let number = board.responder.channel
      (input, output, status) =
        switch board.responder {
        case .ibt: (0x154, 0x154, 0x150)
        case .kcs4: (0x114, 0x118, 0x11C)
        case _ where board.isAspeed: (0x20 + 4 * number, 0x2C + 4 * number, 0x38 + 4 * number)
        default: (0x12 * number - 2, 0x12 * number - 4, 0x12 * number - 6)
        }
    }

    func bmcReadStatus() -> KCSStatus { KCSStatus(rawValue: load(status)) }
    func bmcWriteStatus(_ value: KCSStatus) { store(value.rawValue, to: status) }
    func bmcReadControl() -> BTControl { BTControl(rawValue: load(status)) }
    func bmcWriteControl(_ value: BTControl) { store(value.rawValue, to: status) }
    func bmcReadData() -> UInt8 { load(input) }
    func bmcWriteData(_ value: UInt8) { store(value, to: output) }

    private var width: Int { board.isAspeed ? 4 : 1 }

    private func load(_ offset: Int) -> UInt8 {
      UInt8(truncatingIfNeeded: board.interface.read(offset, width: width))
    }

    private func store(_ value: UInt8, to offset: Int) {
      board.interface.write(UInt64(value), to: offset, width: width)
    }
  }

  /// A board whose firmware has set up the interface.
  init(_ module: Module, _ responder: Responder) {
    interface = HostedInterface(module)
    isAspeed = module.decodesHostPorts
    self.responder = responder
    setUp()
  }

  private func setUp() {
    let number = UInt64(responder.channel)
    switch responder {
    case .ibt:
      interface.write(0x00E4_000D, to: 0x140, width: 4)  // CR0: at E4h, on
      interface.write(1, to: 0x144, width: 4)  // CR1: interrupt at H2B_ATN
      var port = Port(self)
      bt.open(on: &port)
    case .kcs4:
      interface.write(0b11, to: 0x100, width: 4)  // HICRB: LPC4E, IBFIE4
    case _ where isAspeed:
      interface.write(1 << (4 + number), to: 0x00, width: 4)  // HICR0: LPCnE
      interface.write(1 << 2, to: 0x10, width: 4)  // HICR4: KCSENBL
      interface.write(1 << number, to: 0x08, width: 4)  // HICR2: IBFIEn
    default:
      interface.write(0x01, to: Port(self).status + 0x0C, width: 1)  // CTL: IBFIE
    }
  }

  var interrupts: Bool { interface.interruptSources != 0 }
  var deadline: UInt64? { interface.deadline }
  var statistics: BridgeStatistics { interface.statistics(of: responder) }

  // MARK: The host

  func attach() { _ = interface.attach(to: responder) }

  func connect() {
    if !interface.isAttached(responder) { attach() }
    host = MessageHost()
    events = []
    interface.connected(responder)
    send()
  }

  func disconnect() { interface.disconnected(responder) }

  func send(_ request: Message) {
    _ = host.send(request)
    send()
  }

  /// Brings what the host has to say to the bridge.
  private func send() {
    var chunk = FixedBytes<512>()
    while host.hasOutput, interface.acceptableInput(of: responder) > 0 {
      host.copyOutput(into: &chunk)
      let bytes = (0..<chunk.count).map { chunk[$0] }
      host.consumeOutput(interface.receive(bytes.span, from: responder))
    }
  }

  func receive(_ bytes: [UInt8]) { _ = interface.receive(bytes.span, from: responder) }

  func ask(_ control: VMControl) -> Bool { interface.control(control, of: responder) }
  func takeHostReset() -> Bool { interface.takeHostReset(of: responder) }

  func takeResponses() -> [Message] {
    defer { events.removeAll { if case .response = $0 { true } else { false } } }
    return events.compactMap { if case .response(let message) = $0 { message } else { nil } }
  }

  func takeControls() -> [VMControl] {
    defer { events.removeAll { if case .control = $0 { true } else { false } } }
    return events.compactMap { if case .control(let control) = $0 { control } else { nil } }
  }

  // MARK: Both

  func settle() {
    repeat { takeOutput() } while firmwareRuns && stepFirmware()
    takeOutput()
  }

  func advance(to now: UInt64) {
    interface.advance(now: now)
    takeOutput()
  }

  private func takeOutput() {
    var chunk = FixedBytes<512>()
    while interface.hasOutput(of: responder) {
      interface.copyOutput(of: responder, into: &chunk)
      let bytes = (0..<chunk.count).map { chunk[$0] }
      interface.consumeOutput(chunk.count, of: responder)
      var offset = 0
      while let event = host.receive(bytes.span, from: &offset) { events.append(event) }
    }
  }

  /// Whether the firmware had something to do.
  private func stepFirmware() -> Bool {
    var port = Port(self)
    guard responder == .ibt else {
      let worked = kcs.service(&port)
      guard let request = kcs.takeRequest().flatMap({ Message($0) }) else { return worked }
      kcs.respond(answer(to: request).bytes, on: &port)
      return true
    }
    interface.write(1, to: 0x148, width: 4)  // CR2: acknowledges H2B_ATN
    let worked = bt.service(&port)
    guard let request = bt.takeRequest().flatMap({ Message($0) }) else { return worked }
    bt.respond(answer(to: request).bytes, on: &port)
    return true
  }

  /// What it was asked; and, to BT's own question, buffers of 63 bytes, 10 s, no retry.
  private func answer(to request: Message) -> Message {
    var response = Message(respondingTo: request)
    if request.command == .getBTInterfaceCapabilities {
      response.append(contentsOf: [1, 63, 63, 10, 0] as FixedBytes<5>)
    } else {
      for index in 0..<request.dataCount { response.append(request.data(index)!) }
    }
    return response
  }

  // MARK: State

  func save() -> [UInt8] { StateBytes(saving: interface, now: interface.now).bytes }

  func restore(_ bytes: [UInt8]) -> Bool {
    StateBytes.restore(&interface, from: bytes, now: interface.now)
  }
}
