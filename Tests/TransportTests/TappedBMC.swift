import EmulatedPair
import Foundation
import IPMI
import Testing
import Tracing
import Transport

/// A `simulate` with a `capture` before it, as a user starts them.
final class TappedBMC {
  let directory: TemporaryDirectory
  let simulate: ChildProcess
  let capture: ChildProcess
  /// Where a PC connects.
  let address: LinkAddress

  init(
    _ arguments: [String] = [], capture options: [String] = [],
    trace: [String] = ["pc.pcapng", "pc.jsonl"]
  ) throws {
    let directory = try TemporaryDirectory()
    self.directory = directory
    let bmc = directory.appending("bmc.sock")
    address = .unix(path: directory.appending("tap.sock"))
    simulate = try SimulateProcess.start(["--listen", "unix:\(bmc)"] + arguments)
    capture = try SimulateProcess.start(
      ["--listen", "\(address)", "--to", "unix:\(bmc)"] + options
        + trace.flatMap { ["--trace", directory.appending($0)] }, command: "capture")
  }

  func path(_ name: String) -> String { directory.appending(name) }

  func file(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// Ends the capture, then the BMC.
  ///
  /// - Returns: What the capture has printed, and the requests that the BMC has counted.
  func end() throws -> (lines: [String], requests: Int) {
    #expect(try capture.end(by: SIGINT) == .exited(0))
    #expect(try simulate.end(by: SIGTERM) == .exited(0))
    let counts = simulate.lines.compactMap { line in
      line.split(separator: " ").first { $0.hasPrefix("requests=") }
        .flatMap { Int($0.dropFirst("requests=".count)) }
    }
    return (capture.lines, counts.last ?? 0)
  }
}

/// What a host may ask first, and what not every BMC has.
let script: [(Command, [UInt8])] = [
  (.getDeviceID, []), (.getSelfTestResults, []), (.getChassisStatus, []), (.getSELInfo, []),
  (.reserveSEL, []), (.getSELEntry, [0, 0, 0, 0, 0, 0xFF]), (.getSDRRepositoryInfo, []),
  (.reserveSDRRepository, []), (.getSDR, [0, 0, 0, 0, 0, 0xFF]), (.getSystemGUID, []),
  (.getFRUInventoryAreaInfo, [0]), (.readFRUData, [0, 0, 0, 16]), (.getBMCGlobalEnables, []),
  (.setBMCGlobalEnables, [0x09]), (.getMessageFlags, []), (.getWatchdogTimer, []),
  (.getChannelInfo, [0x0E]), (.getSELTime, []), (Command(.app, 0xFE), []),
  (Command(.groupExtension, 0x01), [0xDC]), (Command(.groupExtension, 0x00), [0x00]),
  (.getSensorReading, [0xEE]), (.getLANConfigurationParameters, [1, 0, 0, 0]),
]

extension WireClient {
  /// Greets as QEMU does, and asks what the script says, one request after the other.
  func run(_ script: [(Command, [UInt8])], times: Int = 1) throws {
    send(qemuGreeting)
    for number in 0..<script.count * times {
      let (command, data) = script[number % script.count]
      let id = UInt8(truncatingIfNeeded: number)
      send(request(command, data, id: id))
      _ = try response(to: id)
    }
  }
}

/// The messages of a pcapng file.
func messages(_ bytes: [UInt8]) throws -> (requests: [TraceEvent], responses: [TraceEvent]) {
  var reader = PcapngReader()
  var result: (requests: [TraceEvent], responses: [TraceEvent]) = ([], [])
  while let record = try reader.next(in: bytes.span) {
    guard case .event(let event) = record else { continue }
    switch event.occurrence {
    case .request: result.requests.append(event)
    case .response: result.responses.append(event)
    default: break
    }
  }
  return result
}

/// What tshark makes of a file, as `-T fields` has it.
func tshark(_ path: String, _ fields: [String]) throws -> [[Substring]] {
  let process = try ChildProcess(
    name: "tshark",
    command: [
      "tshark", "-o", "ipmi.dissect_bus_commands:TRUE", "-2", "-r", path, "-T", "fields", "-E",
      "separator=|",
    ] + fields.flatMap { ["-e", $0] })
  #expect(try process.waitForExit(timeout: 120) == .exited(0))
  return process.lines.filter { !$0.contains("Running as user") }.map {
    $0.split(separator: "|", omittingEmptySubsequences: false)
  }
}
