import CIPMIHostBridge
import EmulatorABI
import Foundation
import IPMI
import SystemInterfaces
import Testing
import Tracing

/// `ihb_trace`: files of what happens at a channel.
@Suite struct TraceTests {
  /// The bytes of a trace, and what is done when there are some.
  private final class File {
    var bytes: [UInt8] = []
    var then: () -> Void = {}

    var user: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }

    /// The events of lines of JSON, without the header.
    func events() throws -> [[String: Any]] {
      try bytes.split(separator: UInt8(ascii: "\n")).dropFirst().map { line in
        try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      }
    }

    /// Their messages, such as `request Get Device ID`.
    func messages() throws -> [String] {
      try events().compactMap { event in
        guard let kind = event["event"] as? String, ["request", "response"].contains(kind) else {
          return nil
        }
        return "\(kind) \(event["name"] ?? "?")"
      }
    }

    /// The values that a side has read from or written to a register.
    func values(_ kind: String, _ side: String, _ register: String) throws -> [Int] {
      try events().filter {
        $0["event"] as? String == kind && $0["side"] as? String == side
          && $0["register"] as? String == register
      }.compactMap { $0["value"] as? Int }
    }
  }

  private func trace(
    _ chip: Chip, _ format: ihb_trace_format, to file: File
  ) throws {
    unsafe try Chip.check(
      ihb_trace(
        chip.soc, IHB_KCS1, format,
        { user, bytes, length in
          let file = unsafe Unmanaged<File>.fromOpaque(user!).takeUnretainedValue()
          file.bytes += unsafe Array(UnsafeBufferPointer(start: bytes, count: length))
          file.then()
        }, file.user))
  }

  /// Get Device ID by a wire.
  private func converse(_ format: ihb_trace_format) throws -> File {
    let chip = try Chip("npcm750")
    let file = File()
    try trace(chip, format, to: file)
    #expect(!file.bytes.isEmpty, "the beginning comes at once")
    unsafe try Chip.check(ihb_attach_wire(chip.soc, IHB_KCS1))
    var firmware = try Firmware(chip)
    try chip.advance(to: 5_000)
    try chip.send([0x07, 0x18, 0x01, 0xE0, 0xA0], to: IHB_KCS1)
    try firmware.run()
    #expect(firmware.requests == [Message([0x18, 0x01] as FixedBytes<300>)])
    _ = try chip.receive(from: IHB_KCS1)
    return file
  }

  @Test func aHostByMessagesIsTracedWithTheRegisters() throws {
    let file = try converse(IHB_TRACE_JSON_LINES)
    #expect(try file.messages() == ["request Get Device ID", "response Get Device ID"])
    #expect(try file.values("write", "host", "command port") == [0x61, 0x62])
    let written = try file.values("write", "host", "IDR")
    #expect(written.starts(with: [0x18, 0x01, 0x68]))
    // Both commands, and all that the host has written behind them.
    #expect(try file.values("read", "BMC", "IDR").count == written.count + 2)
    #expect(try file.values("read", "host", "ODR").contains(0x1C))
    #expect(try file.events().allSatisfy { $0["time"] as? Int == 5_000 || $0["time"] as? Int == 0 })
  }

  @Test func aTraceIsAFileForWireshark() throws {
    let file = try converse(IHB_TRACE_PCAPNG)
    var reader = PcapngReader()
    var commands: [Command] = []
    while let record = try reader.next(in: file.bytes.span) {
      guard case .event(let event) = record else { continue }
      switch event.occurrence {
      case .request(_, let message), .response(_, let message): commands.append(message.command)
      default: break
      }
    }
    #expect(commands == [.getDeviceID, .getDeviceID])
  }

  @Test func aTraceIsAWaveform() throws {
    let text = String(decoding: try converse(IHB_TRACE_WAVEFORM).bytes, as: UTF8.self)
    #expect(text.contains("$scope module kcs1 $end"))
    for state in ["IDLE", "WRITE", "READ"] { #expect(text.contains("s\(state) ")) }
  }

  /// The ports of a host, with its driver behind them.
  private struct Ports: KCSHostRegisters {
    let chip: Chip

    private func read(_ port: UInt16) -> UInt8 {
      do { return try chip.portRead(port) } catch {
        Issue.record(error)
        return 0xFF
      }
    }

    private func write(_ value: UInt8, _ port: UInt16) {
      do { try chip.portWrite(value, to: port) } catch { Issue.record(error) }
    }

    func hostReadStatus() -> KCSStatus { KCSStatus(rawValue: read(0xCA3)) }
    func hostReadData() -> UInt8 { read(0xCA2) }
    func hostWriteData(_ value: UInt8) { write(value, 0xCA2) }
    func hostWriteCommand(_ value: UInt8) { write(value, 0xCA3) }
  }

  @Test func aHostWithPortsIsTracedWithItsMessages() throws {
    let chip = try Chip("npcm750")
    let file = File()
    try trace(chip, IHB_TRACE_JSON_LINES, to: file)
    unsafe try Chip.check(ihb_map_ports(chip.soc, IHB_KCS1, 0xCA2, 0xCA3))
    var firmware = try Firmware(chip)
    var host = KCSHost()
    var ports = Ports(chip: chip)
    host.start(Message(.getDeviceID))
    var event = host.event(on: &ports, now: 0)
    while event != .complete {
      if event != .progressed { try #require(try firmware.step()) }
      event = host.event(on: &ports, now: 0)
    }
    #expect(try file.messages() == ["request Get Device ID", "response Get Device ID"])
    #expect(try file.values("write", "host", "command port") == [0x61, 0x62])
    #expect(try file.values("read", "BMC", "IDR").starts(with: [0x61, 0x18, 0x62, 0x01]))
  }

  /// The BMC says where its host has the channel.
  @Test func portsThatTheBMCHasChosenAreTraced() throws {
    let chip = try Chip("ast2600")
    let file = File()
    unsafe try Chip.check(
      ihb_trace(
        chip.soc, IHB_KCS3, IHB_TRACE_JSON_LINES,
        { user, bytes, length in
          unsafe Unmanaged<File>.fromOpaque(user!).takeUnretainedValue().bytes +=
            unsafe Array(UnsafeBufferPointer(start: bytes, count: length))
        }, file.user))
    try chip.write(0x0C, to: 0x14, 4)
    try chip.write(0xA2, to: 0x18, 4)
    try chip.write(0x04, to: 0x10, 4)
    try chip.write(0x80, to: 0x00, 4)
    try chip.portWrite(0x61, to: 0xCA3)
    #expect(try file.values("write", "host", "command port") == [0x61])
    #expect(try chip.read(0x2C, 4) == 0x61)
    #expect(try file.values("read", "BMC", "IDR") == [0x61])
  }

  /// Whoever gets bytes may use the chip, and may end the trace.
  @Test func theFunctionMayCallBack() throws {
    let chip = try Chip("npcm750")
    let file = File()
    var calls = 0
    file.then = {
      calls += 1
      guard calls == 2 else { return }
      #expect(throws: Never.self) { _ = try chip.read(0x0C) }
      #expect(unsafe ihb_trace(chip.soc, IHB_KCS1, IHB_TRACE_PCAPNG, nil, nil) == IHB_OK)
    }
    try trace(chip, IHB_TRACE_JSON_LINES, to: file)
    unsafe try Chip.check(ihb_map_ports(chip.soc, IHB_KCS1, 0xCA2, 0xCA3))
    try chip.portWrite(0x61, to: 0xCA3)
    try chip.portWrite(0x62, to: 0xCA3)
    #expect(calls == 2, "the second call has ended it")
  }

  @Test func whatIsNoTraceIsRefused() throws {
    let chip = try Chip("npcm750")
    let write: ihb_trace_fn = { _, _, _ in }
    #expect(
      unsafe ihb_trace(chip.soc, IHB_IBT, IHB_TRACE_PCAPNG, write, nil) == IHB_ERROR_NO_RESPONDER)
    #expect(
      unsafe ihb_trace(chip.soc, IHB_KCS1, ihb_trace_format(3), write, nil)
        == IHB_ERROR_OUT_OF_RANGE)
    #expect(unsafe ihb_trace(nil, IHB_KCS1, IHB_TRACE_PCAPNG, write, nil) == IHB_ERROR_NULL)
  }
}
