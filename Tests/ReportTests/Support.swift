import EmulatedPair
import Foundation
import IPMI
import TestSupport
import Tracing

@testable import Report

/// Traces to make reports of.
enum Sample {
  static let channels = [
    TraceChannel(FixedBytes("kcs3"), .kcs, description: FixedBytes("AST2600 KCS3 at CA2h")),
    TraceChannel(FixedBytes("vm"), .messages),
  ]

  static func message(_ bytes: [UInt8]) -> Message { Message(bytes.span)! }

  static let deviceID = message([0x18, 0x01])
  static let deviceIDResponse = message([0x1C, 0x01, 0x00, 0x20, 0x01, 0x01, 0x02, 0x02, 0xBF])

  /// STR, then IDR and ODR, at each step of Get Device ID by KCS: what a BMC and a host do.
  private static let transfer: [(str: UInt8, idr: UInt8, odr: UInt8)] = [
    (0x00, 0x00, 0x00), (0x0A, 0x61, 0x00), (0x8A, 0x61, 0x00), (0x89, 0x61, 0x00),
    (0x82, 0x18, 0x00), (0x81, 0x18, 0x00), (0x8A, 0x62, 0x00), (0x89, 0x62, 0x00),
    (0x82, 0x01, 0x00), (0x42, 0x01, 0x00), (0x40, 0x01, 0x00), (0x41, 0x01, 0x1C),
    (0x42, 0x68, 0x1C), (0x41, 0x68, 0x01), (0x42, 0x68, 0x01), (0x41, 0x68, 0x00),
    (0x02, 0x68, 0x00), (0x00, 0x68, 0x00), (0x04, 0x68, 0x00), (0x00, 0x68, 0x00),
  ]

  /// A request by KCS, and by messages one of each fate.
  static var events: [TraceEvent] {
    var events = [TraceEvent(time: 1_000, .request(id: 0, deviceID))]
    for (step, values) in transfer.enumerated() {
      let time = 2_000 + UInt64(step) * 1_000
      events.append(
        TraceEvent(
          time: time, .registers(.kcs(idr: values.idr, odr: values.odr, str: values.str))))
      events.append(TraceEvent(time: time, .interrupt(to: .bmc, isHigh: values.str & 2 != 0)))
    }
    events += [
      TraceEvent(time: 25_000, .response(id: 0, deviceIDResponse)),
      TraceEvent(time: 30_000, channel: 1, .connected(.host)),
      TraceEvent(time: 40_000, channel: 1, .request(id: 1, deviceID)),
      TraceEvent(time: 49_000, channel: 1, .response(id: 1, deviceIDResponse)),
      TraceEvent(time: 50_000, channel: 1, .request(id: 2, message([0x18, 0x99]))),
      TraceEvent(time: 50_700, channel: 1, .response(id: 2, message([0x1C, 0x99, 0xC1]))),
      TraceEvent(time: 60_000, channel: 1, .control(from: .bmc, code: 2, argument: nil)),
      TraceEvent(time: 65_000, channel: 1, .control(from: .bmc, code: 0, argument: nil)),
      TraceEvent(time: 70_000, channel: 1, .request(id: 3, deviceID)),
      TraceEvent(time: 71_000, channel: 1, .request(id: 3, deviceID)),
      TraceEvent(time: 72_000, channel: 1, .response(id: 3, deviceIDResponse)),
      TraceEvent(time: 73_000, channel: 1, .response(id: 9, deviceIDResponse)),
      TraceEvent(time: 74_000, channel: 1, .damaged(from: .host, .badChecksum)),
      TraceEvent(time: 80_000, channel: 1, .request(id: 4, deviceID)),
      TraceEvent(time: 81_000, channel: 1, .reset(.bmc)),
      TraceEvent(time: 90_000, channel: 1, .request(id: 5, deviceID)),
    ]
    return events
  }

  /// Messages and what interrupts them, at random: few ids and commands, so that they meet.
  static func random(_ count: Int, using generator: inout SplitMix64) -> [TraceEvent] {
    var time: UInt64 = 0
    return (0..<count).map { _ in
      time += UInt64.random(in: 0...2_000_000, using: &generator)
      let id = UInt8.random(in: 0...3, using: &generator)
      let code = UInt8.random(in: 0...2, using: &generator)
      let side = Bool.random(using: &generator) ? TraceSide.host : .bmc
      let byte = UInt8.random(in: 0...255, using: &generator)
      let occurrence: TraceEvent.Occurrence =
        switch Int.random(in: 0..<40, using: &generator) {
        case 0..<14: .request(id: id, message([0x18, code, byte]))
        case 14..<28: .response(id: id, message([0x1C, code] + (byte < 9 ? [] : [byte % 3, 7])))
        case 28..<32: .registers(.kcs(idr: byte, odr: byte &* 3, str: byte &* 7))
        case 32..<34: .registers(.bt(control: byte, interruptMask: 1))
        case 34: .interrupt(to: side, isHigh: byte % 2 == 0)
        case 35: .control(from: side, code: byte % 12, argument: byte % 2 == 0 ? byte : nil)
        case 36: .damaged(from: side, TraceDamage(rawValue: byte % 4)!)
        case 37: .access(RegisterAccess(side, .btBuffer, isWrite: byte % 2 == 0, byte))
        case 38: byte < 128 ? .connected(side) : .reset(side)
        default: .disconnected(side)
        }
      return TraceEvent(
        time: time, channel: Int.random(in: 0..<2, using: &generator), occurrence)
    }
  }

  static func model(
    _ events: [TraceEvent], _ limits: TraceModel.Limits = .init()
  ) -> TraceModel {
    var model = TraceModel(limits)
    for channel in channels {
      model.add(
        TraceModel.Channel(
          name: String(bytes: channel.name), description: String(bytes: channel.description)))
    }
    for event in events { model.add(event) }
    model.finish()
    return model
  }
}

/// All bytes that a writer makes of a trace.
func file<Writer: TraceWriter>(
  _ writer: Writer, _ events: [TraceEvent], channels: [TraceChannel] = Sample.channels,
  comment: FixedBytes<512> = []
) -> [UInt8] {
  var writer = writer
  var bytes: [UInt8] = []
  let header = TraceHeader(origin: 1_700_000_000_123_456_789, comment: comment)
  writer.begin(header, channels: channels.span) { piece in
    for index in piece.indices { bytes.append(piece[index]) }
  }
  for event in events {
    writer.write(event) { piece in for index in piece.indices { bytes.append(piece[index]) } }
  }
  return bytes
}

/// What is read of a file with these bytes.
func read(
  _ bytes: [UInt8], as name: String, _ limits: TraceModel.Limits = .init()
) throws -> TraceReading {
  let directory = try TemporaryDirectory()
  let path = directory.appending(name)
  try Data(bytes).write(to: URL(fileURLWithPath: path))
  return try TraceReading(path: path, limits: limits)
}
