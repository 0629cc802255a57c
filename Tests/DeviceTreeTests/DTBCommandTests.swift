import EmulatedPair
import Foundation
import Testing

@Suite struct DTBCommandTests {
  @Test(arguments: OverlayBoard.testable)
  func `dtb prints a line for each interface with what is emulated`(_ board: OverlayBoard) throws {
    let directory = try TemporaryDirectory()
    let lines = try dtb(board.overlaid(in: directory), status: 0)
    #expect(lines.first?.split(separator: " ").first == "INTERFACE")
    #expect(Set(lines.dropFirst().map(condensed)) == Set(expected(board)))
    // The columns are aligned: the last begins at the same place in every line.
    let last = lines.map { $0.distance(from: $0.startIndex, to: $0.lastIndex(of: " ")!) }
    #expect(Set(last).count == 1)
  }

  @Test(.enabled(if: OverlayTests.canTest("npcm750-evb")))
  func `dtb says so where an interface is disabled, and where there is none`() throws {
    let directory = try TemporaryDirectory()
    let disabled = try dtb(OverlayBoard.npcm750.base(in: directory), status: 0)
    #expect(disabled.count == 4)
    #expect(disabled.dropFirst().allSatisfy { $0.contains(" disabled ") })

    let source = directory.appending("empty.dts")
    try Data("/dts-v1/; / { };\n".utf8).write(to: URL(fileURLWithPath: source))
    let empty = directory.appending("empty.dtb")
    let dtc = try ChildProcess(name: "dtc", command: ["dtc", "-O", "dtb", "-o", empty, source])
    #expect(try dtc.waitForExit(timeout: 30) == .exited(0))
    #expect(try dtb(empty, status: 0) == ["\(empty) declares no host interface."])
  }

  @Test(arguments: [
    ("/no/such", "could not read /no/such"), ("/tmp", "could not read /tmp"),
    ("/etc/passwd", "D00DFEEDh"), ("/dev/null", "cut off"), ("/dev/zero", "16 MiB"),
  ])
  func `what cannot be read is named in one line, with status 1`(
    _ file: String, _ reason: String
  ) throws {
    let lines = try dtb(file, status: 1)
    #expect(lines.count == 1)
    #expect(lines.first?.contains(file) == true && lines.first?.contains(reason) == true)
  }

  @Test func `dtb has a page of help and wants one file`() throws {
    #expect(try dtb("--help", status: 0).contains { $0.contains("fdtoverlay") })
    #expect(try dtb(status: 64).contains { $0.contains("<file>") })
  }

  private func expected(_ board: OverlayBoard) -> [String] {
    if board.name == "npcm750-evb" {
      return (1...3).map {
        "NPCM7xx KCS\($0)|okay|F0007000h|SuperIO|SPI 9 high|-|responder=kcs\($0)|"
          + "/ahb/apb/lpc_kcs@7000/kcs\($0)@0"
      } + [
        "NPCM7xx POST codes|okay|F0007040h|80h|SPI 9 high|-|ipmi-host-post-codes|"
          + "/ahb/apb/bpc@7040"
      ]
    }
    let isAST2600 = board.name == "ast2600-evb"
    let lines =
      isAST2600
      ? [138, 139, 140, 141, 143, 144].map { "SPI \($0) high" }
      : Array(
        repeating: "8", count: 6)
    let snoop = isAST2600 ? "80" : "90"
    let interfaces = [
      ("KCS1", "024", "CA0h CA4h", "-", "kcs@24"), ("KCS2", "028", "CA8h CACh", "-", "kcs@28"),
      ("KCS3", "02C", "CA2h CA3h", "11 low", "kcs@2c"),
      ("KCS4", "114", "CB2h CB3h", "-", "kcs@114"), ("iBT", "140", "E4h E5h E6h", "-", "ibt@140"),
      ("POST codes", "0\(snoop)", "80h", "-", "lpc-snoop@\(snoop)"),
    ]
    return zip(interfaces, lines).map { interface, line in
      let (name, register, ports, serial, node) = interface
      let emulated =
        name == "POST codes" ? "ipmi-host-post-codes" : "responder=\(name.lowercased())"
      return "ASPEED \(name)|okay|1E789\(register)h|\(ports)|\(line)|\(serial)|\(emulated)|"
        + "/ahb/apb/lpc@1e789000/\(node)"
    }
  }

  /// The line with its columns, which two spaces or more part, parted by bars.
  private func condensed(_ line: String) -> String {
    line.components(separatedBy: "  ").filter { !$0.isEmpty }
      .map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "|")
  }

  /// The lines that `ipmi-host-bridge dtb` prints.
  func dtb(_ arguments: String..., status: Int32) throws -> [String] {
    let runner =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
    let executable = URL(fileURLWithPath: runner).deletingLastPathComponent()
      .appendingPathComponent("ipmi-host-bridge").path
    let process = try ChildProcess(name: "dtb", command: [executable, "dtb"] + arguments)
    #expect(try process.waitForExit(timeout: 30) == .exited(status))
    return process.lines
  }
}
