import Foundation

/// A board with a BMC that QEMU emulates and this project has firmware for.
public struct Board: Sendable {
  /// QEMU's name of the machine, and the name of the firmware.
  public let name: String
  /// The channel of the BMC that the host is connected to.
  public let responder: String
  /// The number of cores that start at reset.
  public let cores: Int

  /// Every board, by name.
  public static let all = [
    Board(name: "npcm750-evb", responder: "kcs1", cores: 2)
  ]

  public static func named(_ name: String) -> Board? { all.first { $0.name == name } }
}

/// An ELF file's entry point, or nil if the file is no 32-bit little-endian ELF file.
func entryPoint(ofELF path: String) -> UInt32? {
  guard
    let header = try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)).read(upToCount: 52),
    header.count == 52, header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 1, 1])
  else { return nil }
  return (24..<28).reversed().reduce(0) { $0 << 8 | UInt32(header[$1]) }
}
