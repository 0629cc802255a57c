import Foundation
import Transport
import UnicornMachine

extension PairCommand {
  /// Serves a host at a Unix socket, in real time, until it leaves.
  func serve(_ address: String) throws {
    let bmc = try PairInputs.servedBMC(soc: soc, bmc: bmc, dtb: dtb)
    let connection = try UnixConnection(LinkAddress(address))
    bmc.onLine = { time, text in
      let line = "\(String(format: "%10.3f ms", Double(time) / 1e6))  BMC   \(text)\n"
      FileHandle.standardOutput.write(Data(line.utf8))
    }
    let clock = ContinuousClock()
    let started = clock.now
    var input: [UInt8] = []
    while true {
      let elapsed = (clock.now - started) / .nanoseconds(1)
      // Not all at once after a pause: the host is to be looked at, too.
      try bmc.run(until: min(UInt64(elapsed), bmc.now + 5_000_000))
      if !input.isEmpty { input.removeFirst(bmc.receive(input)) }
      let output = bmc.output
      if !output.isEmpty { bmc.consumeOutput(connection.write(output)) }

      let isBehind = UInt64(elapsed) > bmc.now
      let rest = bmc.wakeTime > bmc.now ? (bmc.wakeTime - bmc.now) / 1_000_000 : 0
      let isBusy = isBehind || !bmc.output.isEmpty || !input.isEmpty
      switch connection.wait(milliseconds: isBusy ? 0 : Int32(min(rest, 100))) {
      case .connected: bmc.connected()
      case .received(let bytes): input += bytes
      case .disconnected:
        bmc.disconnected()
        return
      case .nothing: break
      }
    }
  }
}
