import Foundation
import IPMI
import TestSupport
import Testing

@testable import Tracing

/// Everything a reader finds, up to the first error.
func read(_ bytes: [UInt8]) throws(PcapngError) -> [PcapngReader.Record] {
  var reader = PcapngReader()
  var records: [PcapngReader.Record] = []
  while let record = try reader.next(in: bytes.span) { records.append(record) }
  return records
}

@Suite struct RoundTripTests {
  @Test(arguments: UInt64(1)...6)
  func `a pcapng reader finds every message and command, and a text for what else happened`(
    _ seed: UInt64
  ) throws {
    var generator = SplitMix64(seed: seed)
    let events = Sample.random(300, using: &generator)
    let bytes = file(PcapngWriter(), events)
    var records = try read(bytes)[...]
    for event in events {
      var expected = event
      expected.time += Sample.header.origin
      switch event.occurrence {
      case .request, .response, .control:
        #expect(records.popFirst() == .event(expected), "\(generator)")
      case .damaged, .reset, .connected, .disconnected, .fault:
        var words: FixedBytes<255> = []
        event.occurrence.describe(to: &words)
        guard case .text(expected.time, event.channel, let range)? = records.popFirst() else {
          Issue.record("no text for \(event), \(generator)")
          return
        }
        #expect(Array(bytes[range]) == Array(words.text.utf8))
      case .registers(.kcs):
        // Only where S1:S0 have changed.
        if case .text(_, event.channel, let range)? = records.first,
          String(decoding: bytes[range], as: UTF8.self).contains(", STR ")
        {
          records.removeFirst()
        }
      case .access, .registers, .interrupt: break
      }
    }
    #expect(records.isEmpty)
  }

  @Test(arguments: UInt64(1)...6)
  func `every line of JSON has its event`(_ seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let events = Sample.random(300, using: &generator)
    let text = String(decoding: file(JSONLinesWriter(), events), as: UTF8.self)
    let lines = text.split(separator: "\n")
    #expect(lines.count == events.count + 1)
    let header = try object(lines[0])
    #expect(header["origin"] as? String == "1700000000.123456789")
    #expect(header["comment"] as? String == "seed 1 \"quoted\"")
    #expect(
      (header["channels"] as? [[String: String]])?.map { $0["name"] } == ["kcs3", "ibt", "vm"])
    for (event, line) in zip(events, lines.dropFirst()) {
      let fields = try object(line)
      #expect(fields["time"] as? UInt64 == event.time)
      #expect(fields["channel"] as? String == Sample.channels[event.channel].name.text)
      switch event.occurrence {
      case .request(let id, let message), .response(let id, let message):
        #expect(fields["id"] as? UInt8 == id)
        #expect(fields["netFn"] as? UInt8 == message.netFn.rawValue)
        #expect(fields["lun"] as? UInt8 == message.lun.rawValue)
        #expect(fields["command"] as? UInt8 == message.command.code)
        #expect(fields["completionCode"] as? UInt8 == message.completionCode?.rawValue)
        #expect((fields["data"] as? String)?.count == 2 * message.dataCount)
      case .registers(.kcs(let idr, let odr, let str)):
        #expect(["idr", "odr", "str"].map { fields[$0] as? UInt8 } == [idr, odr, str])
      case .access(let access):
        #expect(fields["event"] as? String == (access.isWrite ? "write" : "read"))
        #expect(fields["value"] as? UInt8 == access.value)
      case .control(_, let code, let argument):
        #expect(fields["code"] as? UInt8 == code && fields["argument"] as? UInt8 == argument)
      case .registers(.bt(let control, _)):
        #expect(fields["btControl"] as? UInt8 == control)
      case .interrupt(_, let isHigh): #expect(fields["level"] as? Int == (isHigh ? 1 : 0))
      case .damaged: #expect(fields["event"] as? String == "damaged")
      case .reset: #expect(fields["event"] as? String == "reset")
      case .connected: #expect(fields["event"] as? String == "connected")
      case .disconnected: #expect(fields["event"] as? String == "disconnected")
      case .fault(let what, let rule):
        #expect(fields["event"] as? String == "fault" && fields["rule"] as? UInt8 == rule)
        #expect(fields["what"] as? String == what.text)
      }
    }
  }

  private func object(_ line: Substring) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test func `events of a channel that the trace does not have are left out`() {
    let event = TraceEvent(time: 1, channel: 3, .request(id: 1, Sample.deviceID))
    let negative = TraceEvent(time: 1, channel: -1, .reset(.bmc))
    #expect(file(PcapngWriter(), [event, negative]) == file(PcapngWriter(), []))
    #expect(file(JSONLinesWriter(), [event, negative]) == file(JSONLinesWriter(), []))
    #expect(file(WaveformWriter(), [event, negative]) == file(WaveformWriter(), []))
  }

  /// No writer's buffer is too small for what it is given.
  @Test func `the longest of everything is whole`() throws {
    let longest = Sample.message([0xFC, 0xFF] + (2..<300).map { UInt8(truncatingIfNeeded: $0) })
    let channel = TraceChannel(
      FixedBytes([UInt8](repeating: 0x22, count: 32).span)!, .kcs,
      description: FixedBytes([UInt8](repeating: 0x01, count: 96).span)!)
    let header = TraceHeader(
      origin: .max, comment: FixedBytes([UInt8](repeating: 0x5C, count: 512).span)!)
    var events: [TraceEvent] = []
    for _ in 0..<3 {
      events += [
        TraceEvent(time: 0, .access(RegisterAccess(.host, .str, isWrite: false, 0))),
        TraceEvent(time: .max - header.origin, .response(id: 255, longest)),
      ]
    }
    let bytes = file(
      PcapngWriter(), events, channels: Array(repeating: channel, count: 16), header: header)
    #expect(try read(bytes).count == 3)
    let lines = String(
      decoding: file(
        JSONLinesWriter(), events, channels: Array(repeating: channel, count: 16), header: header),
      as: UTF8.self
    ).split(separator: "\n")
    for line in lines { _ = try object(line) }
    #expect(lines.count == 7)
  }
}
