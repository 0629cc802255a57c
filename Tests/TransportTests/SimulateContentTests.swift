import EmulatedPair
import Foundation
import IPMI
import Testing
import Transport

/// `simulate` with content from files, and with state that outlives it: the program, as it is run.
@Suite struct SimulateContentTests {
  /// A BMC that runs, and a client of its.
  private struct Running {
    let process: ChildProcess
    let client: WireClient

    init(_ directory: TemporaryDirectory, _ options: [String]) throws {
      let path = directory.appending("bmc.sock")
      process = try SimulateProcess.start(["--listen", "unix:\(path)"] + options)
      client = try WireClient(.unix(path: path))
    }

    func ask(_ command: Command, _ data: [UInt8] = []) throws -> [UInt8] {
      client.send(request(command, data, id: 9))
      let response = try client.response(to: 9).0
      return (2..<response.count).map { response.bytes[$0] }
    }

    /// Every SEL record, without its ID and its time.
    func log() throws -> [[UInt8]] {
      var records: [[UInt8]] = []
      var next: [UInt8] = [0, 0]
      repeat {
        let entry = try ask(.getSELEntry, [0, 0] + next + [0, 0xFF])
        guard entry[0] == 0 else { break }
        next = Array(entry[1...2])
        records.append([entry[5]] + Array(entry[10...]))
      } while next != [0xFF, 0xFF]
      return records
    }
  }

  private static let example = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("../ControllerContentTests/example.yaml")
    .standardizedFileURL.path

  /// An OEM record, whose bytes are all its own.
  private static let event: [UInt8] = [0, 0, 0xE0] + Array("kept by file.".utf8)

  // MARK: Content

  @Test func `a BMC has what its description says, and options come before it`() throws {
    let directory = try TemporaryDirectory()
    let bmc = try Running(directory, ["--config", Self.example, "--product", "4660"])
    let identity = try bmc.ask(.getDeviceID)
    #expect(identity[1...4] == [0x20, 0x01, 0x01, 0x05])
    #expect(identity[7...11] == [0xF2, 0x1B, 0x00, 0x34, 0x12])
    #expect(try bmc.ask(.getDeviceGUID)[1...3] == [0xB4, 0xA9, 0xF0])
    // CPU Temp, 41 degrees; the host's power is on; the log, then what has happened since.
    #expect(try bmc.ask(.getSensorReading, [1])[1] == 41)
    #expect(try bmc.ask(.getSensorReading, [13])[3] == 0x01)
    #expect(try bmc.log().map { $0[5] } == [13, 1, 13])
    #expect(try bmc.ask(.readFRUData, [1, 0, 0, 8])[0] == 0)
  }

  @Test func `QEMU's files take the place of what a description says`() throws {
    let directory = try TemporaryDirectory()
    let (sdr, fru) = (directory.appending("sdr"), directory.appending("fru"))
    try Data([0, 0, 0x51, 0xC0, 0x03, 1, 2, 3]).write(to: URL(fileURLWithPath: sdr))
    try Data((0..<100).map { UInt8($0) }).write(to: URL(fileURLWithPath: fru))
    for options in [["--config", Self.example], []] {
      let bmc = try Running(
        directory, options + ["--sdr", sdr, "--fru", fru, "--fru-area-size", "64"])
      #expect(try bmc.ask(.getSDRRepositoryInfo)[2...3] == [1, 0])
      #expect(try bmc.ask(.getSDR, [0, 0, 0, 0, 0, 0xFF])[6...] == [0xC0, 3, 1, 2, 3])
      #expect(try bmc.ask(.readFRUData, [1, 35, 0, 1]) == [0, 1, 99])
      #expect(try bmc.ask(.getFRUInventoryAreaInfo, [2])[0] != 0)
      #expect(try bmc.process.end(by: SIGTERM) == .exited(0))
    }
  }

