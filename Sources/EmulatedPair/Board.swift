import Foundation

/// A board with a BMC that QEMU emulates and this project has software for.
public struct Board: Sendable {
  /// QEMU's name of the machine, and the name of the firmware.
  public let name: String
  /// The interfaces of the BMC by which it can answer a host, the usual one first.
  public let responders: [String]
  /// What Linux calls the serial port that QEMU connects first.
  let console: String
  /// Cores that QEMU starts along with core 0, and that have to be sent to the firmware, too.
  var otherCores: [Int] = []
  /// The properties that tie a host to the pins by which the firmware controls it.
  var hostControl = "power-gpio=I0,reset-gpio=I1,nmi-gpio=I2,pgood-gpio=I3:low"

  /// Every board, by name.
  public static let all = [
    Board(
      name: "npcm750-evb", responders: ["kcs1", "kcs2", "kcs3"], console: "ttyS0",
      hostControl: "power-gpio=96,reset-gpio=97,nmi-gpio=98,pgood-gpio=99:low"),
    Board(name: "ast2600-evb", responders: ["kcs3", "ibt"], console: "ttyS4", otherCores: [1]),
    Board(name: "ast2500-evb", responders: ["kcs3", "ibt"], console: "ttyS4"),
    Board(name: "palmetto-bmc", responders: ["kcs3", "ibt"], console: "ttyS4"),
  ]

  public static func named(_ name: String) -> Board? { all.first { $0.name == name } }
}
