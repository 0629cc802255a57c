import ArgumentParser
import Faults
import Foundation

/// What a command makes go wrong.
struct FaultOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Make this go wrong: 'drop response 3', 'cut after request 5 for 3s'; may be repeated.",
      valueName: "rule"))
  var fault: [String] = []

  @Option(
    help: ArgumentHelp("Make go wrong what this file has, a rule on each line.", valueName: "file"))
  var faults: String?

  @Option(
    help: ArgumentHelp(
      "Make a failure happen that was seen in the world; \"list\" prints them all.",
      valueName: "name|list"))
  var scenario: String?

  @Option(help: ArgumentHelp("What chance decides of the faults.", valueName: "number"))
  var faultSeed: UInt64?

  /// Whether nothing is to go wrong.
  var isEmpty: Bool { fault.isEmpty && faults == nil && scenario == nil }

  func validate() throws {
    guard faultSeed == nil || !isEmpty else {
      throw ValidationError("--fault-seed is for --fault, --faults or --scenario.")
    }
  }

  /// Prints the scenarios, where they are asked for, and ends.
  func listScenarios() throws {
    if scenario == "list" { throw CleanExit.message(FaultScenario.list) }
  }

  /// The scenario's rules, the file's, then the single ones; `nil` where there is none.
  func schedule(for engine: FaultEngineKind) throws -> FaultSchedule? {
    guard !isEmpty else { return nil }
    let text = try faults.map { try Self.read($0) }
    let schedule: FaultSchedule
    do throws(FaultSyntaxError) {
      schedule = try self.schedule(for: engine, fileText: text ?? "")
    } catch {
      throw ValidationError(error.description + ".")
    }
    if let number = schedule.firstRule(foreignTo: engine) {
      let rule = schedule.rules[number - 1]
      let place =
        rule.action.engines.contains(.wire)
        ? "for capture and simulate, on the wire" : "for pair, between registers"
      throw ValidationError("'\(rule)': \(rule.action.verb) is \(place).")
    }
    return schedule
  }

  private func schedule(
    for engine: FaultEngineKind, fileText: String
  ) throws(FaultSyntaxError) -> FaultSchedule {
    let file = try FaultSchedule(fileText, name: faults ?? "")
    var schedule = FaultSchedule([], seed: faultSeed ?? file.seed)
    if let scenario { schedule.rules = try FaultScenario(named: scenario).rules(for: engine) }
    for rule in file.rules { try schedule.append(rule) }
    for text in fault {
      do throws(FaultSyntaxError) {
        try schedule.append(FaultRule(text))
      } catch {
        throw FaultSyntaxError("--fault '\(text)': \(error.description)")
      }
    }
    return schedule
  }

  private static func read(_ path: String) throws -> String {
    do {
      return String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    } catch {
      throw ValidationError("--faults \(path): could not be read: \(error.localizedDescription)")
    }
  }
}

extension FaultSchedule {
  /// The rules with their numbers, and the seed, for whoever wants the same run again.
  var lines: [String] {
    ["fault seed \(seed)"] + rules.enumerated().map { "rule \($0 + 1): \($1)" }
  }

  /// How often each rule's fault has happened.
  func summary(_ counts: [UInt64]) -> [String] {
    let total = counts.reduce(0, +)
    return ["\(total) faults, seed \(seed)"]
      + zip(rules, counts).enumerated().map { "rule \($0 + 1)  \($1.1) x  \($1.0)" }
  }
}
