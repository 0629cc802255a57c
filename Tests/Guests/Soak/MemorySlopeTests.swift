import EmulatedPair
import Foundation
import TestSupport
import Testing

/// What a soak says of memory, of samples that were made.
struct MemorySlopeTests {
  /// A sample each quarter of a minute.
  private static func samples(_ count: Int, _ size: (Double) -> Double) -> MemorySlope {
    var slope = MemorySlope()
    for index in 0..<count { slope.add(minutes: Double(index) / 4, size: size(Double(index) / 4)) }
    return slope
  }

  /// `/proc/PID/smaps` of this process, as another program reads it.
  private static func ownMappings() throws -> String {
    let cat = try ChildProcess(
      name: "cat", command: ["cat", "/proc/\(ProcessInfo.processInfo.processIdentifier)/smaps"])
    _ = try cat.waitForExit(timeout: 30)
    return cat.lines.joined(separator: "\n")
  }

  @Test func aStraightLineIsFound() throws {
    let line = try #require(Self.samples(40) { 1000 + 30 * $0 }.slope)
    #expect(abs(line.slope - 30) < 1e-6)
    #expect(line.error < 1e-6)
  }

  @Test func aLeakIsSeenAndWhatScattersIsNone() {
    var random = SplitMix64(seed: 0x50AC)
    func noise() -> Double { Double.random(in: -64...64, using: &random) }
    #expect(Self.samples(120) { 1000 + 400 * $0 + noise() }.isGrowing)
    #expect(!Self.samples(120) { 1000 + 40 * $0 + noise() }.isGrowing)
    #expect(!Self.samples(120) { 50_000 - 400 * $0 + noise() }.isGrowing)
  }

  @Test func whatIsUsedForTheFirstTimeIsNoLeak() {
    #expect(!Self.samples(120) { $0 < 8 ? 1000 + 500 * $0 : 5000 }.isGrowing)
  }

  @Test func fewSamplesSayNothing() {
    #expect(Self.samples(0) { _ in 0 }.slope == nil)
    #expect(Self.samples(2) { 1000 * $0 }.slope == nil)
    #expect(!Self.samples(2) { 1000 * $0 }.isGrowing)
    let short = Self.samples(28) { 1000 * $0 }
    #expect(!short.isGrowing && short.text.hasSuffix("too short to tell"))
    #expect(Self.samples(32) { 1000 * $0 }.isGrowing)
  }

  @Test func theGuestsMemoryIsNotCounted() {
    let mappings = """
      00400000-00500000 r-xp 00000000 08:01 1234                       /usr/bin/program
      Size:               1024 kB
      Rss:                 100 kB
      01000000-09000000 rw-p 00000000 00:00 0                          [heap]
      Size:             131072 kB
      Rss:               20000 kB
      7f0000000000-7f0040000000 rw-p 00000000 00:00 0
      Size:            1048576 kB
      Rss:              500000 kB
      7f0048000000-7f0049000000 rwxp 00000000 00:00 0
      Size:              16384 kB
      Rss:                9000 kB
      7f0050000000-7f0054000000 rw-p 00000000 00:00 0
      Size:              65536 kB
      Rss:                  16 kB
      VmFlags: rd wr mr mw me ac sd
      """
    #expect(residentSize(inMappings: mappings) == 20_016)
  }

  /// Of a file that says it is empty, and comes in parts.
  @Test func allMappingsOfAProcessAreRead() throws {
    let mappings = try Self.ownMappings()
    #expect(mappings.count > 1 << 16)
    let whole = residentSize(inMappings: mappings)
    let read = try residentSize(of: ProcessInfo.processInfo.processIdentifier)
    #expect(read > 0.8 * whole && read < 1.25 * whole, "\(read) of \(whole) KiB")
  }

  @Test(arguments: [("90", 90.0), ("90s", 90), ("2m", 120), ("1.5h", 5400)])
  func timesHaveUnits(_ text: String, _ seconds: Double) {
    #expect(Soak.seconds(text) == seconds)
  }

  @Test(arguments: ["", "m", "-1", "0", "3d", "1 h", "nan", "inf"])
  func otherTimesAreNone(_ text: String) {
    #expect(Soak.seconds(text) == nil)
  }
}
