import CWire
import EmulatedPair
import Foundation

// usage: benchmarks IN-PROCESS PROGRAM LIBRARY [BOARD], where IN-PROCESS is the Embedded build of that
// program, whose native build stands beside this one, PROGRAM is `ipmi-host-bridge`, and LIBRARY is
// `libipmi-host-bridge.so`. `benchmarks simulate PROGRAM` prints only the rows of `simulate`,
// `benchmarks link IN-PROCESS` those of accesses and guests, `benchmarks unicorn LIBRARY` those of a
// Unicorn, `benchmarks pairs BOARD` those of pairs in one process, `benchmarks devices PROGRAM` those of
// /dev/ipmi-…; `benchmarks echo` and `benchmarks nio-echo` are peers.
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
  let boardName = arguments.count > 4 ? arguments[4] : "npcm750-evb"
  let parts = ["devices", "link", "pairs", "simulate", "traces", "unicorn"]
  let isWhole = !parts.contains(arguments.dropFirst().first ?? "")
  guard arguments.count > (isWhole ? 3 : 2), let board = Board.named(boardName) else {
    throw EmulatorError("usage: benchmarks IN-PROCESS PROGRAM LIBRARY [BOARD]")
  }
  let beside = URL(fileURLWithPath: arguments[0]).deletingLastPathComponent().path

  if arguments[1] == "unicorn" {
    print(table(try UnicornRows.measured(beside + "/unicorn-access", arguments[2])))
    exit(0)
  }

  if arguments[1] == "devices" {
    print(table(try DeviceRows.measured(arguments[2], beside + "/device-daemon")))
    exit(0)
  }

  if arguments[1] == "pairs" {
    print(table(try PairRows(arguments[2]).rows))
    exit(0)
  }

  if arguments[1] == "link" {
    print(table(try InProcessRows(arguments[2]).accesses + GuestRows.measured(board)))
    exit(0)
  }

  if arguments[1] == "traces" {
    let rows = try InProcessRows(arguments.count > 3 ? arguments[3] : beside + "/in-process")
    print(table(try TraceRows.measured(arguments[2], inProcess: rows)))
    exit(0)
  }

  cwire_allow_many_files()
  let simulatorRows = try SimulatorRows.measured(arguments[2])
  if arguments[1] == "simulate" {
    print(table(simulatorRows))
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

  print(
    table(
      try embedded.accesses + unicorn + [embedded.transactions, native.transactions]
        + embedded.codec
        + simulatorRows + traces + devices + guests + embedded.sizes + memory.rows
        + PairRows(board.name).rows))
} catch {
  FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
  exit(1)
}
