import Foundation

/// A board with a BMC that QEMU emulates and this project has firmware for.
public struct Board: Sendable {
  /// QEMU's name of the machine, and the name of the firmware.
  public let name: String
  /// The channel of the BMC that the host is connected to.
  public let responder: String

  /// Every board, by name.
  public static let all = [
    Board(name: "npcm750-evb", responder: "kcs1")
  ]

  public static func named(_ name: String) -> Board? { all.first { $0.name == name } }
}

/// Whether a file begins as a 32-bit little-endian ELF file does.
func isELF(_ path: String) -> Bool {
  guard let file = FileHandle(forReadingAtPath: path), let start = try? file.read(upToCount: 6)
  else { return false }
  return start.elementsEqual([0x7F, 0x45, 0x4C, 0x46, 1, 1])
}
