import EmulatedPair
import Foundation

/// What our device adds to the memory of a stock QEMU.
struct MemoryRows {
  static let rounds = 3

  let rows: [Row]

  init(_ board: Board) throws {
    let plugin = try Artifacts.plugin()
    let directory = try TemporaryDirectory()
    var with: [Double] = []
    var without: [Double] = []
    for round in 1...Self.rounds {
      progress("memory of qemu-system-arm, round \(round) of \(Self.rounds)")
      with.append(
        try Self.machine(
          of: board,
          options: [
            "-chardev",
            "socket,id=ipmi0,path=\(directory.appending("\(round)")),server=on,wait=off",
            "-device", "ipmi-host-extern,chardev=ipmi0,responder=\(board.responders[0])",
          ], environment: Preload.environment(for: plugin)))
      without.append(try Self.machine(of: board))
    }
    rows = [
      Row(
        what: "Memory of qemu-system-arm with the device, VmRSS",
        figure: "\(decimal(median(with) / 1024, 1)) MiB",
        beside: "\(decimal(median(without) / 1024, 1)) MiB, without",
        ratio: median(zip(with, without).map { $0 / $1 }))
    ]
  }

  /// KiB resident in a machine that is made and not yet started.
  private static func machine(
    of board: Board, options: [String] = [], environment: [String: String] = [:]
  ) throws -> Double {
    let qemu = try ChildProcess(
      name: "qemu-system-arm",
      command: [
        "qemu-system-arm", "-M", board.name, "-accel", "tcg", "-display", "none", "-S",
        "-serial", "null", "-monitor", "stdio",
      ] + options, environment: environment)
    var cursor = 0
    try qemu.wait(for: "monitor", from: &cursor, timeout: 30) { $0.contains("monitor - type") }
    return try residentSize(of: qemu)
  }
}

/// KiB of memory that a process has.
func residentSize(of process: ChildProcess) throws -> Double {
  let status = try String(
    contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
  guard
    let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
    let size = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
  else { throw EmulatorError("no VmRSS in /proc") }
  return size
}
