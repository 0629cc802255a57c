import DeviceTree
import EmulatedPair
import TestSupport
import Testing

@Suite(.enabled(if: OverlayTests.canTest("npcm750-evb"))) struct BrokenTreeTests {
  @Test func `what is no device tree is refused with its reason`() throws {
    let bytes = try whole()
    #expect(throws: DeviceTreeError.truncated) { try DeviceTree([]) }
    #expect(throws: DeviceTreeError.truncated) { try DeviceTree([0xD0, 0x0D, 0xFE, 0xED]) }
    #expect(throws: DeviceTreeError.notADeviceTree) { try DeviceTree([1] + bytes) }
    #expect(throws: DeviceTreeError.tooLarge) {
      try DeviceTree([UInt8](repeating: 0, count: DeviceTree.sizeLimit + 1))
    }
    var old = bytes
    old[23] = 1
    old[27] = 1
    #expect(throws: DeviceTreeError.malformed("FDT_ERR_BADVERSION")) { try DeviceTree(old) }
  }

  /// Found by fuzzing: libfdt 1.6.1 followed a null pointer in a tree of version 9.
  @Test func `a tree that does not say how long its nodes are is refused`() throws {
    var old = try whole()
    (old[23], old[27]) = (9, 0)
    #expect(throws: DeviceTreeError.malformed("FDT_ERR_BADVERSION")) { try DeviceTree(old) }
  }

  @Test func `an overlay by itself is refused`() throws {
    let directory = try TemporaryDirectory()
    let overlay = try contents(of: OverlayBoard.npcm750.overlay(in: directory))
    #expect(throws: DeviceTreeError.overlay) { try DeviceTree(overlay) }
  }

  @Test func `a tree cut off anywhere is refused`() throws {
    let bytes = try whole()
    for length in bytes.indices {
      #expect(throws: DeviceTreeError.self, "\(length)") {
        try DeviceTree(Array(bytes[..<length]))
      }
    }
  }

  /// Every path that reads the values is taken, so that a trap or a stray read ends the test run;
  /// The address sanitizer sees the reads that do not, with ASAN_OPTIONS=detect_leaks=0: Foundation's
  /// Process, which runs dtc, leaks.
  @Test func `random corruption is refused or read, and never crashes`() throws {
    let bytes = try whole()
    var random = SplitMix64(seed: 0xD70D_FEED)
    var (refused, read) = (0, 0)
    for _ in 0..<20_000 {
      var broken = bytes
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let at = Int.random(in: broken.indices, using: &random)
        // Cells and offsets break in more ways at their extremes than at random.
        broken[at] = [0, 1, 0x7F, 0x80, 0xFF, .random(in: 0...255, using: &random)]
          .randomElement(using: &random)!
      }
      do {
        let tree = try DeviceTree(broken)
        for peripheral in tree.hostPeripherals {
          #expect(tree.nodes.contains { $0.path == peripheral.path })
          #expect(peripheral.interrupts.allSatisfy { !$0.description.isEmpty })
        }
        read += 1
      } catch {
        #expect(!"\(error)".contains("\n"))
        refused += 1
      }
    }
    #expect(refused > 1000 && read > 1000, "\(random): \(refused) refused, \(read) read")
  }

  private func whole() throws -> [UInt8] {
    try OverlayBoard.npcm750.overlaid()
  }
}
