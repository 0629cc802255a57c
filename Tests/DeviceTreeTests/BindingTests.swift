import EmulatedPair
import Testing

/// The overlays against the kernel's bindings, by `dt-validate`.
///
/// The kernel's own device trees have findings, too: what counts is what an overlay adds.
@Suite(
  .enabled(
    if: OverlayBoard.bindings != nil,
    "IPMI_HOST_BRIDGE_BINDINGS must be the folder that kernel-bindings makes"))
struct BindingTests {
  @Test(arguments: OverlayBoard.testable)
  func `an overlay adds no finding to those of the board's device tree`(
    _ board: OverlayBoard
  ) throws {
    for finding in try added(by: board) { Issue.record("\(finding)") }
  }

  /// A mistake that could be made in an overlay, and the node that it is found in.
  struct Mistake: Sendable {
    var correct: String
    var wrong: String
    var node: String
  }

  @Test(arguments: [
    (
      "palmetto-bmc",
      [
        Mistake(correct: "<0x24 0x1>, <0x30 0x1>", wrong: "<0x24 0x1>", node: "kcs@24"),
        Mistake(correct: "<0xca8>", wrong: "<0xca8 0xca9 0xcaa>", node: "kcs@28"),
        Mistake(correct: "<11 8>", wrong: "<11>", node: "kcs@2c"),
        Mistake(
          correct: "<0x11c 0x1>;\n\t\tinterrupts = <8>;", wrong: "<0x11c 0x1>;", node: "kcs@114"),
        Mistake(correct: "snoop-ports", wrong: "snoop-port", node: "lpc-snoop@90"),
      ]
    ),
    ("npcm750-evb", [Mistake(correct: "nuvoton,mon", wrong: "novoton,mon", node: "bpc@7040")]),
  ])
  func `a mistake in an overlay is found`(_ board: String, _ mistakes: [Mistake]) throws {
    let board = try #require(OverlayBoard.testable.first { $0.name == board })
    let findings = try added(by: board) { source in
      mistakes.reduce(source) { $0.replacing($1.correct, with: $1.wrong) }
    }
    for mistake in mistakes {
      #expect(findings.contains { $0.contains("\(mistake.node): ") }, "\(mistake): \(findings)")
    }
  }

  /// What `dt-validate` finds with the board's overlay and not without.
  private func added(
    by board: OverlayBoard, changing change: (String) -> String = { $0 }
  ) throws -> [String] {
    let directory = try TemporaryDirectory()
    let before = try findings(in: board.base(in: directory))
    let after = try findings(in: board.overlaid(in: directory, changing: change))
    return after.subtracting(before).sorted()
  }

  /// Each finding: its node, what is wrong, and the schema that says so.
  private func findings(in file: String) throws -> Set<String> {
    let schema = "\(OverlayBoard.bindings ?? "")/bindings.json"
    let process = try ChildProcess(
      name: "dt-validate", command: ["dt-validate", "--schema", schema, file])
    let status = try process.waitForExit(timeout: 60)
    var findings: Set<String> = []
    var finding = ""
    for line in process.lines {
      if line.hasPrefix("\(file): ") {
        // A node that is refused is printed whole, and an overlay changes what is in it.
        finding = String(line.dropFirst(file.count + 2)).replacing(/\{.*\}/, with: "{…}")
      } else if let match = line.firstMatch(of: /^\s+From schema: .*\/(.*)/) {
        findings.insert("\(finding) (\(match.1))")
        finding = ""
      } else {
        // Alternatives, of which none fits.
        finding += " " + line.drop { $0.isWhitespace }
      }
    }
    // What it says of itself, if it fails, ends with no schema.
    #expect(status == .exited(0) && finding.isEmpty, "dt-validate: \(finding)")
    return findings
  }
}
