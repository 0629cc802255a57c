import EmulatedPair
import Foundation
import IPMI
import TestSupport
import Testing
import Tracing

/// What tshark makes of a file, with the preference that decodes messages.
struct Tshark {
  /// The columns of each packet.
  let packets: [[String]]

  static var isInstalled: Bool { Programs.find("tshark") != nil }

  /// - Parameter fields: The names of the columns, as `-e` has them.
  init(_ bytes: [UInt8], _ fields: [String]) throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("trace.pcapng")
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    var preference: FixedBytes<64> = []
    preference.append(PcapngWriter.preference)
    let process = try ChildProcess(
      name: "tshark",
      command: ["tshark", "-o", preference.text, "-r", path, "-T", "fields", "-E", "separator=|"]
        + fields.flatMap { ["-e", $0] })
    let status = try process.waitForExit(timeout: 120)
    guard status == .exited(0) else { throw EmulatorError("tshark: \(process.lines)") }
    packets = process.lines.filter { !$0.contains("Running as user") }.map {
      $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    }
  }
}

@Suite(.enabled(if: Tshark.isInstalled)) struct TsharkTests {
  @Test func `the sample is dissected to its last packet`() throws {
    let tshark = try Tshark(
      file(PcapngWriter(), Sample.events),
      ["frame.time_epoch", "frame.interface_name", "_ws.col.Protocol", "_ws.col.Info"])
    #expect(
      tshark.packets.map { $0.joined(separator: " ") } == [
        "1700000000.123456789 vm n/a host connected",
        "1700000000.123456889 vm n/a host: version 01h",
        "1700000000.123456989 vm n/a host: capabilities 3Fh",
        "1700000000.123457089 vm n/a BMC: attention with interrupt",
        "1700000000.123457189 vm n/a BMC: unknown command 77h",
        "1700000000.123457789 vm KCS Req, Get Device ID",
        "1700000000.123669789 vm KCS Rsp, Get Device ID, Command Completed Normally (00h)",
        "1700000000.123756789 vm KCS Req, Unknown command",
        "1700000000.123766789 vm KCS Rsp, Unknown command, Invalid Command (c1h)",
        "1700000000.123776789 vm n/a damaged frame from host: wrong checksum",
        "1700000000.123856789 kcs3 n/a IDLE, STR 00h, IDR 00h, ODR 00h",
        "1700000000.123859789 kcs3 n/a WRITE, STR 88h (C/D), IDR 61h, ODR 00h",
        "1700000000.123956789 kcs3 KCS Req, Get Device ID",
        "1700000000.124156789 kcs3 n/a BMC reset",
        "1700000000.124256789 vm n/a host disconnected",
      ])
  }

  /// Whatever is in a message: direction, NetFn, command. (Not of NetFn 2Ch to 2Fh without the bytes
  /// that say whose command it is, as no message of these seeds: Wireshark 4.0 shows no more of them
  /// than their bytes.)
  @Test(arguments: UInt64(1)...3)
  func `every message is dissected as what it is`(_ seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let events = Sample.random(400, using: &generator)
    var expected: [[String]] = []
    for event in events {
      switch event.occurrence {
      case .request(_, let message): expected.append(Self.fields(message, toBMC: true))
      case .response(_, let message): expected.append(Self.fields(message, toBMC: false))
      default: break
      }
    }
    let tshark = try Tshark(
      file(PcapngWriter(), events),
      ["ipmi.trace.packet.type", "ipmi.trace.dir", "ipmi.header.netfn", "ipmi.header.command"])
    let messages = tshark.packets.filter { $0[0] == "0" }.map { Array($0.dropFirst()) }
    #expect(messages.count == expected.count)
    for (found, expected) in zip(messages, expected) {
      #expect(found == expected, "\(generator)")
    }
  }

  private static func fields(_ message: Message, toBMC: Bool) -> [String] {
    [
      toBMC ? "1" : "0", "0x" + hexadecimal(message.netFn.rawValue),
      "0x" + hexadecimal(message.command.code),
    ]
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}
