import EmulatedPair
import Foundation

// usage: benchmarks IN-PROCESS [BOARD], where IN-PROCESS is the Embedded build of that program; the
// native build stands beside this one.
//
// Every row is measured beside its peer or floor, in turns, and is a median; on a machine that does
// other things too, only the ratios mean something.

do {
  let arguments = CommandLine.arguments
  let boardName = arguments.count > 2 ? arguments[2] : "npcm750-evb"
  guard arguments.count > 1, let board = Board.named(boardName) else {
    throw EmulatorError("usage: benchmarks IN-PROCESS [BOARD]")
  }

  progress("registers, transactions and codec in process")
  let embedded = try InProcessRows(arguments[1])
  let native = try InProcessRows(
    URL(fileURLWithPath: arguments[0]).deletingLastPathComponent().path + "/in-process",
    note: ", native Swift")
  let memory = try MemoryRows(board)
  var guests = try GuestRows(board)
  try guests.measure()

  print(
    table(
      try embedded.accesses + [embedded.transactions, native.transactions] + embedded.codec
        + guests.rows + embedded.sizes + memory.rows))
} catch {
  FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
  exit(1)
}
