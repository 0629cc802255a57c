import EmulatedPair
import Foundation

/// Debian's `spin` and a C compiler, with a model of this folder.
struct Spin {
  static var isInstalled: Bool { Programs.find("spin") != nil && Programs.find("clang") != nil }

  /// The model's file: `kcs` or `bt`.
  let model: String
  private let directory: TemporaryDirectory

  init(_ model: String) throws {
    self.model = model
    directory = try TemporaryDirectory()
  }

  /// What is looked at beside the assertions, which always are.
  enum Property {
    /// No end but those that the model has.
    case safety
    /// `progress`, under weak fairness.
    case liveness
  }

  /// All of the checker's output; `definitions` choose a mutant, or how much goes wrong.
  func verify(_ property: Property, _ definitions: [String] = []) throws -> String {
    let (compile, check) =
      switch property {
      case .safety: ("-DSAFETY -DNOCLAIM", "")
      case .liveness: ("-DNFAIR=3", "-a -f")
      }
    // -w24: a table for 16 million states, so that none of these searches is slow.
    return try shell(
      "spin -a \(options(definitions)) \(file) && clang -O1 -w -DVECTORSZ=2048 \(compile) -o pan pan.c"
        + " && ./pan \(check) -n -m1000000 -w24", limit: 300)
  }

  /// The accesses of one random run, as the model prints them.
  func simulate(seed: Int, _ definitions: [String]) throws -> [Access] {
    // -T: no indentation. -u: an end, where a model had none.
    let output = try shell(
      "spin -T -n\(seed) -u1000000 \(options(definitions)) \(file)", limit: 60)
    return output.split(separator: "\n").compactMap(Access.init)
  }

  /// One access, the value that was read or written, and what the registers hold after it.
  struct Access {
    let name: String
    let value: UInt8
    let registers: [UInt8]

    init?(_ line: Substring) {
      let words = line.split(separator: " ")
      guard words.first == "@", words.count > 3 else { return nil }
      name = String(words[1])
      let numbers = words[2...].compactMap { UInt8($0) }
      guard numbers.count == words.count - 2 else { return nil }
      value = numbers[0]
      registers = Array(numbers[1...])
    }
  }

  private var file: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Models/\(model).pml").path
  }

  // The toolchain's own preprocessor: Debian's need not be there.
  private func options(_ definitions: [String]) -> String {
    (["-P'clang -E -x c'"] + definitions.map { "-D\($0)" }).joined(separator: " ")
  }

  private func shell(_ command: String, limit: TimeInterval) throws -> String {
    let process = try ChildProcess(
      name: "spin", command: ["sh", "-c", "cd '\(directory.path)' && \(command)"])
    let status = try process.waitForExit(timeout: limit)
    let output = process.lines.joined(separator: "\n")
    guard status == .exited(0) else { throw EmulatorError("\(command): \(status)\n\(output)") }
    return output
  }
}
