import CWire
import EmulatedPair
import Foundation

// usage: benchmarks IN-PROCESS PROGRAM LIBRARY [BOARD], where IN-PROCESS is the Embedded build of that
// program, whose native build stands beside this one, PROGRAM is `ipmi-host-bridge`, and LIBRARY is
// `libipmi-host-bridge.so`. `benchmarks simulate PROGRAM` prints only the rows of `simulate`,
// `benchmarks process IN-PROCESS` those of registers and codec, `benchmarks link IN-PROCESS` those of
// accesses and guests, `benchmarks unicorn LIBRARY` those of a Unicorn, `benchmarks pairs BOARD` those
// of pairs in one process, `benchmarks devices PROGRAM` those of /dev/ipmi-…; `benchmarks echo` and
// `benchmarks nio-echo` are peers.
//
// Where BENCH_RUNS names a folder, the rows are stored there, too, and `benchmarks compare FOLDER
// [FILE]` says what the newest of them has become since the one before it, or since FILE; its status
// is 1 where something is slower.
//
// Every row is measured beside its peer or floor, in turns, and is a median; on a machine that does
// other things too, only the ratios mean something.

do {
  let arguments = CommandLine.arguments
  if arguments.dropFirst() == ["echo"] {
    try SimulatorRows.echo()
    exit(0)
  }
  if arguments.dropFirst() == ["nio-echo"] {
    try NIOEcho.serve()
    exit(0)
  }
  if arguments.count > 2, arguments[1] == "compare" {
    let comparison = try RunComparison.ofNewest(
      in: arguments[2], with: arguments.count > 3 ? arguments[3] : nil)
    print(comparison.text)
    exit(comparison.isSlower ? 1 : 0)
  }
  let boardName = arguments.count > 4 ? arguments[4] : "npcm750-evb"
  let parts = ["devices", "link", "pairs", "process", "simulate", "traces", "unicorn"]
  let isWhole = !parts.contains(arguments.dropFirst().first ?? "")
  guard arguments.count > (isWhole ? 3 : 2), let board = Board.named(boardName) else {
    throw EmulatorError("usage: benchmarks IN-PROCESS PROGRAM LIBRARY [BOARD]")
  }
  let beside = URL(fileURLWithPath: arguments[0]).deletingLastPathComponent().path

  if arguments[1] == "unicorn" {
    try report(UnicornRows.measured(beside + "/unicorn-access", arguments[2]))
    exit(0)
  }

  if arguments[1] == "devices" {
    try report(DeviceRows.measured(arguments[2], beside + "/device-daemon"))
    exit(0)
  }

  if arguments[1] == "pairs" {
    try report(PairRows(arguments[2]).rows)
    exit(0)
  }

  if arguments[1] == "process" {
    let rows = try InProcessRows(arguments[2])
    try report(rows.accesses + [rows.transactions] + rows.codec + rows.sizes)
    exit(0)
  }

  if arguments[1] == "link" {
    try report(InProcessRows(arguments[2]).accesses + GuestRows.measured(board))
    exit(0)
  }

  if arguments[1] == "traces" {
    let rows = try InProcessRows(arguments.count > 3 ? arguments[3] : beside + "/in-process")
    try report(TraceRows.measured(arguments[2], inProcess: rows))
    exit(0)
  }

  cwire_allow_many_files()
  let simulatorRows = try SimulatorRows.measured(arguments[2])
  if arguments[1] == "simulate" {
    try report(simulatorRows)
    exit(0)
  }

  progress("registers, transactions and codec in process")
  let embedded = try InProcessRows(arguments[1])
  let native = try InProcessRows(beside + "/in-process", note: ", native Swift")
  let unicorn = try UnicornRows.measured(beside + "/unicorn-access", arguments[3])
  let devices = try DeviceRows.measured(arguments[2], beside + "/device-daemon")
  let traces = try TraceRows.measured(arguments[2], inProcess: embedded)
  let memory = try MemoryRows(board)
  let guests = try GuestRows.measured(board)

  try report(
    embedded.accesses + unicorn + [embedded.transactions, native.transactions] + embedded.codec
      + simulatorRows + traces + devices + guests + embedded.sizes + memory.rows
      + PairRows(board.name).rows)
} catch {
  FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
  exit(1)
}

/// Prints the table, and stores it where that is wanted.
func report(_ rows: [Row]) throws {
  print(table(rows))
  guard let folder = ProcessInfo.processInfo.environment["BENCH_RUNS"], !folder.isEmpty else {
    return
  }
  progress("stored in \(try StoredRun(rows).write(to: folder))")
}
