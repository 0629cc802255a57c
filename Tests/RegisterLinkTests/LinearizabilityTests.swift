import BMCPeripherals
import Foundation
import LinkHammer
import RegisterLinkFile
import Synchronization
import TestSupport
import Testing

/// Both sides of a link, each access at random, as fast as two threads or two processes can: what
/// they get must be what one sequence of the same accesses gives.
@Suite(.serialized) struct LinearizabilityTests {
  @Test func twoThreadsOnKCS() throws { try threads(NPCM7xxHostInterface.self, 600_000) }

  @Test func twoThreadsOnKCSAndBT() throws { try threads(AspeedLPC.self, 100_000) }

  @Test func twoProcessesOnKCS() throws { try processes(NPCM7xxHostInterface.self, 400_000) }

  @Test func twoProcessesOnKCSAndBT() throws { try processes(AspeedLPC.self, 100_000) }

  /// The check finds what is wrong: one byte of one answer changed.
  @Test func aWrongAnswerIsFound() throws {
    var random = SplitMix64(seed: 11)
    let (host, bmc) = try events(NPCM7xxHostInterface.self, 1000, seed: 5)
    for _ in 0..<10 {
      var wrong = host
      var index = Int.random(in: 0..<wrong.count, using: &random)
      while wrong[index].isWrite { index = (index + 1) % wrong.count }
      wrong[index].value ^= 0xF1
      #expect(Hammer<NPCM7xxHostInterface>.linearizable(wrong, bmc) < host.count + bmc.count)
    }
  }

  private func threads<Target: HammerTarget>(_ target: Target.Type, _ accesses: Int) throws {
    let seed = UInt64.random(in: 0...999_999)
    let (host, bmc) = try events(target, accesses, seed: seed)
    expectLinearizable(target, host, bmc, seed: seed)
  }

  private func events<Target: HammerTarget>(
    _ target: Target.Type, _ accesses: Int, seed: UInt64
  ) throws -> (host: [HammerEvent], bmc: [HammerEvent]) {
    let link = try TemporaryLink()
    let (bmcEnd, hostEnd) = (try link.join(.bmc), try link.join(.host))
    defer {
      bmcEnd.leave()
      hostEnd.leave()
    }
    let results = Mutex<[[HammerEvent]]>([[], []])
    DispatchQueue.concurrentPerform(iterations: 2) { side in
      let events =
        side == 0
        ? Hammer<Target>.host(hostEnd, accesses: accesses, seed: seed)
        : Hammer<Target>.bmc(bmcEnd, accesses: accesses, seed: seed + 1)
      results.withLock { $0[side] = events }
    }
    return results.withLock { ($0[0], $0[1]) }
  }

  private func processes<Target: HammerTarget>(_ target: Target.Type, _ accesses: Int) throws {
    let link = try TemporaryLink()
    let seed = UInt64.random(in: 0...999_999)
    let kind = target == AspeedLPC.self ? "aspeed" : "npcm7xx"
    let outputs = try ["host", "bmc"].enumerated().map { number, side in
      let file = link.directory.appending(path: side)
      _ = FileManager.default.createFile(atPath: file.path, contents: nil)
      let process = Process()
      process.executableURL = Self.program
      process.arguments = [link.path, side, kind, "\(accesses)", "\(seed + UInt64(number))"]
      process.standardOutput = try FileHandle(forWritingTo: file)
      try process.run()
      return (process, file)
    }
    let events = try outputs.map { process, file in
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      return unsafe try Data(contentsOf: file).withUnsafeBytes { bytes in
        unsafe Array(bytes.bindMemory(to: HammerEvent.self))
      }
    }
    expectLinearizable(target, events[0], events[1], seed: seed)
  }

  private func expectLinearizable<Target: HammerTarget>(
    _ target: Target.Type, _ host: [HammerEvent], _ bmc: [HammerEvent], seed: UInt64
  ) {
    let found = Hammer<Target>.linearizable(host, bmc)
    #expect(found == host.count + bmc.count, "seed \(seed)")
    #expect(Hammer<Target>.overlaps(host, bmc) > 0, "seed \(seed)")
  }

  /// Built along with the tests, in the same folder.
  private static let program = URL(
    fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
  ).deletingLastPathComponent().appending(path: "link-hammer")
}

/// A link in a directory that ends with this value.
final class TemporaryLink {
  let directory: URL
  var path: String { directory.appending(path: "link").path }

  init() throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "link-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// Joins, or throws why not.
  func join(_ side: MappedLink.Side) throws -> MappedLink {
    var problem = ""
    let link = unsafe MappedLink(path: path, side: side) { problem = unsafe String(cString: $0) }
    guard let link else { throw Refusal(description: problem) }
    return link
  }

  struct Refusal: Error, CustomStringConvertible {
    var description: String
  }
}