  @Test(arguments: [
    (["--config", "/no/such"], "/no/such: could not be read"),
    (["--sdr", "/dev/zero"], "/dev/zero: more than"), (["--config", "/bin/true"], "UTF-8"),
    (["--state", "/proc/self/stat"], "not a saved state"),
    (["--state", "/proc/no/such"], "could not be written"),
  ])
  func `content that makes no sense is named in one line, with status 1`(
    _ options: [String], _ expected: String
  ) throws {
    let directory = try TemporaryDirectory()
    let path = directory.appending("bmc.sock")
    let run = try SimulateProcess.run(["--listen", "unix:\(path)"] + options)
    #expect(run.status == .exited(1))
    #expect(run.lines.count == 1 && run.lines.first?.contains(expected) == true, "\(run.lines)")
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  // MARK: State

  @Test(arguments: [SIGINT, SIGTERM])
  func `what was changed is there again after a clean end`(_ signal: CInt) throws {
    let directory = try TemporaryDirectory()
    let state = directory.appending("state")
    let options = ["--config", Self.example, "--state", state]
    var expected: [[UInt8]] = []
    for round in 0..<3 {
      let bmc = try Running(directory, options)
      if round > 0 {
        #expect(try bmc.log() == expected)
        #expect(try bmc.ask(.readFRUData, [0, 0xFF, 3, 1]) == [0, 1, UInt8(round)])
      }
      #expect(try bmc.ask(.addSELEntry, Self.event)[0] == 0)
      #expect(try bmc.ask(.writeFRUData, [0, 0xFF, 3, UInt8(round + 1)]) == [0, 1])
      // Right after the last answer.
      expected = try bmc.log()
      #expect(try bmc.process.end(by: signal) == .exited(0))
      let size = try FileManager.default.attributesOfItem(atPath: state)[.size] as? Int
      #expect(size ?? 0 > 1000)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["state"])
      // The host, whose power was on, comes up with the next one.
      let power = expected[2]
      expected.append(power)
    }
  }

  @Test func `a change is saved soon, and without a change nothing is written`() throws {
    let directory = try TemporaryDirectory()
    let (state, other) = (directory.appending("state"), directory.appending("other"))
    let idle = directory.appending("idle.sock")
    // A second link, on which nobody is: when its neighbour is saved, it was looked at.
    let bmc = try Running(
      directory,
      ["--state", state, "--listen", "unix:\(idle)", "--state", other, "--log-level", "info"])
    let before = try file(other)
    var cursor = 0
    for policy: UInt8 in 1...2 {
      #expect(try bmc.ask(.addSELEntry, Self.event)[0] == 0)
      #expect(try bmc.ask(.setPowerRestorePolicy, [policy])[0] == 0)
      try bmc.process.wait(for: "a save", from: &cursor, timeout: 20) {
        $0.hasSuffix("/state: saved")
      }
    }
    #expect(!bmc.process.lines.contains { $0.hasSuffix("/other: saved") })
    #expect(try file(other) == before)
    bmc.process.kill()

    let next = try Running(directory, ["--state", state])
    #expect(try next.log().contains { $0.suffix(6) == Self.event.suffix(6) })
    #expect(try next.ask(.getChassisStatus)[1] & 0b0110_0000 != 0)
    #expect(try next.process.end(by: SIGTERM) == .exited(0))
  }

  @Test func `each link has a file of its own`() throws {
    let directory = try TemporaryDirectory()
    let (one, two) = (directory.appending("1"), directory.appending("2"))
    for round in UInt8(0)...1 {
      let process = try SimulateProcess.start(
        [one, two].flatMap { ["--listen", "unix:\($0).sock", "--state", "\($0).state"] })
      for (policy, path) in [(UInt8(1), one), (2, two)] {
        let client = try WireClient(.unix(path: "\(path).sock"))
        client.send(request(.getChassisStatus, id: 1))
        #expect(try client.response(to: 1).0.data(0) == round * policy << 5 | 1)
        client.send(request(.setPowerRestorePolicy, [policy], id: 2))
        _ = try client.response(to: 2)
      }
      #expect(try process.end(by: SIGTERM) == .exited(0))
    }
  }

  @Test func `a cold reset keeps what a file keeps, and forgets the rest`() throws {
    let directory = try TemporaryDirectory()
    let bmc = try Running(directory, ["--state", directory.appending("state")])
    #expect(try bmc.ask(.addSELEntry, Self.event)[0] == 0)
    #expect(try bmc.ask(.setBMCGlobalEnables, [0x0F])[0] == 0)
    #expect(try bmc.ask(.setPowerRestorePolicy, [2])[0] == 0)
    let log = try bmc.log()
    #expect(try bmc.ask(.coldReset) == [0])
    #expect(try bmc.log() == log)
    #expect(try bmc.ask(.getBMCGlobalEnables) == [0, 0x08])
    #expect(try bmc.ask(.getChassisStatus)[1] == 0b0100_0001)
  }

  @Test func `a state that cannot be written any more is an error at the end, and stops nothing`()
    throws
  {
    let directory = try TemporaryDirectory()
    let folder = directory.appending("folder")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    let bmc = try Running(directory, ["--state", folder + "/state"])
    try FileManager.default.removeItem(atPath: folder)
    #expect(try bmc.ask(.addSELEntry, Self.event)[0] == 0)
    var cursor = 0
    try bmc.process.wait(for: "the error", from: &cursor, timeout: 20) {
      $0.contains("/state: could not be written")
    }
    #expect(try bmc.ask(.getSELInfo)[0] == 0)
    #expect(try bmc.process.end(by: SIGTERM) == .exited(1))
  }

  @Test func `a state is this user's alone, and nothing else is left`() throws {
    let directory = try TemporaryDirectory()
    let state = directory.appending("state")
    // As one leaves it that is killed while it writes.
    try Data("half".utf8).write(to: URL(fileURLWithPath: state + ".new"))
    let bmc = try Running(directory, ["--state", state])
    #expect(try bmc.process.end(by: SIGTERM) == .exited(0))
    let attributes = try FileManager.default.attributesOfItem(atPath: state)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(!FileManager.default.fileExists(atPath: state + ".new"))
  }

  /// Which file is there: each time it is written it is another one.
  private func file(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
  }
}
