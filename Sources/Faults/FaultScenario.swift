/// A failure that was seen in the world, as a schedule that anyone can run against their driver.
public struct FaultScenario: Sendable {
  /// The name, as the command line takes it.
  public let name: String
  /// What it is, in a line.
  public let summary: String
  /// What happens on the link.
  public let course: String
  /// What a driver does that gets over it.
  public let goodDriver: String
  /// Where it was reported, and when.
  public let source: String
  /// The rules on the VM protocol's wire; `nil` where it cannot carry that.
  let wire: String?
  /// The rules between two processors' registers; `nil` where they cannot have that.
  let registers: String?
  /// Where it can be had that is no schedule; `nil` for nowhere.
  let elsewhere: String?

  init(
    _ name: String, _ summary: String, course: String, goodDriver: String, source: String,
    wire: String? = nil, registers: String? = nil, elsewhere: String? = nil
  ) {
    self.name = name
    self.summary = summary
    self.course = course
    self.goodDriver = goodDriver
    self.source = source
    self.wire = wire
    self.registers = registers
    self.elsewhere = elsewhere
  }

  /// The scenario of that name.
  ///
  /// - Throws: The names there are.
  public init(named name: String) throws(FaultSyntaxError) {
    guard let scenario = Self.all.first(where: { $0.name == name }) else {
      throw FaultSyntaxError(
        "there is no scenario '\(name)': \(Self.all.map(\.name).joined(separator: ", ")) or list is "
          + "expected")
    }
    self = scenario
  }

  /// The rules, where it can be had.
  ///
  /// - Throws: What it is for instead.
  public func rules(for engine: FaultEngineKind) throws(FaultSyntaxError) -> [FaultRule] {
    guard let text = text(for: engine) else {
      throw FaultSyntaxError("the scenario \(name) is not for this command: it is for \(place)")
    }
    return try FaultSchedule(text, name: name).rules
  }

  private func text(for engine: FaultEngineKind) -> String? {
    switch engine {
    case .wire: wire
    case .registers: registers
    }
  }

  /// The commands that have it.
  public var place: String {
    var places: [String] = []
    if wire != nil { places += ["capture", "simulate"] }
    if registers != nil { places.append("pair") }
    if let elsewhere { places.append("\"\(elsewhere)\"") }
    return places.joined(separator: ", ")
  }

  /// All there are, for people.
  public static var list: String { all.map(\.paragraph).joined(separator: "\n") }

  private var paragraph: String {
    func rules(_ text: String?) -> [String] { (text ?? "").split(separator: "\n").map(String.init) }
    let fields = [
      ("for", wrapped(place)), ("what", wrapped(course)), ("wire", rules(wire)),
      ("registers", rules(registers)), ("good driver", wrapped(goodDriver)),
      ("seen", wrapped(source)),
    ]
    var lines = ["\(name): \(summary)"]
    for (title, texts) in fields {
      for (index, text) in texts.enumerated() {
        let start = index == 0 ? title : ""
        lines.append("  \(start)\(String(repeating: " ", count: 13 - start.utf8.count))\(text)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The text in lines of at most 80 characters.
  private func wrapped(_ text: String) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      let line = lines[lines.count - 1]
      if line.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if line.utf8.count + 1 + word.utf8.count <= 80 {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
