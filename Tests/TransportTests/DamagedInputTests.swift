import EmulatedPair
import Foundation
import IPMI
import Testing
import Transport
import VMProtocol

/// What a peer can do wrong, and a word for what comes of it.
struct DamagedInput: Sendable {
  let name: String
  let kind: Kind

  enum Kind: Sendable {
    /// Sent before a good request, on the same connection.
    case bytes([UInt8])
    /// Sent before the peer leaves; the good request is the first of the next connection.
    case leftBehind([UInt8])
    /// A second peer, while one is connected.
    case secondPeer
    /// So many requests before the peer vanishes, so often.
    case vanishing(outstanding: Int, times: Int)
    /// Requests for as long as they are taken, and nothing is read.
    case flood
  }

  private static let good = request(.getDeviceID, id: 1)

  /// A request of `count` raw bytes: id, message and checksum.
  private static func long(_ count: Int) -> [UInt8] {
    raw([0x01, 0x18, 0x01] + [UInt8](repeating: 0x11, count: count - 4))
  }

  /// A frame of `content` and the checksum that it needs.
  private static func raw(_ content: [UInt8]) -> [UInt8] {
    (content + [0 &- content.reduce(0, &+)]).flatMap {
      [0xA0, 0xA1, 0xAA].contains($0) ? [0xAA, $0 | 0x10] : [$0]
    } + [0xA0]
  }

  static let all: [DamagedInput] = [
    DamagedInput(name: "a wrong checksum", kind: .bytes([0x01, 0x18, 0x01, 0x00, 0xA0])),
    DamagedInput(
      name: "frames of 1, 2 and 3 bytes", kind: .bytes([1, 0xA0, 1, 2, 0xA0, 1, 2, 3, 0xA0])),
    DamagedInput(
      name: "a request cut before its checksum", kind: .bytes([0x01, 0x18, 0x01, 0xA0])),
    DamagedInput(
      name: "1,000 empty frames", kind: .bytes([UInt8](repeating: 0xA0, count: 1000))),
    DamagedInput(
      name: "1,000 empty commands", kind: .bytes([UInt8](repeating: 0xA1, count: 1000))),
    DamagedInput(name: "an escape before the end of a message", kind: .bytes([0x01, 0xAA, 0xA0])),
    DamagedInput(name: "an escape before the end of a command", kind: .bytes([0x08, 0xAA, 0xA1])),
    DamagedInput(
      name: "two escapes before one byte",
      kind: .bytes([0x01, 0x18, 0x2E, 0x0F, 0xAA, 0xAA, 0xBA, 0xA0])),
    DamagedInput(name: "an unknown command", kind: .bytes([0x42, 0xA1])),
    DamagedInput(
      name: "a command with 300 arguments",
      kind: .bytes([0x08] + [UInt8](repeating: 1, count: 300) + [0xA1])),
    DamagedInput(name: "a command without its argument", kind: .bytes([0x08, 0xA1])),
    DamagedInput(name: "a request of 259 raw bytes", kind: .bytes(long(259))),
    DamagedInput(name: "a request of 260 raw bytes", kind: .bytes(long(260))),
    DamagedInput(name: "a request of 302 raw bytes", kind: .bytes(long(302))),
    DamagedInput(name: "a request of 303 raw bytes", kind: .bytes(long(303))),
    DamagedInput(name: "a request of 1 KiB", kind: .bytes(long(1024))),
    DamagedInput(
      name: "1 MiB without an end, then one",
      kind: .bytes([UInt8](repeating: 0x11, count: 1 << 20) + [0xA0])),
    DamagedInput(
      name: "a response, NetFn 07h, as a request", kind: .bytes(raw([0x01, 0x1C, 0x01]))),
    DamagedInput(name: "a request for LUN 1", kind: .bytes(raw([0x01, 0x19, 0x01]))),
    DamagedInput(
      name: "half a request, then another peer", kind: .leftBehind(Array(good.dropLast(2)))),
    DamagedInput(name: "an escape, then another peer", kind: .leftBehind([0x01, 0x18, 0xAA])),
    DamagedInput(
      name: "64 KiB without an end, then another peer",
      kind: .leftBehind([UInt8](repeating: 0x11, count: 65_536))),
    DamagedInput(name: "a second peer", kind: .secondPeer),
    DamagedInput(
      name: "a peer that leaves, one answer outstanding, 50 times",
      kind: .vanishing(outstanding: 1, times: 50)),
    DamagedInput(
      name: "a peer that leaves, 500 answers outstanding, 50 times",
      kind: .vanishing(outstanding: 500, times: 50)),
    DamagedInput(
      name: "requests without end from a peer that does not read, and leaves", kind: .flood),
  ]

