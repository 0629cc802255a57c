import EmulatedPair
import Foundation

// usage: benchmarks IN-PROCESS [BOARD], where IN-PROCESS is the Embedded build of that program.
//
// Every row is measured beside its peer or floor, in turns, and is a median; on a machine that does
// other things too, only the ratios mean something.

do {
  let arguments = CommandLine.arguments
  guard arguments.count > 1,
    let board = Board.named(arguments.count > 2 ? arguments[2] : "npcm750-evb")
  else { throw EmulatorError("usage: benchmarks IN-PROCESS [BOARD]") }

  progress("registers, transactions and codec in process")
  let inProcess = try InProcessRows(arguments[1])
  let memory = try MemoryRows(board)
  var guests = try GuestRows(board)
  try guests.measure()

  print(
    table(
      try inProcess.accesses + [inProcess.transactions] + inProcess.codec + guests.rows
        + inProcess.sizes + memory.rows))
} catch {
  FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
  exit(1)
}
