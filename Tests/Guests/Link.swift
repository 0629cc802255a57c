import EmulatedPair
import Testing

/// An interface of a BMC, and the device by which the host sees it.
struct Link: CustomTestStringConvertible, Hashable, Sendable {
  var board: String
  var responder: String
  var hostInterface: String

  init(_ board: String, _ responder: String, _ hostInterface: String) {
    (self.board, self.responder, self.hostInterface) = (board, responder, hostInterface)
  }

  var testDescription: String { "\(board), \(responder) to \(hostInterface)" }

  /// The pair, with what `bmc` makes of the board and the responder on it.
  func makePair(_ bmc: (Board, String) throws -> BMC) throws -> EmulatedPair {
    guard let board = Board.named(board) else { throw EmulatorError("no board \(board)") }
    var configuration = EmulatedPair.Configuration(
      bmc: try bmc(board, responder), hostKernel: try Artifacts.hostKernel(),
      hostInitrd: try Artifacts.hostInitrd())
    configuration.hostInterface = hostInterface
    return try EmulatedPair(configuration)
  }
}
