import HostPeripherals
import IPMI
import SystemInterfaces
import TestSupport
import Testing
import VMProtocol

@testable import IPMIHostBridge

/// The same traffic through every way that a host can meet a BMC: nobody can tell them apart.
@Suite struct ConformanceTests {
  /// What every BMC here answers: as many bytes as were asked, or what the request says.
  private static func answer(_ request: Message) -> Message {
    var response = Message(respondingTo: request)
    for index in 0..<min(request.dataCount, 297) { response.append(request.data(index)! ^ 0x5A) }
    return response
  }

  private static func requests() -> [Message] {
    var random = SplitMix64(seed: 0x434F)
    return (2...299).map { count in
      var bytes: FixedBytes<300> = [0x18 | UInt8(count & 3), UInt8(truncatingIfNeeded: count)]
      // The bytes that the wire escapes, more often than chance would have them.
      while bytes.count < count {
        let draw = random.next()
        bytes.append(draw & 3 == 0 ? 0xA0 + UInt8(draw >> 8 & 15) : UInt8(draw >> 16 & 0xFF))
      }
      return Message(bytes)!
    }
  }

  /// Registers, registers: one channel.
  private static func sharedChannel(_ request: Message) -> Message? {
    var channel = KCSChannel()
    channel.enables = .hostDecode
    var (host, responder) = (KCSHost(), KCSResponder<300>())
    host.start(request)
    while true {
      switch host.event(on: &channel, now: 0) {
      case .progressed: continue
      case .complete: return host.response
      case .waiting:
        let served = responder.service(&channel)
        if let bytes = responder.takeRequest(), let request = Message(bytes) {
          responder.respond(answer(request).bytes, on: &channel)
        } else if !served {
          return nil
        }
      case .failed, .idle, .attention: return nil
      }
    }
  }

  /// Messages, registers: the bridge drives the BMC's registers.
  private static func messagesToRegisters(_ request: Message) -> Message? {
    var bridge = IPMIHostBridge(KCSHost())
    var wire = Wire()
    bridge.connected()
    return wire.runBMC(&bridge, [0xFF, 0x01, 0xA1] + Board.frame(request, id: 7))
      .lazy.compactMap { if case .message(7, let message) = $0 { message } else { nil } }.first
  }

  /// Registers, messages: the bridge answers the host's registers.
  private static func registersToMessages(_ request: Message) -> Message? {
    var pc = PC()
    pc.connect()
    pc.host.start(request)
    _ = pc.runHost()
    guard let (id, received) = pc.takeRequests().first else { return nil }
    pc.receive(Board.frame(answer(received), id: id))
    return pc.runHost() == .complete ? pc.host.response : nil
  }

  /// Messages, messages: the bytes themselves.
  private static func passThrough(_ request: Message) -> Message? {
    var (bmc, vm) = (VMDecoder(role: .bmc), VMDecoder(role: .vm))
    for byte in Board.frame(request, id: 7) {
      guard case .message(let id, let received) = bmc.feed(byte) else { continue }
      for byte in Board.frame(answer(received), id: id) {
        if case .message(7, let response) = vm.feed(byte) { return response }
      }
    }
    return nil
  }

  /// Registers, a wire, registers: both bridges, each the other's peer.
  private static func registersToRegistersOverAWire(_ request: Message) -> Message? {
    var pc = PC()
    var bridge = IPMIHostBridge(KCSHost())
    var wire = Wire()
    bridge.connected()
    pc.bridge.connected(now: 0)
    pc.host.start(request)
    _ = pc.runHost()
    _ = wire.runBMC(&bridge, pc.wire)
    pc.receive(wire.bytes)
    return pc.runHost() == .complete ? pc.host.response : nil
  }

  /// The BMC's registers and firmware behind a bridge, and what it has sent.
  struct Wire {
    var channel = KCSChannel()
    var firmware = KCSResponder<300>()
    var bytes: [UInt8] = []

    init() { channel.enables = [.hostDecode, .inputBufferFullInterrupt] }

    mutating func runBMC(_ bridge: inout IPMIHostBridge<KCSHost>, _ input: [UInt8]) -> [VMEvent] {
      bridge.receive(input.span, now: 0)
      var worked = true
      while worked {
        bridge.advance(&channel, now: 0)
        worked = firmware.service(&channel)
        if let bytes = firmware.takeRequest(), let request = Message(bytes) {
          worked = firmware.respond(answer(request).bytes, on: &channel)
        }
      }
      var chunk = FixedBytes<100>()
      while bridge.hasOutput {
        bridge.copyOutput(into: &chunk)
        bytes += Array(chunk)
        bridge.consumeOutput(chunk.count)
      }
      var decoder = VMDecoder(role: .vm)
      return bytes.compactMap { decoder.feed($0) }
    }
  }

  @Test func everyCellAnswersTheSame() {
    for request in Self.requests() {
      let expected = Self.answer(request)
      let responses = [
        Self.sharedChannel(request), Self.messagesToRegisters(request),
        Self.registersToMessages(request), Self.passThrough(request),
        Self.registersToRegistersOverAWire(request),
      ]
      for (cell, response) in responses.enumerated() {
        #expect(response == expected, "cell \(cell), \(request.count) bytes")
      }
    }
  }
}
