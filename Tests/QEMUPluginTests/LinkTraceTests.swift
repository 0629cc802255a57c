import Foundation
import Testing

/// `trace=` of `lpc-kcs` and `lpc-bt`: what a host and a BMC do in the registers that they share.
extension StockQEMUTests.LinkTests {
  /// The events of a trace, without its header.
  private func events(_ directory: URL, _ name: String) throws -> [[String: Any]] {
    let file = try Data(contentsOf: directory.appending(path: name))
    return try file.split(separator: UInt8(ascii: "\n")).map { line in
      try #require(JSONSerialization.jsonObject(with: line) as? [String: Any])
    }
  }

  private func messages(_ events: [[String: Any]]) -> [String] {
    events.compactMap { event in
      guard let kind = event["event"] as? String, ["request", "response"].contains(kind) else {
        return nil
      }
      return "\(kind) \(event["netFn"] ?? "") \(event["command"] ?? "") \(event["data"] ?? "")"
    }
  }

  @Test(arguments: StockQEMU.all, Board.all)
  func theTraceOfALinkHasBothSidesOfKCS(_ qemu: StockQEMU, _ board: Board) async throws {
    try await with(qemu) { directory in
      let host = try Self.host(
        qemu, directory,
        properties: (",trace=\(directory.inside)/kcs.jsonl", ",trace=\(directory.inside)/bt.vcd"))
      let machine = try Self.bmc(qemu, directory, board)
      var bmc = try KCSAtBMC(machine, board)
      for _ in 0..<2 {
        try exchange([0x18, 0x01, 0x55], KCSAtHost(machine: host), &bmc, line: board.line)
      }
      let events = try events(directory.here, "kcs.jsonl")
      #expect(messages(events).count == 4)
      #expect(Set(messages(events)).count == 2)
      func accesses(_ kind: String, _ side: String, _ register: String) -> [Int] {
        events.filter {
          $0["event"] as? String == kind && $0["side"] as? String == side
            && $0["register"] as? String == register
        }.compactMap { $0["value"] as? Int }
      }
      #expect(accesses("write", "host", "command port") == [0x61, 0x62, 0x61, 0x62])
      let written = [0x18, 0x01, 0x55, 0x68, 0x68, 0x68, 0x68]
      #expect(accesses("write", "host", "IDR") == written + written)
      // The BMC took each of the host's bytes, and was seen to.
      #expect(accesses("read", "BMC", "IDR").count == 2 * (written.count + 2))
      let answer = accesses("read", "host", "ODR").filter { [0x1C, 0x01, 0x00, 0x42].contains($0) }
      #expect(answer.filter { $0 != 0 } == [0x1C, 0x01, 0x42, 0x1C, 0x01, 0x42])
    }
  }
}
