import CWire
import EmulatedPair
import Foundation

// usage: benchmarks IN-PROCESS PROGRAM [BOARD], where IN-PROCESS is the Embedded build of that
// program, whose native build stands beside this one, and PROGRAM is `ipmi-host-bridge`.
// `benchmarks simulate PROGRAM` prints only the rows of `simulate`, `benchmarks link IN-PROCESS`
// those of accesses and guests; `benchmarks echo` and `benchmarks nio-echo` are peers.
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
  let boardName = arguments.count > 3 ? arguments[3] : "npcm750-evb"
  guard arguments.count > 2, let board = Board.named(boardName) else {
    throw EmulatorError("usage: benchmarks IN-PROCESS PROGRAM [BOARD]")
  }

  if arguments[1] == "link" {
    print(table(try InProcessRows(arguments[2]).accesses + GuestRows.measured(board)))
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
  let native = try InProcessRows(
    URL(fileURLWithPath: arguments[0]).deletingLastPathComponent().path + "/in-process",
    note: ", native Swift")
  let memory = try MemoryRows(board)
  let guests = try GuestRows.measured(board)

  print(
    table(
      try embedded.accesses + [embedded.transactions, native.transactions] + embedded.codec
        + simulatorRows + guests + embedded.sizes + memory.rows))
} catch {
  FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
  exit(1)
}
