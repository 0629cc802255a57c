import Foundation

/// A board with a BMC that QEMU emulates and this project has firmware for.
public struct Board: Sendable {
  /// QEMU's name of the machine, and the name of the firmware.
  public let name: String
  /// The interfaces of the BMC by which the firmware answers a host, the usual one first.
  public let responders: [String]

  /// Every board, by name.
  public static let all = [
    Board(name: "npcm750-evb", responders: ["kcs1", "kcs2", "kcs3"])
  ]

  public static func named(_ name: String) -> Board? { all.first { $0.name == name } }
}
