/// All that goes wrong on a link: rules, and the seed of what chance decides.
public struct FaultSchedule: Hashable, Sendable {
  /// The most rules.
  public static let limit = 64

  /// At most ``limit`` of them. Each message meets them in this order; the first that takes it away has
  /// it.
  public var rules: [FaultRule]
  public var seed: UInt64

  public init(_ rules: [FaultRule], seed: UInt64 = 1) {
    precondition(rules.count <= Self.limit)
    self.rules = rules
    self.seed = seed
  }

  /// Reads rules, one a line; `#` begins a comment, a line `seed 7` is the seed.
  ///
  /// - Parameter name: Of the file, for errors.
  /// - Throws: File, line and what is wrong there.
  public init(_ text: String, name: String) throws(FaultSyntaxError) {
    rules = []
    seed = 1
    var number = 0
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      number += 1
      let line = line.prefix { $0 != "#" }
      let words = line.split { $0 == " " || $0 == "\t" }
      guard let first = words.first else { continue }
      do throws(FaultSyntaxError) {
        if first == "seed" {
          guard words.count == 2, let seed = UInt64(words[1]) else {
            throw FaultSyntaxError("'seed' and one number are expected, as in 'seed 7'")
          }
          self.seed = seed
        } else {
          try append(FaultRule(String(line)))
        }
      } catch {
        throw FaultSyntaxError("\(name), line \(number): \(error.description)")
      }
    }
  }

  /// Adds a rule behind the others.
  public mutating func append(_ rule: FaultRule) throws(FaultSyntaxError) {
    guard rules.count < Self.limit else {
      throw FaultSyntaxError("too many rules: a schedule has at most \(Self.limit)")
    }
    rules.append(rule)
  }

  /// The text that is read as this schedule.
  public var text: String {
    "seed \(seed)\n" + rules.map { "\($0)\n" }.joined()
  }

  /// The number, from 1, of the first rule that cannot be made to happen there.
  public func firstRule(foreignTo engine: FaultEngineKind) -> Int? {
    rules.firstIndex { !$0.action.engines.contains(engine) }.map { $0 + 1 }
  }
}
