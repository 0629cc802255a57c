import Foundation
import IPMI
import TestSupport
import Tracing

/// All bytes that a writer makes of a trace.
func file<Writer: TraceWriter>(
  _ writer: Writer, _ events: [TraceEvent], channels: [TraceChannel] = Sample.channels,
  header: TraceHeader = Sample.header
) -> [UInt8] {
  var writer = writer
  var bytes: [UInt8] = []
  writer.begin(header, channels: channels.span) { bytes += Array($0) }
  for event in events { writer.write(event) { bytes += Array($0) } }
  return bytes
}

extension Array where Element == UInt8 {
  init(_ span: Span<UInt8>) {
    self = span.indices.map { span[$0] }
  }
}

extension FixedBytes {
  var text: String { String(decoding: (0..<count).map { self[$0] }, as: UTF8.self) }
}

/// A trace with one of everything.
enum Sample {
  static let header = TraceHeader(
    origin: 1_700_000_000_123_456_789, comment: FixedBytes("seed 1 \"quoted\""))

  static let channels = [
    TraceChannel(FixedBytes("kcs3"), .kcs, description: FixedBytes("AST2600 KCS3 at CA2h")),
    TraceChannel(FixedBytes("ibt"), .bt, description: FixedBytes("AST2600 iBT at E4h")),
    TraceChannel(FixedBytes("vm"), .messages),
  ]

  static let deviceID = message([0x18, 0x01])

  static let events: [TraceEvent] = [
    TraceEvent(time: 0, channel: 2, .connected(.host)),
    TraceEvent(time: 100, channel: 2, .control(from: .host, code: 0xFF, argument: 1)),
    TraceEvent(time: 200, channel: 2, .control(from: .host, code: 0x08, argument: 0x3F)),
    TraceEvent(time: 300, channel: 2, .control(from: .bmc, code: 0x02, argument: nil)),
    TraceEvent(time: 400, channel: 2, .control(from: .bmc, code: 0x77, argument: nil)),
    TraceEvent(time: 1_000, channel: 2, .request(id: 7, deviceID)),
    TraceEvent(
      time: 213_000, channel: 2,
      .response(
        id: 7,
        message([
          0x1C, 0x01, 0x00, 0x20, 0x01, 0x01, 0x02, 0x02, 0xBF, 0x57, 0x01, 0x00, 0x34, 0x12,
        ]))),
    TraceEvent(time: 300_000, channel: 2, .request(id: 8, message([0xB0, 0x02, 0xDC]))),
    TraceEvent(time: 310_000, channel: 2, .response(id: 8, message([0xB4, 0x02, 0xC1, 0xDC]))),
    TraceEvent(time: 320_000, channel: 2, .damaged(from: .host, .badChecksum)),
    TraceEvent(time: 400_000, .registers(.kcs(idr: 0, odr: 0, str: 0))),
    TraceEvent(time: 400_000, .interrupt(to: .bmc, isHigh: false)),
    TraceEvent(time: 401_000, .access(RegisterAccess(.host, .command, isWrite: true, 0x61))),
    TraceEvent(time: 401_000, .registers(.kcs(idr: 0x61, odr: 0, str: 0x0A))),
    TraceEvent(time: 401_000, .interrupt(to: .bmc, isHigh: true)),
    TraceEvent(time: 402_500, .access(RegisterAccess(.bmc, .idr, isWrite: false, 0x61))),
    TraceEvent(time: 402_500, .registers(.kcs(idr: 0x61, odr: 0, str: 0x08))),
    TraceEvent(time: 402_500, .interrupt(to: .bmc, isHigh: false)),
    TraceEvent(time: 403_000, .access(RegisterAccess(.bmc, .str, isWrite: true, 0x80))),
    TraceEvent(time: 403_000, .registers(.kcs(idr: 0x61, odr: 0, str: 0x88))),
    TraceEvent(time: 500_000, .request(id: 0, deviceID)),
    TraceEvent(time: 600_000, channel: 1, .registers(.bt(control: 0x04, interruptMask: 0x01))),
    TraceEvent(time: 601_000, channel: 1, .registers(.bt(control: 0x84, interruptMask: 0x01))),
    TraceEvent(time: 700_000, .reset(.bmc)),
    TraceEvent(time: 800_000, channel: 2, .disconnected(.host)),
  ]

  static func message(_ bytes: [UInt8]) -> Message { Message(bytes.span)! }

  /// Events of every kind, at random.
  static func random(_ count: Int, using generator: inout SplitMix64) -> [TraceEvent] {
    var time: UInt64 = 0
    return (0..<count).map { _ in
      time += UInt64.random(in: 0...2_000_000, using: &generator)
      return TraceEvent(
        time: time, channel: Int.random(in: 0..<3, using: &generator), occurrence(&generator))
    }
  }

  private static func occurrence(_ generator: inout SplitMix64) -> TraceEvent.Occurrence {
    func byte() -> UInt8 { .random(in: 0...255, using: &generator) }
    let side = Bool.random(using: &generator) ? TraceSide.host : .bmc
    switch Int.random(in: 0..<13, using: &generator) {
    case 0...2:
      let length = Int.random(in: 2...Message.capacity, using: &generator)
      return .request(id: byte(), message((0..<length).map { _ in byte() }))
    case 3...5:
      let length = Int.random(in: 3...Message.capacity, using: &generator)
      return .response(id: byte(), message((0..<length).map { _ in byte() }))
    case 6:
      let register = TracedRegister(rawValue: byte() % 7)!
      return .access(
        RegisterAccess(side, register, isWrite: Bool.random(using: &generator), byte()))
    case 7: return .registers(.kcs(idr: byte(), odr: byte(), str: byte()))
    case 8: return .registers(.bt(control: byte(), interruptMask: byte()))
    case 9: return .interrupt(to: side, isHigh: Bool.random(using: &generator))
    case 10:
      return .control(
        from: side, code: byte(), argument: Bool.random(using: &generator) ? byte() : nil)
    case 11: return .damaged(from: side, TraceDamage(rawValue: byte() % 4)!)
    default:
      return [
        .reset(side), .connected(side), .disconnected(side),
        .fault(FixedBytes("response dropped"), rule: 3),
      ].randomElement(using: &generator)!
    }
  }
}

/// The files beside this one.
enum Golden {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden")

  /// A file's bytes; made anew where `IPMI_HOST_BRIDGE_GOLDEN` is set, for a look at the difference.
  static func bytes(_ name: String, madeFrom made: [UInt8]) throws -> [UInt8] {
    let file = folder.appendingPathComponent(name)
    if ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_GOLDEN"] != nil {
      try Data(made).write(to: file)
    }
    return Array(try Data(contentsOf: file))
  }
}
