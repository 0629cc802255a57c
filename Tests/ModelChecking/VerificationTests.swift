import Testing

/// The models have their properties, all of them, and the check is one that can fail.
@Suite(.enabled(if: Spin.isInstalled), .serialized) struct VerificationTests {
  /// How much goes wrong, so that each search takes seconds.
  static let kcs = [
    ["TIMEOUTS=1", "ABORTS=1"], ["TIMEOUTS=0", "ABORTS=0", "FORCED_ABORTS=1", "ATTENTIONS=1"],
  ]

  @Test(arguments: kcs) func `KCS is safe`(disturbances: [String]) throws {
    let output = try Spin("kcs").verify(.safety, disturbances)
    #expect(output.contains("errors: 0"), "\(output)")
    #expect(!output.contains("Search not completed"), "\(output)")
  }

  @Test func `KCS comes to its end`() throws {
    let output = try Spin("kcs").verify(.liveness)
    #expect(output.contains("errors: 0"), "\(output)")
    #expect(!output.contains("Search not completed"), "\(output)")
  }

  @Test func `BT is safe`() throws {
    let output = try Spin("bt").verify(.safety)
    #expect(output.contains("errors: 0"), "\(output)")
    #expect(!output.contains("Search not completed"), "\(output)")
  }

  @Test func `BT comes to its end`() throws {
    let output = try Spin("bt").verify(.liveness)
    #expect(output.contains("errors: 0"), "\(output)")
    #expect(!output.contains("Search not completed"), "\(output)")
  }

  /// A rule that is broken, and what the checker must say of it.
  struct Mutant: Sendable, CustomTestStringConvertible {
    let model: String
    let rule: String
    let finding: String

    init(_ model: String, _ rule: String, _ finding: String) {
      (self.model, self.rule, self.finding) = (model, rule, finding)
    }

    var testDescription: String { "\(model) \(rule)" }

    static let all = [
      Mutant("kcs", "IDR_FIRST", "assertion violated"),
      Mutant("kcs", "NO_IBF_CHECK", "assertion violated"),
      Mutant("kcs", "LATE_ANSWER", "assertion violated"),
      Mutant("kcs", "NO_DUMMY", "invalid end state"),
      Mutant("bt", "NO_BUSY", "assertion violated"),
      Mutant("bt", "NO_READY_CHECK", "assertion violated"),
      Mutant("bt", "ANY_SEQUENCE", "assertion violated"),
      Mutant("bt", "STAYS_BUSY", "invalid end state"),
    ]
  }

  @Test(arguments: Mutant.all) func `a broken rule is found`(mutant: Mutant) throws {
    let output = try Spin(mutant.model).verify(.safety, [mutant.rule])
    #expect(output.contains(mutant.finding), "\(output)")
    #expect(output.contains("errors: 1"), "\(output)")
  }

  @Test(arguments: [("kcs", "NO_DUMMY"), ("bt", "STAYS_BUSY")])
  func `a link that stops is found`(model: String, rule: String) throws {
    let output = try Spin(model).verify(.liveness, [rule])
    #expect(output.contains("acceptance cycle"), "\(output)")
  }
}
