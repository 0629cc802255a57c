import ArgumentParser
import EmulatedPair
import Foundation
import UnicornMachine

/// A BMC and its host in one process.
struct PairCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pair",
    abstract: "Run a BMC's firmware against a host's program in one process, exactly repeatable.")

  @Option var soc = "npcm750"
  @Option var seed: UInt64 = 1
  @Option var count: UInt64 = 1
  @Flag(inversion: .prefixedNo) var faults = false
  @Option var bmc: String?
  @Option var host: String?
  @Option var threads = 1
  @Option var trace: String?

  func run() throws {
    let start = Date()
    let board = try UnicornMachine.Board(named: soc)
    let path = bmc ?? "/work/main/firmware-stubs/.build/\(board.name)/release/\(board.name).elf"
    let elf = try ELFImage(Array(Data(contentsOf: URL(fileURLWithPath: path))), name: path)
    let h: PairConfiguration.Host
    if let host {
      h = .program(try ELFImage(Array(Data(contentsOf: URL(fileURLWithPath: host))), name: host), commandLine: "")
    } else {
      h = .script(HostScript.standard(for: board))
    }
    let c = PairConfiguration(board: board, firmware: elf, host: h, hasFaults: faults)
    if count == 1 {
      let pair = try Pair(c)
      pair.onLine = { side, time, text in
        print(String(format: "%10.3f ms  %@ %@", Double(time) / 1e6, side == .bmc ? "BMC " : "host", text))
      }
      print("made", Date().timeIntervalSince(start))
      let (result, text) = try pair.run(seed: seed, keepsTrace: trace != nil)
      if let trace { try Data(text).write(to: URL(fileURLWithPath: trace)) }
      print(result)
    } else {
      let s = try PairCampaign(c, seeds: seed..<seed + count, threads: threads).run()
      print(s.text)
    }
    print("wall", Date().timeIntervalSince(start))
  }
}
