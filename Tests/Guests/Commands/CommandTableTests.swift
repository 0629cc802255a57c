import EmulatedPair
import Foundation
import Testing

extension PairTests {
  /// Stock QEMUs on x86 with `ipmi-bmc-extern` and `simulate`, and the programs it is compared with.
  @Suite(.serialized) struct CommandTableTests {
    private static let isThorough =
      ProcessInfo.processInfo.environment["IPMI_HOST_BRIDGE_SCENARIOS"] == "all"
    private static let table = ArticleTable("Commands")

    @Test(arguments: HostInterface.allCases)
    func `Linux binds to each host interface, and every command is answered`(
      _ interface: HostInterface
    ) throws {
      let directory = try TemporaryDirectory()
      let pair = try EmulatedPair(
        try SimulatedSystem.simulate.bmc(in: directory), hostInterface: interface)
      try pair.start()
      let drivers = try pair.run("ls -d /sys/bus/*/drivers/ipmi_s*/*/ipmi").lines
      #expect(drivers.count == 1 && drivers[0].contains("/drivers/\(interface.driver)/"))
      let problems = try Commands.all.compactMap {
        var problem = try pair.problem(with: $0)
        // Who asks QEMU's smbus-ipmi before the BMC has answered gets the answer before, and Linux asks
        // after a fixed time: on a busy machine a command fails, and the same one passes then.
        if problem != nil, interface == .ssif { problem = try pair.problem(with: $0) }
        return problem
      }
      #expect(problems == [])
    }

    @Test func `the demonstration runs with simulate, too`() throws {
      let run = try CommandLineRun(
        ["pair-qemu", "--bmc", "simulate", "--host-interface", HostInterface.pciBT.rawValue],
        timeout: 240)
      #expect(run.status == .exited(0), "\(run.text)")
      #expect(run.lines.last?.hasPrefix("OK: 7 of 7 commands") == true)
      #expect(run.text.contains("Product ID                : 27768 (0x6c78)"))
    }

    /// `make guests-test` writes what came of it into the article.
    @Test(.enabled(if: isThorough, "`make guests-test` compares"))
    func `simulate answers all that any other does`() throws {
      var cells: [SimulatedSystem: [Bool]] = [:]
      var kernel = ""
      for system in SimulatedSystem.allCases {
        let directory = try TemporaryDirectory()
        let pair = try EmulatedPair(try system.bmc(in: directory))
        try pair.start()
        kernel = pair.host?.kernelVersion ?? ""
        cells[system] = try Commands.all.map { command in
          let problem = try pair.problem(with: command)
          if let problem { print("\(system.rawValue): \(problem)") }
          return problem == nil
        }
      }
      let passed = SimulatedSystem.allCases.map { cells[$0]!.count { $0 } }
      try Self.table.write(
        header: ["Command"] + SimulatedSystem.allCases.map(\.rawValue),
        rows: Commands.all.indices.map { index in
          [Self.cell(Commands.all[index].command)]
            + SimulatedSystem.allCases.map { cells[$0]![index] ? "pass" : "fail" }
        },
        note: "Linux \(kernel). Of \(Commands.all.count) commands "
          + zip(SimulatedSystem.allCases, passed).map { "\($0.rawValue) passes \($1)" }
          .joined(separator: ", ") + ".")
      #expect(cells[.simulate]!.allSatisfy { $0 })
      #expect(passed.dropLast().allSatisfy { $0 < passed.last! })
    }

    private static func cell(_ command: String) -> String {
      "`\(command.replacingOccurrences(of: "|", with: "\\|"))`"
    }

    @Test func `the article has a row for each command, and ours passes all`() throws {
      let rows = try Self.table.rows()
      #expect(rows.map { $0[0] } == Commands.all.map { Self.cell($0.command) })
      #expect(rows.allSatisfy { $0.last == "pass" })
    }
  }
}
