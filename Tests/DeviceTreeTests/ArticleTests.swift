import EmulatedPair
import Foundation
import Testing

@testable import DeviceTree

/// The module's article against what it is about.
@Suite struct ArticleTests {
  private static let article = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent()
    .appendingPathComponent("../../Sources/DeviceTree/DeviceTree.docc/DeviceTree.md").path

  private static func lines() throws -> [Substring] {
    try String(contentsOfFile: article, encoding: .utf8).split(separator: "\n")
  }

  @Test func `the table of bindings has each that is read, and no other`() throws {
    let rows = try Self.lines().filter { $0.hasPrefix("| `") && $0.contains(",") }
    let listed = rows.flatMap { row in
      row.split(separator: "|")[0].split(separator: "`").filter { $0.contains(",") && $0 != ", " }
    }
    #expect(listed.map(String.init).sorted() == Binding.all.flatMap(\.compatible).sorted())
  }

  @Test(arguments: OverlayBoard.testable.filter { $0.name == "npcm750-evb" })
  func `the example is what dtb prints`(_ board: OverlayBoard) throws {
    let directory = try TemporaryDirectory()
    let printed = try DTBCommandTests().dtb(board.overlaid(in: directory), status: 0)
    let example = try Self.lines().drop { $0 != "$ ipmi-host-bridge dtb board.dtb" }.dropFirst()
    #expect(example.prefix { $0 != "```" }.map(String.init) == printed)
  }
}
