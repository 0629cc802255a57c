import Foundation
import IPMI
import Testing
import Tracing

/// `trace=`, in a stock QEMU: what the device has done, in files that others read.
extension StockQEMUTests {
  @Suite struct TraceTests {
    /// Get Device ID over KCS1, the wire's messages and all accesses, with the machine gone by its
    /// monitor at the end.
    private func trace(_ qemu: StockQEMU, _ name: String) async throws -> [UInt8] {
      try await qemu.withTemporaryDirectory { here, inside in
        let machine = try QTestMachine(
          qemu, in: (here, inside), responders: ["kcs1"], properties: "trace=\(inside)/\(name)")
        let host = try machine.connect(to: "kcs1")
        var firmware = try WireToRegisterTests.Firmware(machine, channel: 1)
        try host.send([0xFF, 0x01, 0xA1, 0x08, 0x3F, 0xA1, 0x07, 0x18, 0x01, 0xE0, 0xA0])
        #expect(try firmware.takeRequest() == [0x18, 0x01])
        try firmware.respond([0x1C, 0x01, 0x00, 0x20])
        // The greeting, what the capabilities are good for, the response.
        var arrived: [UInt8] = []
        while arrived.last != 0xA0 {
          let more = host.receive(1)
          try #require(!more.isEmpty)
          arrived += more
        }
        let file = here.appending(path: name)
        return Array(try Data(contentsOf: file))
      }
    }

    @Test(arguments: StockQEMU.all)
    func aFileIsOneDevices(_ qemu: StockQEMU) async throws {
      try await qemu.withTemporaryDirectory { here, inside in
        _ = #expect(throws: QTestMachine.Failure.self) {
          try QTestMachine(
            qemu, in: (here, inside), responders: ["kcs1", "kcs2"],
            properties: "trace=\(inside)/both.vcd")
        }
      }
    }

    /// What cannot be written any more is no reason to stop.
    @Test(arguments: StockQEMU.all)
    func aFullDiskEndsTheTraceOnly(_ qemu: StockQEMU) async throws {
      try await qemu.withTemporaryDirectory { here, inside in
        let path = here.appending(path: "full.vcd").path
        try FileManager.default.createSymbolicLink(
          atPath: path, withDestinationPath: "/dev/full")
        let machine = try QTestMachine(
          qemu, in: (here, inside), responders: ["kcs1"], properties: "trace=\(inside)/full.vcd")
        let host = try machine.connect(to: "kcs1")
        var firmware = try WireToRegisterTests.Firmware(machine, channel: 1)
        try host.send([0x07, 0x18, 0x01, 0xE0, 0xA0])
        #expect(try firmware.takeRequest() == [0x18, 0x01])
      }
    }

    @Test(arguments: StockQEMU.all)
    func pcapngHasTheWiresMessages(_ qemu: StockQEMU) async throws {
      let file = try await trace(qemu, "kcs1.pcapng")
      var reader = PcapngReader()
      var requests = 0
      var responses: [Message] = []
      var texts: [String] = []
      while let record = try reader.next(in: file.span) {
        switch record {
        case .event(let event):
          if case .request(7, let message) = event.occurrence, message.command == .getDeviceID {
            requests += 1
          }
          if case .response(7, let message) = event.occurrence { responses.append(message) }
        case .text(_, _, let range): texts.append(String(decoding: file[range], as: UTF8.self))
        case .foreign: Issue.record("a packet of nobody's")
        }
      }
      #expect(requests == 1)
      #expect(
        responses.map { message in (0..<message.count).map { message.bytes[$0] } } == [
          [0x1C, 0x01, 0x00, 0x20]
        ])
      #expect(texts.contains("host connected"))
      let states = texts.filter { $0.contains(", STR ") }.map { $0.split(separator: ",")[0] }
      // The host reads the dummy byte in IDLE after the response is on the wire.
      #expect(states.starts(with: ["IDLE", "WRITE", "READ"]))
      #expect(String(decoding: file[reader.name(of: 0)], as: UTF8.self) == "kcs1")
    }

    /// IPMI v2.0, figures 9-6 and 9-7, byte by byte.
    @Test(arguments: StockQEMU.all)
    func jsonHasEveryByteOfBothSides(_ qemu: StockQEMU) async throws {
      let file = try await trace(qemu, "kcs1.jsonl")
      let events = try String(decoding: file, as: UTF8.self).split(separator: "\n").map { line in
        try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
      func accesses(_ kind: String, _ side: String, _ registers: Set<String>) -> [String] {
        events.filter {
          $0["event"] as? String == kind && $0["side"] as? String == side
            && registers.contains($0["register"] as? String ?? "")
        }.map { "\($0["register"] ?? "") \($0["value"] ?? "")" }
      }
      #expect(
        accesses("write", "host", ["IDR", "command port"]).prefix(7) == [
          "command port 97", "IDR 24", "command port 98", "IDR 1", "IDR 104", "IDR 104", "IDR 104",
        ])
      // What the BMC took is what the host wrote.
      #expect(
        accesses("read", "BMC", ["IDR"]).prefix(7) == [
          "IDR 97", "IDR 24", "IDR 98", "IDR 1", "IDR 104", "IDR 104", "IDR 104",
        ])
      // A response byte each, behind the dummy bytes of the request's phase.
      let written = accesses("write", "BMC", ["ODR"])
      let read = accesses("read", "host", ["ODR"])
      #expect(read == Array(written.prefix(read.count)) && read.count >= 7)
      #expect(Set(["ODR 28", "ODR 1", "ODR 32"]).isSubset(of: read))
    }

    @Test(arguments: StockQEMU.all)
    func waveformHasTheHandshake(_ qemu: StockQEMU) async throws {
      let text = String(decoding: try await trace(qemu, "kcs1.vcd"), as: UTF8.self)
      let lines = text.split(separator: "\n")
      #expect(lines.contains("$scope module kcs1 $end"))
      func values(_ signal: String) throws -> [Substring] {
        let variable = try #require(lines.first { $0.hasSuffix(" \(signal) $end") })
        let code = variable.split(separator: " ")[3]
        return lines.filter { $0.hasSuffix(code) && !$0.hasPrefix("$") }.map { $0.dropLast(2) }
      }
      #expect(try values("state").prefix(4) == ["s? ", "sIDLE ", "sWRITE ", "sREAD "])
      for signal in ["IBF", "OBF", "BMC_IRQ"] {
        let levels = try values(signal)
        #expect(levels.prefix(2) == ["x", "0"])
        // Up and down in turns, once for each byte.
        for (index, level) in levels.dropFirst().enumerated() {
          #expect(level == (index % 2 == 0 ? "0" : "1"))
        }
        #expect(levels.count > 10)
      }
    }
  }
}