  /// What `server` does.
  func result(of server: RemoteBMC.Running) throws -> String {
    switch kind {
    case .bytes(let bytes):
      let client = try server.connect()
      client.send(bytes)
      return Self.afterwards(client)
    case .leftBehind(let bytes):
      try server.connect().send(bytes)
      return Self.afterwards(try Self.next(server))
    case .secondPeer:
      let first = try server.connect()
      let second = try WireClient(server.address)
      let isClosed = (try? second.deviceIDIsAnswered(timeout: 1)) != true
      let goesOn = Self.afterwards(first) == "ignored"
      return (isClosed ? "closed" : "served too") + (goesOn ? "; the first goes on" : "")
    case .vanishing(let outstanding, let times):
      for _ in 0..<times where server.process.exitStatus == nil {
        guard let client = try? server.connect() else { break }
        client.send((0..<outstanding).flatMap { _ in Self.good })
        // It leaves while the server writes.
        _ = try? client.event(timeout: 1)
      }
      return Self.life(server)
    case .flood:
      _ = try server.connect().flood(Self.good, limit: 256 << 20, quiet: 1)
      return Self.life(server)
    }
  }

  /// What the good request finds.
  private static func afterwards(_ client: WireClient) -> String {
    client.send(request(.getDeviceID, id: 0x77))
    var said: [String] = []
    do {
      while true {
        guard case .message(let id, let message) = try client.event(timeout: 2) else { continue }
        if id == 0x77 { break }
        said.append(
          message.completionCode == .success
            ? "answered"
            : String(message.completionCode?.rawValue ?? 0, radix: 16).uppercased() + "h")
      }
    } catch WireClient.Failure.closed {
      return "connection closed"
    } catch {
      return "the next request is lost"
    }
    return said.isEmpty ? "ignored" : said.joined(separator: ", ")
  }

  /// A connection on which nothing was asked yet: ``RemoteBMC/Running/connect()`` asks.
  private static func next(_ server: RemoteBMC.Running) throws -> WireClient {
    for _ in 0..<100 {
      let client = try WireClient(server.address)
      // Greeted, not closed.
      if (try? client.event(timeout: 5)) != nil { return client }
    }
    throw WireClient.Failure.noConnection
  }

  private static func life(_ server: RemoteBMC.Running) -> String {
    let isAnswered = (try? server.connect()) != nil
    if isAnswered { return "the next peer is answered" }
    return (try? server.process.waitForExit(timeout: 2)).map { "ended: \($0)" } ?? "answers nobody"
  }
}

/// The table in the module's article, and what it is made from.
@Suite(.serialized) struct DamagedInputTests {
  private static let article = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Sources/Transport/Transport.docc/DamagedInput.md").path

  /// The article's rows: input, `simulate`, `ipmi_sim`.
  private static func rows() throws -> [[String]] {
    try String(contentsOfFile: article, encoding: .utf8).split(separator: "\n")
      .filter { $0.hasPrefix("| ") }.dropFirst()
      .map { row in
        row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      }
  }

  @Test func `simulate does what the article says, and the next request is answered`() throws {
    let server = try RemoteBMC.simulate.start()
    let rows = try Self.rows()
    #expect(rows.map(\.first) == DamagedInput.all.map(\.name))
    for (input, row) in zip(DamagedInput.all, rows) {
      let result = try input.result(of: server)
      #expect(row.count == 3 && row[1] == result, "\(input.name): \(result)")
      #expect(!result.contains("lost") && !result.contains("connection closed"))
    }
    #expect(server.process.exitStatus == nil)
  }

  /// Prints the rows of the table: to bring the article up to date.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_IPMI_SIM"] != nil))
  func `what ipmi_sim does, as a table`() throws {
    var server = try RemoteBMC.ipmiSim.start()
    let ours = try RemoteBMC.simulate.start()
    for input in DamagedInput.all {
      if server.process.exitStatus != nil { server = try RemoteBMC.ipmiSim.start() }
      let result = try input.result(of: server)
      print("| \(input.name) | \(try input.result(of: ours)) | \(result) |")
      #expect(!result.isEmpty)
    }
  }
}
