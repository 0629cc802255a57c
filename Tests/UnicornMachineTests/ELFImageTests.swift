import TestSupport
import Testing

@testable import UnicornMachine

/// Files that are executables, and files that are not quite.
struct ELFImageTests {
  private static let file = elf32(Array(repeating: 0xAA, count: 64), at: 0x10_0000)

  @Test func whatTheFileSaysIsThere() throws {
    let image = try ELFImage(Self.file, name: "f")
    #expect(image.machine == .arm)
    #expect(image.entry == 0x10_0000)
    #expect(image.segments.count == 1)
    #expect(image.segments[0].data.count == 64)
    #expect(image.symbol("_start64") == nil)
  }

  @Test(.enabled(if: hasFirmware)) func symbolsAreFound() throws {
    let image = try hostStub()
    #expect(image.machine == .amd64)
    #expect(image.symbol("_start64") == image.entry)
    #expect(image.symbol("_start6") == nil)
  }

  @Test func aFileThatIsCutIsRefused() {
    for count in 0..<Self.file.count {
      #expect(throws: MachineError.self) { try ELFImage(Array(Self.file[..<count]), name: "f") }
    }
  }

  @Test func damagedFilesCrashNothing() {
    var random = TestSupport.SplitMix64(seed: 0xE1F)
    for _ in 0..<2_000 {
      var file = Self.file
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        file[Int.random(in: 0..<84, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let image = try? ELFImage(file, name: "f") else { continue }
      _ = image.symbol("main")
      // Whatever it is, a machine takes it or says why not.
      _ = image.code
      _ = image.segments.allSatisfy { $0.data.count <= 64 }
    }
  }

  @Test func whatDoesNotFitTheBoardIsRefused() throws {
    let image = try ELFImage(elf32([1, 2, 3, 4], at: 0x7000_0000), name: "f")
    let error = #expect(throws: MachineError.self) { try ARMMachine(BMCBoard.all[0], image) }
    #expect(error?.description.contains("70000000") == true)
  }
}
