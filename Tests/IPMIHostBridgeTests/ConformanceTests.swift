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

  // MARK: SSIF

  /// What Linux's host asks before the request, answered as a BMC with such a target does.
  private static func answerOverSSIF(_ request: Message) -> Message {
    guard request.command == .getSystemInterfaceCapabilities else { return answer(request) }
    var response = Message(respondingTo: request)
    SSIFCapabilities.target.append(to: &response)
    return response
  }

  private static func messagesToSSIF(_ request: Message) -> Message? {
    var bridge = IPMIHostBridge(SSIFHost())
    var target = SSIFTarget()
    target.enables = [.address, .alert]
    var (now, decoder, chunk) = (UInt64(0), VMDecoder(role: .vm), FixedBytes<100>())
    bridge.connected()
    bridge.receive(([0xFF, 0x01, 0xA1] + Board.frame(request, id: 7)).span, now: now)
    for _ in 0..<1000 {
      bridge.advance(&target, now: now)
      while bridge.hasOutput {
        bridge.copyOutput(into: &chunk)
        for index in 0..<chunk.count {
          if case .message(7, let message) = decoder.feed(chunk[index]) { return message }
        }
        bridge.consumeOutput(chunk.count)
      }
      if let bytes = target.takeRequest(now: now),
        let request = Message(bytes, in: 0..<bytes.count)
      {
        target.respond(answerOverSSIF(request).bytes, now: now)
      } else if let deadline = bridge.deadline {
        now = max(now, deadline)
      }
    }
    return nil
  }

  private static func ssifToMessages(_ request: Message) -> Message? {
    var bridge = HostMessageBridge(SSIFDevice())
    var (host, now, decoder) = (SSIFHost(), UInt64(0), VMDecoder(role: .bmc))
    var chunk = FixedBytes<100>()
    bridge.connected(now: now)
    bridge.receive([0x05, 0xA1].span, now: now)
    host.start(request)
    for _ in 0..<1000 {
      switch host.event(on: &bridge.device.target, now: now) {
      case .progressed: break
      case .complete: return host.response
      case .waiting(let end):
        bridge.advance(now: now)
        while bridge.hasOutput {
          bridge.copyOutput(into: &chunk)
          bridge.consumeOutput(chunk.count)
          for index in 0..<chunk.count {
            guard case .message(let id, let request) = decoder.feed(chunk[index]) else { continue }
            bridge.receive(Board.frame(answer(request), id: id).span, now: now)
          }
        }
        if !bridge.device.interrupt { now = end }
      case .failed, .idle, .attention: return nil
      }
    }
    return nil
  }

  /// As far as 254 bytes go, but for the command that the target's side answers itself.
  @Test func everyCellAnswersTheSameOverSSIF() {
    let requests = Self.requests().prefix(252)
    for request in requests where request.command != .getSystemInterfaceCapabilities {
      let expected = Self.answer(request)
      #expect(Self.messagesToSSIF(request) == expected, "\(request.count) bytes")
      #expect(Self.ssifToMessages(request) == expected, "\(request.count) bytes")
    }
  }
}
