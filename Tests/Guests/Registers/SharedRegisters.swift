import EmulatedPair
import Foundation
import TestSupport
import Testing

/// A host and a BMC that share the registers of one interface.
struct SharedRegisters: CustomTestStringConvertible, Hashable, Sendable {
  var board: String
  var responder: String

  init(_ board: String, _ responder: String) {
    self.board = board
    self.responder = responder
  }

  var testDescription: String { "\(responder) of \(board)" }

  /// Every kind of interface, with each vendor's registers.
  static let all = [
    SharedRegisters("npcm750-evb", "kcs1"), SharedRegisters("ast2600-evb", "kcs3"),
    SharedRegisters("ast2600-evb", "ibt"),
  ]

  /// The longest request whose echo still fits the driver or the buffer.
  var longestRequest: Int { responder == "ibt" ? 61 : 271 }

  /// The pair, with what `bmc` makes of the board and the responder on it.
  func makePair(_ bmc: (Board, String) throws -> BMC) throws -> EmulatedPair {
    guard let board = Board.named(board) else { throw EmulatorError("no board \(board)") }
    var configuration = EmulatedPair.Configuration(
      bmc: try bmc(board, responder), hostKernel: try Artifacts.hostKernel(),
      hostInitrd: try Artifacts.hostInitrd())
    configuration.link = .registers
    return try EmulatedPair(configuration)
  }

  /// Whether tests take the time they need; otherwise only a bounded part of each runs.
  static let isThorough =
    ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_SCENARIOS"] == "all"

  /// Of what is random.
  static let seed =
    ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_SEED"].flatMap { UInt64($0) } ?? 1
}
