import EmulatedPair
import Foundation
import Testing

@testable import UnicornMachine

/// An image for a board's RAM: A32 instructions from its start + 100000h on, entered at the first.
func image(_ instructions: [UInt32], for board: BMCBoard) throws -> ELFImage {
  let code = instructions.flatMap { word in (0..<4).map { UInt8(word >> ($0 * 8) & 0xFF) } }
  let address = UInt32(board.ramBase) + 0x10_0000
  return try ELFImage(elf32(code, at: address), name: "the test's image")
}

/// A 32-bit ELF file for ARM with one segment, which is entered at its start.
func elf32(_ code: [UInt8], at address: UInt32) -> [UInt8] {
  func bytes(_ value: UInt32, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(value >> UInt32($0 * 8) & 0xFF) }
  }
  var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 1, 1, 1] + Array(repeating: 0, count: 9)
  file += bytes(2, 2) + bytes(40, 2) + bytes(1, 4) + bytes(address, 4) + bytes(52, 4)
  file += bytes(0, 4) + bytes(0, 4) + bytes(52, 2) + bytes(32, 2) + bytes(1, 2)
  file += bytes(0, 2) + bytes(0, 2) + bytes(0, 2)
  let size = UInt32(code.count)
  for field in [1, 84, address, address, size, size, 5, 4] as [UInt32] { file += bytes(field, 4) }
  return file + code
}

/// The project's firmware of a board; `make firmware` builds it.
func firmware(_ board: BMCBoard) throws -> ELFImage {
  let path = try Artifacts.firmware(forBoardNamed: board.name)
  return try ELFImage(Array(Data(contentsOf: URL(fileURLWithPath: path))), name: path)
}

/// The project's program for a host.
func hostStub() throws -> ELFImage {
  let path = try Artifacts.hostStub()
  return try ELFImage(Array(Data(contentsOf: URL(fileURLWithPath: path))), name: path)
}

/// Whether there is firmware to be tested: not where only a sanitizer's tests are built.
let hasFirmware =
  (try? Artifacts.hostStub()) != nil
  && BMCBoard.all.allSatisfy { (try? Artifacts.firmware(forBoardNamed: $0.name)) != nil }

/// A board with our firmware, and a host that says the usual.
func configuration(
  _ board: BMCBoard, _ host: PairConfiguration.Host? = nil, hasFaults: Bool = false
) throws -> PairConfiguration {
  PairConfiguration(
    board: board, firmware: try firmware(board),
    host: host ?? .script(HostScript.standard(for: board)), hasFaults: hasFaults)
}

extension BMCBoard: CustomTestStringConvertible {
  public var testDescription: String { name }
}
